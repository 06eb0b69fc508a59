import type { ExpressionNode, SelectNode, StatementNode, SubqueryNode } from '../../src/iot-sql/nodes.ts';

/*
 * A naive interpreter of the rules language for small values: it walks the tree for every message and shares no code with
 * the compiler but the tree itself. Undefined is `undefined`; numbers are doubles.
 */

type Data = undefined | null | boolean | number | string | Data[] | { [key: string]: Data };

interface Environment {
  readonly topic: string;
  readonly root: Data;
  readonly current: Data;
  readonly aliases: ReadonlyMap<string, Data>;
  readonly variables: ReadonlyMap<string, Data>;
}

/** Runs a rule on a payload: `undefined` when it does not fire, else its output in a box. */
export function interpret(
  statement: StatementNode,
  topic: string,
  payload: unknown,
): { output: unknown } | undefined {
  const variables = new Map<string, Data>();
  const root = payload as Data;
  const environment: Environment = { topic, root, current: root, aliases: new Map(), variables };
  for (const { name, expression } of statement.set) variables.set(name, resolve(expression, environment));
  if (statement.where !== undefined && resolve(statement.where, environment) !== true) return undefined;
  return { output: withoutUndefined(select(statement.select, environment)) };
}

function select(node: SelectNode, environment: Environment): Data {
  if (node.kind === 'value') return resolve(node.expression, environment);
  if (node.items.length === 1 && node.items[0]?.kind === 'star') return environment.current;
  const result: [string, Data][] = [];
  for (const item of node.items) {
    if (item.kind === 'star') result.push(...entriesOf(environment.current));
    else if (item.kind === 'spread') result.push(...entriesOf(resolve(item.expression, environment)));
    else result.push([item.alias?.[0] ?? '?', resolve(item.expression, environment)]);
  }
  return Object.fromEntries(result);
}

function entriesOf(value: Data): [string, Data][] {
  return isObject(value) ? Object.entries(value) : [];
}

function resolve(node: ExpressionNode, environment: Environment): Data {
  switch (node.kind) {
    case 'literal':
      return node.value as Data;
    case 'attribute':
      if (environment.aliases.has(node.name)) return environment.aliases.get(node.name);
      return member(environment.current, node.name);
    case 'payload':
      return environment.current;
    case 'variable':
      return environment.variables.get(node.name);
    case 'member':
      return member(resolve(node.base, environment), node.name);
    case 'index':
      return element(resolve(node.base, environment), resolve(node.index, environment));
    case 'call':
      return call(
        node.name,
        node.castType,
        node.arguments.map((argument) => resolve(argument, environment)),
        environment,
      );
    case 'unary':
      return node.operator === 'NOT'
        ? not(resolve(node.operand, environment))
        : minus(resolve(node.operand, environment));
    case 'binary':
      return operate(node.operator, resolve(node.left, environment), resolve(node.right, environment));
    case 'case':
      return choose(node, environment);
    case 'array':
      return node.elements.map((child) => resolve(child, environment));
    case 'object':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, resolve(value, environment)]));
    case 'subquery':
      return query(node, environment);
    case 'exists': {
      const rows = query(node.query, environment);
      return Array.isArray(rows) ? rows.length > 0 : rows !== undefined;
    }
  }
}

function query(node: SubqueryNode, environment: Environment): Data {
  const source = resolve(node.from, environment);
  if (Array.isArray(source))
    return source.map((row) => queryRow(node, row, environment)).filter((row) => row !== undefined);
  const row = isObject(source) ? queryRow(node, source, environment) : undefined;
  if (!isObject(source) || node.from.kind !== 'payload') return row;
  return row === undefined ? [] : [row];
}

function queryRow(node: SubqueryNode, row: Data, environment: Environment): Data {
  const aliases = new Map(environment.aliases);
  if (node.alias !== undefined) aliases.set(node.alias, row);
  const inner = { ...environment, current: row, aliases };
  if (node.where !== undefined && resolve(node.where, inner) !== true) return undefined;
  return select(node.select, inner);
}

function choose(node: Extract<ExpressionNode, { kind: 'case' }>, environment: Environment): Data {
  const subject = resolve(node.subject, environment);
  if (subject === undefined) return undefined;
  const branch = node.branches.find(
    ({ match }) => operate('=', subject, resolve(match, environment)) === true,
  );
  const chosen = branch?.result ?? node.otherwise;
  return chosen === undefined ? undefined : resolve(chosen, environment);
}

function isObject(value: Data): value is { [key: string]: Data } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: Data, name: string): Data {
  return isObject(value) && Object.keys(value).includes(name) ? value[name] : undefined;
}

