import { add, divide, multiply, negate, remainder, subtract } from './arithmetic.ts';
import { CAST_TYPES, castToDecimal } from './cast.ts';
import { contained, equal, greater, greaterOrEqual, less, lessOrEqual, notEqual } from './comparison.ts';
import { compileCall } from './compile-call.ts';
import { compileSubquery } from './compile-subquery.ts';
import { toBoolean } from './conversion.ts';
import type { IotSqlVersion } from './dialect.ts';
import type { ExternalFunctions } from './external-functions.ts';
import type { Evaluate, Frame } from './frame.ts';
import { elementOf } from './functions/collection.ts';
import type {
  BinaryNode,
  BinaryOperator,
  CallNode,
  CaseNode,
  ExpressionNode,
  LiteralNode,
  ObjectNode,
  UnaryNode,
} from './nodes.ts';
import { attributeOf, isArray, isInheritedName, setAttribute, type Value, WholeDecimal } from './value.ts';

/** What surrounds an expression while it is compiled. */
export interface Scope {
  readonly version: IotSqlVersion;
  readonly external: ExternalFunctions | undefined;
  /** The variables of SET in order. */
  readonly variables: readonly string[];
  /** The aliases of the nested SELECTs around, innermost first; undefined where one has none. */
  readonly aliases: readonly (string | undefined)[];
}

/** Compiles a checked expression to a closure, so that no tree is walked per message. */
export function compileExpression(node: ExpressionNode, scope: Scope): Evaluate {
  switch (node.kind) {
    case 'literal':
      return compileLiteral(node, scope);
    case 'attribute':
      return compileAttribute(node.name, scope);
    case 'payload':
      return (frame) => frame.current;
    case 'variable':
      return compileVariable(scope.variables.indexOf(node.name));
    case 'member':
      return compileMember(compileExpression(node.base, scope), node.name);
    case 'index':
      return compileIndex(compileExpression(node.base, scope), compileExpression(node.index, scope));
    case 'call':
      return compileNumericAttribute(node, scope) ?? compileCall(node, scope);
    case 'unary':
      return (
        compileIsDefined(node, scope) ?? compileUnary(node.operator, compileExpression(node.operand, scope))
      );
    case 'binary':
      return compileComparison(node, scope) ?? compileBinary(node, scope);
    case 'case':
      return compileCase(node, scope);
    case 'array':
      return compileArray(node.elements.map((element) => compileExpression(element, scope)));
    case 'object':
      return compileObject(node, scope);
    case 'subquery':
      return compileSubquery(node, scope);
    case 'exists':
      return compileExists(compileSubquery(node.query, scope));
  }
}

function compileLiteral({ value, digits }: LiteralNode, scope: Scope): Evaluate {
  const isWholeDecimal = digits !== undefined && /[.eE]/.test(digits) && Number.isInteger(value);
  const constant =
    isWholeDecimal && scope.version === '2015-10-08' ? new WholeDecimal(value as number) : (value as Value);
  return () => constant;
}

/** A bare name: the alias of a nested SELECT around, else an attribute of the payload or of the innermost element. */
function compileAttribute(name: string, scope: Scope): Evaluate {
  const depth = scope.aliases.indexOf(name);
  if (depth === 0) return (frame) => frame.current;
  if (depth > 0) return (frame) => frameAt(frame, depth).current;
  if (isInheritedName(name)) return (frame) => attributeOf(frame.current, name);
  return ({ attributes }) => attributes[name];
}

/** `cast(attribute AS float)`, which rules on measurements consist of, as one closure instead of two. */
function compileNumericAttribute(node: CallNode, scope: Scope): Evaluate | undefined {
  const [operand] = node.arguments;
  if (node.castType === undefined || operand?.kind !== 'attribute' || scope.version !== '2016-03-23')
    return undefined;
  const { name } = operand;
  const isPlain = !scope.aliases.includes(name) && !isInheritedName(name);
  if (!isPlain || CAST_TYPES[node.castType]?.target !== 'Decimal') return undefined;
  return ({ attributes }) => {
    const value = attributes[name];
    return typeof value === 'number' ? value : castToDecimal(value);
  };
}

/** For names no object inherits: a plain property read, which is several times faster than asking for ownership. */
function directAttribute(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value instanceof WholeDecimal ? undefined : (value as Readonly<Record<string, Value>>)[name];
}

function frameAt(frame: Frame, depth: number): Frame {
  let at = frame;
  for (let step = 0; step < depth; step++) at = at.outer!;
  return at;
}

function compileVariable(index: number): Evaluate {
  return ({ variables }) => variables[index];
}

function compileMember(base: Evaluate, name: string): Evaluate {
  if (isInheritedName(name)) return (frame) => attributeOf(base(frame), name);
  return (frame) => directAttribute(base(frame), name);
}

/** `x[i]`, which the guide does not document, is `get(x, i)`. */
function compileIndex(base: Evaluate, index: Evaluate): Evaluate {
  return (frame) => elementOf(base(frame), index(frame));
}

/** `NOT isUndefined(x)`, the commonest condition of all, as one comparison. */
function compileIsDefined({ operator, operand }: UnaryNode, scope: Scope): Evaluate | undefined {
  const isCall = operator === 'NOT' && operand.kind === 'call' && operand.name === 'isundefined';
  if (!isCall || operand.arguments.length !== 1) return undefined;
  const value = compileExpression(operand.arguments[0]!, scope);
  return (frame) => value(frame) !== undefined;
}

