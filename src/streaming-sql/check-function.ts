import { checkExpression, type Environment } from './check-expression.ts';
import type { Checker } from './checker.ts';
import type { Expression } from './plan.ts';
import { boolean, familyOf, nullType, printType, type SqlType } from './sql-type.ts';
import type { CallSyntax, CreateFunction } from './syntax.ts';

/** Calls of user-defined functions that one application may expand to: functions that call functions multiply. */
const MAX_EXPANSIONS = 1000;

/**
 * Checks a function by itself, so that an error shows where it is written, and makes it known to the statements that
 * follow. @throws StreamingSqlError when its body does not fit
 */
export function defineFunction(definition: CreateFunction, checker: Checker): void {
  const { name, parameters } = definition;
  const same = checker.functions.some(
    (known) =>
      known.name.value === name.value &&
      known.parameters.length === parameters.length &&
      known.parameters.every(({ type }, index) => sameKind(type, parameters[index]!.type)),
  );
  if (same) checker.fail(name.start, `Function "${name.value}" is declared twice with these parameters`);
  const twice = parameters.find((each, index) => nameIndex(parameters, each.name.value) !== index);
  if (twice !== undefined)
    checker.fail(twice.name.start, `Parameter "${twice.name.value}" is declared twice, choose another name`);
  const given = parameters.map(({ type }, index): Expression => ({ kind: 'column', index, type }));
  expand(definition, given, checker);
  checker.functions.push(definition);
}

/**
 * A call of a user-defined function as the expression it stands for; undefined where no function has the name.
 * SQL reference, "CREATE FUNCTION": arguments have the very types of the parameters, nothing is cast.
 */
export function checkUserFunction(node: CallSyntax, env: Environment): Expression | undefined {
  const { checker } = env;
  const named = checker.functions.filter(({ name }) => name.value === node.name);
  if (named.length === 0) return undefined;
  const given = node.arguments.map((argument) => checkExpression(argument, env));
  const fitting = named.find(
    ({ parameters }) =>
      parameters.length === given.length &&
      parameters.every(({ type }, index) => fits(given[index]!.type, type)),
  );
  if (fitting !== undefined) return expand(fitting, given, checker, node.start);
  const wanted = named.map(signatureOf).join(' or ');
  const found = given.map(({ type }) => printType(type)).join(', ');
  return checker.fail(node.start, `Function ${wanted} is called with (${found}), write CAST(… AS …)`);
}

function expand(
  { name, parameters, returns, nullOnNull, body }: CreateFunction,
  given: readonly Expression[],
  checker: Checker,
  start = name.start,
): Expression {
  if (++checker.expansions > MAX_EXPANSIONS)
    checker.fail(start, `Functions expand to more than ${MAX_EXPANSIONS} calls, write some of them out`);
  const env: Environment = {
    checker,
    scope: { relations: [] },
    intercept: (node) => {
      const [part, more] = node.kind === 'name' ? node.parts : [];
      const index = part === undefined || more !== undefined ? -1 : nameIndex(parameters, part.value);
      return index < 0 ? undefined : given[index];
    },
  };
  const result = checkExpression(body, env);
  if (!fits(result.type, returns)) {
    checker.fail(
      body.start,
      `Function "${name.value}" returns ${printType(returns)} but its body is ${printType(result.type)}, write CAST(… AS ${printType(returns)})`,
    );
  }
  const typed: Expression = { kind: 'cast', operand: result, type: returns };
  return nullOnNull && given.length > 0 ? unlessNull(given, typed) : typed;
}

function unlessNull(given: readonly Expression[], result: Expression): Expression {
  const missing: Expression = { kind: 'literal', value: null, type: nullType };
  return {
    kind: 'case',
    branches: given.map((argument) => ({
      when: { kind: 'call', function: 'IS_NULL', arguments: [argument], type: boolean },
      result: missing,
    })),
    otherwise: result,
    type: result.type,
  };
}

function nameIndex(parameters: CreateFunction['parameters'], name: string): number {
  return parameters.findIndex((parameter) => parameter.name.value === name);
}

/** NULL has every type. */
function fits(given: SqlType, wanted: SqlType): boolean {
  return given.name === 'NULL' || sameKind(given, wanted);
}

/** The same type but for lengths, precision and the padding of text. */
function sameKind(left: SqlType, right: SqlType): boolean {
  const text = familyOf(left) === 'character' || familyOf(left) === 'binary';
  return left.name === right.name || (text && familyOf(left) === familyOf(right));
}

function signatureOf({ name, parameters }: CreateFunction): string {
  return `${name.value}(${parameters.map(({ type }) => printType(type)).join(', ')})`;
}