function element(value: Data, key: Data): Data {
  if (isObject(value)) return typeof key === 'string' ? member(value, key) : undefined;
  if (!Array.isArray(value) && typeof value !== 'string') return undefined;
  const index = decimal(key);
  if (index === undefined) return undefined;
  const nearest =
    typeof key === 'string' ? Math.trunc(index) : Math.sign(index) * Math.round(Math.abs(index));
  return nearest >= 0 ? value[nearest] : undefined;
}

function boolean(value: Data): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  return /^true$/i.test(value) ? true : /^false$/i.test(value) ? false : undefined;
}

function decimal(value: Data): number | undefined {
  if (typeof value === 'number') return value;
  const isNumber = typeof value === 'string' && /^-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?$/.test(value);
  return isNumber ? real(Number.parseFloat(value)) : undefined;
}

function real(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function text(value: Data): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return `${value}`.replace('e', 'E');
  return typeof value === 'object' ? JSON.stringify(value) : `${value}`;
}

function not(value: Data): Data {
  const known = boolean(value);
  return known === undefined ? undefined : !known;
}

function minus(value: Data): Data {
  const known = decimal(value);
  return known === undefined ? undefined : 0 - known;
}

function operate(operator: string, left: Data, right: Data): Data {
  switch (operator) {
    case 'AND':
    case 'OR': {
      const [a, b] = [boolean(left), boolean(right)];
      if (a === undefined || b === undefined) return undefined;
      return operator === 'AND' ? a && b : a || b;
    }
    case '=':
    case '<>':
      if (left === undefined || right === undefined) return undefined;
      return isEqual(left, right) === (operator === '=');
    case 'IN':
      if (left === undefined || !Array.isArray(right)) return undefined;
      return right.some((candidate) => candidate !== undefined && isEqual(left, candidate));
    case '+':
      if (typeof left === 'string' || typeof right === 'string') return join(left, right);
      return typeof left === 'number' && typeof right === 'number' ? real(left + right) : undefined;
    default:
      return compute(operator, decimal(left), decimal(right));
  }
}

function join(left: Data, right: Data): Data {
  const [a, b] = [text(left), text(right)];
  return a === undefined || b === undefined ? undefined : `${a}${b}`;
}

function compute(operator: string, a: number | undefined, b: number | undefined): Data {
  if (a === undefined || b === undefined) return undefined;
  const results: Readonly<Record<string, () => Data>> = {
    '<': () => a < b,
    '<=': () => a <= b,
    '>': () => a > b,
    '>=': () => a >= b,
    '-': () => real(a - b),
    '*': () => real(a * b),
    '/': () => real(a / b),
    '%': () => real(a % b),
  };
  return results[operator]!();
}

function isEqual(left: Data, right: Data): boolean {
  const sorted = (value: Data): Data => {
    if (Array.isArray(value)) return value.map(sorted);
    if (!isObject(value)) return Object.is(value, -0) ? 0 : value;
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    return Object.fromEntries(
      entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
    );
  };
  // Undefined inside an array equals only Undefined, which JSON would print as null
  const print = (value: Data) =>
    JSON.stringify(sorted(value), (_, one) => (one === undefined ? '\u0000' : one));
  return print(left) === print(right);
}

function call(
  name: string,
  castType: string | undefined,
  values: readonly Data[],
  { topic }: Environment,
): Data {
  const [first, second] = values;
  switch (name) {
    case 'topic':
      return values.length === 0 ? topic : topic.split('/')[Math.floor(decimal(first) ?? 0) - 1];
    case 'isundefined':
      return first === undefined;
    case 'isnull':
      return first === null;
    case 'nanvl':
      return first === undefined || first === null ? second : first;
    case 'get':
      return element(first, second);
    case 'upper':
      return text(first)?.toUpperCase();
    case 'length':
      return text(first)?.length;
    case 'floor': {
      const number = decimal(first);
      return number === undefined ? undefined : Math.floor(number);
    }
    case 'cast':
      return cast(castType ?? '', first);
    default:
      throw new Error(`the reference interpreter has no function ${name}`);
  }
}

function cast(type: string, value: Data): Data {
  if (type === 'STRING') return text(value);
  const number = typeof value === 'boolean' ? Number(value) : decimal(value);
  if (type === 'BOOLEAN') {
    if (typeof value === 'boolean' || typeof value === 'string') return boolean(value);
    return number === undefined ? undefined : number !== 0;
  }
  if (type === 'DECIMAL' || number === undefined) return number;
  return Math.floor(number);
}

/** As serialising does: dropped from objects, null in arrays. */
function withoutUndefined(value: Data): unknown {
  const printed = JSON.stringify(value);
  return printed === undefined ? undefined : JSON.parse(printed);
}