function compileUnary(operator: 'NOT' | '-', operand: Evaluate): Evaluate {
  if (operator === '-') return (frame) => negate(operand(frame));
  return (frame) => {
    const value = toBoolean(operand(frame));
    return value === undefined ? undefined : !value;
  };
}

const OPERATIONS: Readonly<
  Record<Exclude<BinaryOperator, 'AND' | 'OR'>, (left: Value, right: Value) => Value>
> = {
  '=': equal,
  '<>': notEqual,
  '<': less,
  '<=': lessOrEqual,
  '>': greater,
  '>=': greaterOrEqual,
  IN: contained,
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
};

function compileBinary(node: BinaryNode, scope: Scope): Evaluate {
  const { operator } = node;
  const [left, right] = [compileExpression(node.left, scope), compileExpression(node.right, scope)];
  if (operator === 'AND' || operator === 'OR') return compileLogic(operator, left, right);
  const operation = OPERATIONS[operator];
  if (scope.version === '2015-10-08' && '-*/%'.includes(operator))
    return compileOnTexts(operation, left, right);
  if (operator === 'IN') return compileIn(left, right);
  return (frame) => operation(left(frame), right(frame));
}

function compileIn(element: Evaluate, array: Evaluate): Evaluate {
  return (frame) => {
    const candidates = array(frame);
    if (!isArray(candidates) || !frame.message.takeRows(candidates.length)) return undefined;
    return contained(element(frame), candidates);
  };
}

/** Arithmetic on the text of a number gives a Decimal, which version 2015-10-08 prints as such: `"5" - 3` is 2.0. */
function compileOnTexts(
  operation: (left: Value, right: Value) => Value,
  left: Evaluate,
  right: Evaluate,
): Evaluate {
  return (frame) => {
    const [a, b] = [left(frame), right(frame)];
    const result = operation(a, b);
    const isDecimal = typeof a === 'string' || typeof b === 'string';
    return isDecimal && typeof result === 'number' && Number.isInteger(result)
      ? new WholeDecimal(result)
      : result;
  };
}

/** Order against a constant, which most conditions on a measured value are: numbers are compared in place. */
function compileComparison({ operator, left, right }: BinaryNode, scope: Scope): Evaluate | undefined {
  if (right.kind !== 'literal' || typeof right.value !== 'number') return undefined;
  const compile: CompileComparison | undefined = CONSTANT_COMPARISONS[operator];
  return compile?.(compileExpression(left, scope), right.value);
}

type CompileComparison = (left: Evaluate, limit: number) => Evaluate;

const CONSTANT_COMPARISONS: Readonly<
  Partial<Record<BinaryOperator, (left: Evaluate, limit: number) => Evaluate>>
> = {
  '<': (left, limit) => (frame) => {
    const value = left(frame);
    return typeof value === 'number' ? value < limit : less(value, limit);
  },
  '<=': (left, limit) => (frame) => {
    const value = left(frame);
    return typeof value === 'number' ? value <= limit : lessOrEqual(value, limit);
  },
  '>': (left, limit) => (frame) => {
    const value = left(frame);
    return typeof value === 'number' ? value > limit : less(limit, value);
  },
  '>=': (left, limit) => (frame) => {
    const value = left(frame);
    return typeof value === 'number' ? value >= limit : lessOrEqual(limit, value);
  },
};

/** By the tables an operand that is no Boolean makes the result Undefined, even if the other would decide it. */
function compileLogic(operator: 'AND' | 'OR', left: Evaluate, right: Evaluate): Evaluate {
  const isAnd = operator === 'AND';
  return (frame) => {
    const a = toBoolean(left(frame));
    if (a === undefined) return undefined;
    const b = toBoolean(right(frame));
    if (b === undefined) return undefined;
    return isAnd ? a && b : a || b;
  };
}

/** A subject that is Undefined makes the whole CASE Undefined; ELSE is not taken (iot-sql-case). */
function compileCase(node: CaseNode, scope: Scope): Evaluate {
  const subject = compileExpression(node.subject, scope);
  const branches = node.branches.map(({ match, result }) => ({
    match: compileExpression(match, scope),
    result: compileExpression(result, scope),
  }));
  const otherwise = node.otherwise === undefined ? undefined : compileExpression(node.otherwise, scope);
  return (frame) => {
    const value = subject(frame);
    if (value === undefined) return undefined;
    for (const { match, result } of branches) {
      if (equal(value, match(frame)) === true) return result(frame);
    }
    return otherwise?.(frame);
  };
}

function compileArray(elements: readonly Evaluate[]): Evaluate {
  return (frame) => elements.map((element) => element(frame));
}

function compileObject(node: ObjectNode, scope: Scope): Evaluate {
  const entries = node.entries.map(({ key, value }) => ({ key, value: compileExpression(value, scope) }));
  return (frame) => {
    const object: Record<string, Value> = {};
    for (const { key, value } of entries) setAttribute(object, key, value(frame));
    return object;
  };
}

/** Does a nested SELECT yield rows? What is neither array nor object has none. */
function compileExists(query: Evaluate): Evaluate {
  return (frame) => {
    const rows = query(frame);
    return Array.isArray(rows) ? rows.length > 0 : rows !== undefined;
  };
}
