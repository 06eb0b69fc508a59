import { checkCall } from './check-call.ts';
import { checkPeriodTest } from './check-period.ts';
import { checkTest } from './check-predicate.ts';
import type { Checker } from './checker.ts';
import { arithmeticType } from './function-signatures.ts';
import type { Expression } from './plan.ts';
import { resolveName, type Scope } from './scope.ts';
import {
  bigint,
  boolean,
  commonType,
  double,
  familyOf,
  nullType,
  printType,
  type SqlType,
  type TypeFamily,
  varchar,
} from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';
import { parseTimestampText, parseTimeText } from './timestamp-text.ts';

/** Where names are looked up, and who answers first: grouping and windows replace whole sub-expressions by columns. */
export interface Environment {
  readonly checker: Checker;
  readonly scope: Scope;
  /** Answers for a node before the general rules do; undefined lets them. */
  readonly intercept?: (node: SyntaxExpression) => Expression | undefined;
  /** Remembers what has been checked, where the same nodes are looked at again and again. */
  readonly checked?: WeakMap<SyntaxExpression, Expression>;
}

/** Resolves names and types. @throws StreamingSqlError with the place of the first thing that does not fit */
export function checkExpression(node: SyntaxExpression, env: Environment): Expression {
  const known = env.checked?.get(node);
  if (known !== undefined) return known;
  const checked = env.intercept?.(node) ?? checkNode(node, env);
  env.checked?.set(node, checked);
  return checked;
}

function checkNode(node: SyntaxExpression, env: Environment): Expression {
  const { checker } = env;
  switch (node.kind) {
    case 'number':
      return numberLiteral(node, checker);
    case 'string':
      return {
        kind: 'literal',
        value: node.value,
        type: { name: 'CHAR', length: Math.max(1, node.value.length) },
      };
    case 'bytes':
      return {
        kind: 'literal',
        value: node.value,
        type: { name: 'BINARY', length: Math.max(1, node.value.length) },
      };
    case 'boolean':
      return { kind: 'literal', value: node.value, type: boolean };
    case 'null':
      return { kind: 'literal', value: null, type: nullType };
    case 'datetime':
      return datetimeLiteral(node, checker);
    case 'interval':
      if (node.millis !== null) return { kind: 'literal', value: node.millis, type: node.type };
      return checker.fail(
        node.start,
        `INTERVAL in ${node.unit} is not possible, the dialect has day-time intervals only, write it in DAY`,
      );
    case 'name':
      return resolveName(checker, env.scope, node.parts);
    case 'not':
      return call('NOT', [checkPredicate(node.operand, env)], boolean);
    case 'negate':
      return checkNegate(node, env);
    case 'binary':
      return checkBinary(node, env);
    case 'intervalOf':
      return checkIntervalOf(node, env);
    case 'cast':
      return checkCast(node, env);
    case 'case':
      return checkCase(node, env);
    case 'call':
      return checkCall(node, env);
    case 'period':
      return checker.fail(
        node.start,
        'A pair of values only stands in a period predicate, write PERIOD("a", "b") OVERLAPS PERIOD("c", "d")',
      );
    case 'periodTest':
      return checkPeriodTest(node, env);
    default:
      return checkTest(node, env);
  }
}

export function call(name: string, values: readonly Expression[], type: SqlType): Expression {
  return { kind: 'call', function: name, arguments: values, type };
}

/** A condition. @throws StreamingSqlError when the expression is no BOOLEAN */
export function checkPredicate(node: SyntaxExpression, env: Environment): Expression {
  const condition = checkExpression(node, env);
  if (!['BOOLEAN', 'NULL'].includes(condition.type.name)) {
    env.checker.fail(
      node.start,
      `Expected a condition, found a value of type ${printType(condition.type)}, compare it with something`,
    );
  }
  return condition;
}

/** Digits of a DECIMAL that the engine keeps exactly. */
const EXACT_DIGITS = 15;

function numberLiteral({ start, text }: SyntaxExpression & { kind: 'number' }, checker: Checker): Expression {
  const value = Number(text);
  if (!Number.isFinite(value)) checker.fail(start, `Number ${text} is greater than a DOUBLE can hold`);
  if (/[eE]/.test(text)) return { kind: 'literal', value, type: double };
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction === '' && !Number.isSafeInteger(value))
    checker.fail(
      start,
      `Number ${text} is greater than 9007199254740991, write it with an exponent as a DOUBLE`,
    );
  if (fraction !== '' && (whole + fraction).replace(/^0+/, '').length > EXACT_DIGITS)
    checker.warn(start, `Number ${text} has more than ${EXACT_DIGITS} digits, the rest is rounded`);
  if (fraction !== '') {
    const precision = Math.min(18, whole.replace(/^0+/, '').length + fraction.length);
    return {
      kind: 'literal',
      value,
      type: { name: 'DECIMAL', precision: Math.max(1, precision), scale: Math.min(18, fraction.length) },
    };
  }
  return { kind: 'literal', value, type: Math.abs(value) <= 2_147_483_647 ? { name: 'INTEGER' } : bigint };
}

function datetimeLiteral(node: SyntaxExpression & { kind: 'datetime' }, checker: Checker): Expression {
  const millis = node.type === 'TIME' ? parseTimeText(node.text) : parseTimestampText(node.text);
  if (Number.isNaN(millis)) {
    const example = { TIME: '18:35:44', DATE: '1992-02-14', TIMESTAMP: '1992-02-14 18:35:44' }[node.type];
    checker.fail(node.start, `Text '${node.text}' is no ${node.type}, write ${node.type} '${example}'`);
  }
  return { kind: 'literal', value: millis, type: { name: node.type } };
}

