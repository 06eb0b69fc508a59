import { Source } from '../sql/index.ts';
import { checkExpression } from './check-statement.ts';
import { compileExpression, type Scope } from './compile-expression.ts';
import type { AssignVariables } from './compile-variables.ts';
import { toText } from './conversion.ts';
import { type Evaluate, Frame } from './frame.ts';
import { isExternalCall } from './functions/external.ts';
import { IotSqlError } from './iot-sql-error.ts';
import { type MessageInput, RuleMessage } from './message.ts';
import { parseExpression } from './parser.ts';
import { someOfExpression } from './walk.ts';

/** A compiled text with `${…}` parts. */
export interface CompiledTemplate {
  /** The text as written. */
  readonly text: string;
  /** There is no `${…}` in it. */
  readonly isConstant: boolean;
  /** A part calls a function that reaches another service. */
  readonly isExternal: boolean;
  /**
   * The text for a message, each part evaluated against the original payload and converted to String. What has no text,
   * Undefined and Null, leaves nothing.
   */
  evaluate(message: MessageInput | RuleMessage): string;
  /** The parts that are Undefined or Null for a message, as written; a target with such a part is rarely meant. */
  missingParts(message: MessageInput | RuleMessage): readonly string[];
}

interface TemplatePart {
  readonly source: string;
  readonly isExternal: boolean;
  readonly evaluate: Evaluate;
}

/** Compiles a template in the scope of a rule. @throws IotSqlError */
export function compileTemplateWith(source: Source, scope: Scope, assign: AssignVariables): CompiledTemplate {
  const parts = splitTemplate(source).map((piece) =>
    typeof piece === 'string' ? piece : compilePart(piece, source, scope),
  );
  const frameFor = (input: MessageInput | RuleMessage): Frame => {
    const message = input instanceof RuleMessage ? input : new RuleMessage(input);
    const current = scope.version === '2016-03-23' ? message.json : message.jsonWithDecimals;
    return assign(new Frame(message, current, undefined, []));
  };
  const expressions = parts.filter((part) => typeof part !== 'string');
  return {
    text: source.text,
    isConstant: expressions.length === 0,
    isExternal: expressions.some((part) => part.isExternal),
    evaluate(input) {
      if (expressions.length === 0) return parts.join('');
      const frame = frameFor(input);
      return parts
        .map((part) => (typeof part === 'string' ? part : (toText(part.evaluate(frame)) ?? '')))
        .join('');
    },
    missingParts(input) {
      const frame = frameFor(input);
      return expressions
        .filter((part) => toText(part.evaluate(frame)) === undefined)
        .map((part) => part.source);
    },
  };
}

interface Expression {
  readonly start: number;
  readonly end: number;
}

/** Template : ( Text | "${" Expression "}" )*; braces and quotes inside the expression are balanced */
function splitTemplate(source: Source): (string | Expression)[] {
  const { text } = source;
  const pieces: (string | Expression)[] = [];
  let at = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
    const close = findClosingBrace(text, open + 2);
    if (close === undefined) throw new IotSqlError(source, open, 'Substitution opened by "${" is not closed');
    if (open > at) pieces.push(text.slice(at, open));
    pieces.push({ start: open + 2, end: close });
    at = close + 1;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

function findClosingBrace(text: string, from: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if (character === '{') {
      depth++;
    } else if (character === '}') {
      if (depth === 0) return at;
      depth--;
    }
  }
  return undefined;
}

function compilePart({ start, end }: Expression, source: Source, scope: Scope): TemplatePart {
  const part = new Source(source.text.slice(start, end), source.name);
  try {
    const node = parseExpression(part);
    checkExpression(node, {
      source: part,
      version: scope.version,
      external: scope.external,
      variables: scope.variables,
    });
    return {
      source: part.text,
      isExternal: someOfExpression(node, isExternalCall),
      evaluate: compileExpression(node, scope),
    };
  } catch (error) {
    if (error instanceof IotSqlError) throw new IotSqlError(source, start + error.offset, error.reason);
    throw error;
  }
}
