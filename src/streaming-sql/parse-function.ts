import type { TokenStream } from '../sql/index.ts';
import { parseExpression } from './parse-expression.ts';
import { parseIdentifier } from './parse-name.ts';
import { parseType } from './parse-type.ts';
import type { CreateFunction, FunctionParameter } from './syntax.ts';

/**
 * FUNCTION name ( [ parameter type, … ] ) RETURNS type Characteristic* RETURN Expression
 * Characteristic : LANGUAGE SQL | SPECIFIC name | [ NOT ] DETERMINISTIC | CONTAINS SQL | READS SQL DATA
 *                | RETURNS NULL ON NULL INPUT | CALLED ON NULL INPUT
 * SQL reference, "CREATE FUNCTION": functions are defined in SQL only, the body is one RETURN.
 */
export function parseCreateFunction(tokens: TokenStream, start: number): CreateFunction {
  const name = parseIdentifier(tokens, 'a function name');
  tokens.expectOperator('(');
  const parameters = tokens.atOperator(')') ? [] : tokens.delimited(',', () => parseParameter(tokens));
  tokens.expectOperator(')');
  tokens.expectKeyword('RETURNS');
  const returns = parseType(tokens);
  const nullOnNull = parseCharacteristics(tokens);
  tokens.expectKeyword('RETURN');
  return {
    kind: 'createFunction',
    start,
    name,
    parameters,
    returns,
    nullOnNull,
    body: parseExpression(tokens),
  };
}

function parseParameter(tokens: TokenStream): FunctionParameter {
  return { name: parseIdentifier(tokens, 'a parameter name'), type: parseType(tokens) };
}

/** Answers whether the function gives NULL for a NULL argument; what only helps an optimiser says nothing. */
function parseCharacteristics(tokens: TokenStream): boolean {
  let nullOnNull = false;
  for (;;) {
    const token = tokens.peek();
    if (tokens.acceptKeyword('LANGUAGE')) {
      if (!tokens.acceptKeyword('SQL'))
        tokens.fail(token.start, 'Functions are written in SQL only, write LANGUAGE SQL');
    } else if (tokens.acceptKeyword('SPECIFIC')) parseIdentifier(tokens, 'a specific name');
    else if (tokens.acceptKeyword('RETURNS', 'NULL', 'ON', 'NULL', 'INPUT')) nullOnNull = true;
    else if (tokens.acceptKeyword('CALLED', 'ON', 'NULL', 'INPUT')) nullOnNull = false;
    else if (tokens.acceptKeyword('MODIFIES', 'SQL', 'DATA'))
      tokens.fail(token.start, 'A function of one expression modifies nothing, remove MODIFIES SQL DATA');
    else if (!hints.some((words) => tokens.acceptKeyword(...words))) return nullOnNull;
  }
}

const hints: readonly (readonly string[])[] = [
  ['NOT', 'DETERMINISTIC'],
  ['DETERMINISTIC'],
  ['CONTAINS', 'SQL'],
  ['READS', 'SQL', 'DATA'],
];