function checkNegate(node: SyntaxExpression & { kind: 'negate' }, env: Environment): Expression {
  const operand = checkExpression(node.operand, env);
  if (!['numeric', 'interval', 'null'].includes(familyOf(operand.type))) {
    env.checker.fail(node.start, `Minus needs a number, found ${printType(operand.type)}`);
  }
  if (operand.kind === 'literal' && typeof operand.value === 'number')
    return { ...operand, value: -operand.value };
  return call('NEGATE', [operand], operand.type);
}

function checkBinary(node: SyntaxExpression & { kind: 'binary' }, env: Environment): Expression {
  const { operator } = node;
  if (operator === 'AND' || operator === 'OR') {
    return call(operator, [checkPredicate(node.left, env), checkPredicate(node.right, env)], boolean);
  }
  const left = checkExpression(node.left, env);
  const right = checkExpression(node.right, env);
  if (['=', '<>', '<', '<=', '>', '>='].includes(operator)) {
    if ([left, right].some((side) => side.kind === 'literal' && side.value === null))
      env.checker.warn(node.start, `Comparison ${operator} NULL is never true, write IS NULL or IS NOT NULL`);
    return compare(operator, left, right, node.start, env.checker);
  }
  const type =
    operator === '||' ? concatenationType(left, right) : arithmeticType(operator, left.type, right.type);
  if (type === undefined) failOperands(operator, left, right, node.start, env.checker);
  return call(operator, [left, right], type);
}

/** A comparison whose sides share a type. */
export function compare(
  operator: string,
  left: Expression,
  right: Expression,
  start: number,
  checker: Checker,
): Expression {
  if (commonType(left.type, right.type) === undefined) failOperands(operator, left, right, start, checker);
  return call(operator, [left, right], boolean);
}

function failOperands(
  operator: string,
  left: Expression,
  right: Expression,
  start: number,
  checker: Checker,
): never {
  const families = [familyOf(left.type), familyOf(right.type)];
  const moves =
    ['+', '-'].includes(operator) && families.includes('datetime') && families.includes('numeric');
  const advice = moves ? "write INTERVAL '1' SECOND for a span of time" : 'write CAST(… AS …) on one side';
  return checker.fail(
    start,
    `Operator ${operator} does not take ${printType(left.type)} and ${printType(right.type)}, ${advice}`,
  );
}

function concatenationType(left: Expression, right: Expression): SqlType | undefined {
  const fits = [left, right].every(({ type }) => ['character', 'null'].includes(familyOf(type)));
  return fits ? varchar(Math.min(65_534, (left.type.length ?? 1) + (right.type.length ?? 1))) : undefined;
}

/** `(a - b) SECOND`: the difference of two times as an interval (SQL reference, "Date, Timestamp, and Interval Operators"). */
function checkIntervalOf(node: SyntaxExpression & { kind: 'intervalOf' }, env: Environment): Expression {
  const operand = checkExpression(node.operand, env);
  if (familyOf(operand.type) !== 'interval') {
    env.checker.fail(
      node.start,
      `${node.unit} after ")" needs the difference of two times, found ${printType(operand.type)}`,
    );
  }
  return { ...operand, type: node.type };
}

function checkCast(node: SyntaxExpression & { kind: 'cast' }, env: Environment): Expression {
  const operand = checkExpression(node.operand, env);
  checkConversion(node, operand.type, env);
  return { kind: 'cast', operand, type: node.type };
}

/** SQL reference, "CAST", Valid Conversions. */
function checkConversion(
  node: SyntaxExpression & { kind: 'cast' },
  given: SqlType,
  { checker }: Environment,
): void {
  const [from, to] = [familyOf(given), familyOf(node.type)];
  const allowed = from === 'null' || from === to || conversions[from]?.includes(to) === true;
  const parts = [given.name, node.type.name];
  if (!allowed || (parts.includes('DATE') && parts.includes('TIME')))
    checker.fail(node.start, `Cannot cast ${printType(given)} to ${printType(node.type)}`);
  const [first, last] = given.fields ?? [];
  if (from === 'interval' && to === 'numeric' && first !== last) {
    checker.fail(
      node.start,
      `Cannot cast ${printType(given)} to ${printType(node.type)}, its fields are several, write ( … ) SECOND before`,
    );
  }
}

const conversions: Readonly<Partial<Record<TypeFamily, readonly TypeFamily[]>>> = {
  numeric: ['character'],
  character: ['numeric', 'boolean', 'datetime', 'interval'],
  boolean: ['character'],
  datetime: ['character'],
  interval: ['character', 'numeric'],
};

function checkCase(node: SyntaxExpression & { kind: 'case' }, env: Environment): Expression {
  const subject = node.operand === null ? null : checkExpression(node.operand, env);
  const branches = node.branches.map(({ when, result }) => ({
    when:
      subject === null
        ? checkPredicate(when, env)
        : compare('=', subject, checkExpression(when, env), when.start, env.checker),
    result: checkExpression(result, env),
  }));
  const otherwise: Expression =
    node.otherwise === null
      ? { kind: 'literal', value: null, type: nullType }
      : checkExpression(node.otherwise, env);
  let type = otherwise.type;
  for (const { result } of branches) {
    const next = commonType(type, result.type);
    if (next === undefined) {
      return env.checker.fail(
        node.start,
        `CASE mixes ${printType(type)} and ${printType(result.type)}, write CAST(… AS …) on one branch`,
      );
    }
    type = next;
  }
  return { kind: 'case', branches, otherwise, type };
}
