import type {
  BinaryOperator,
  ExpressionNode,
  SelectItemNode,
  SelectNode,
  StatementNode,
  SubqueryNode,
} from './nodes.ts';

/** How tightly each operator binds; a looser operand inside a tighter one needs parentheses. */
const PRECEDENCE: Readonly<Record<BinaryOperator | 'NOT' | '-1', number>> = {
  OR: 1,
  AND: 2,
  NOT: 3,
  '=': 4,
  '<>': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  IN: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  '-1': 7,
};

const PATH = 8;

/** Prints a rule so that parsing the text gives the same nodes again. */
export function printStatement(statement: StatementNode): string {
  const parts: string[] = [];
  if (statement.set.length > 0) {
    parts.push(
      `SET ${statement.set.map(({ name, expression }) => `@${name} = ${printExpression(expression)}`).join(', ')}`,
    );
  }
  parts.push(printSelect(statement.select));
  if (statement.from !== undefined) parts.push(`FROM ${printString(statement.from.filter)}`);
  if (statement.where !== undefined) parts.push(`WHERE ${printExpression(statement.where)}`);
  return parts.join(' ');
}

/** Prints an expression. */
export function printExpression(node: ExpressionNode): string {
  return print(node, 0);
}

function print(node: ExpressionNode, atLeast: number): string {
  const text = printBare(node);
  return precedenceOf(node) < atLeast ? `(${text})` : text;
}

function precedenceOf(node: ExpressionNode): number {
  if (node.kind === 'binary') return PRECEDENCE[node.operator];
  if (node.kind === 'unary') return PRECEDENCE[node.operator === 'NOT' ? 'NOT' : '-1'];
  return PATH;
}

function printBare(node: ExpressionNode): string {
  switch (node.kind) {
    case 'literal':
      return printLiteral(node.value, node.digits);
    case 'attribute':
      return node.name;
    case 'payload':
      return '*';
    case 'variable':
      return `@${node.name}`;
    case 'member':
      return `${print(node.base, PATH)}.${node.name}`;
    case 'index':
      return `${print(node.base, PATH)}[${printExpression(node.index)}]`;
    case 'call':
      return printCall(node.name, node.arguments, node.castType);
    case 'unary':
      return printUnary(node.operator, node.operand);
    case 'binary':
      return `${print(node.left, PRECEDENCE[node.operator])} ${node.operator} ${print(node.right, PRECEDENCE[node.operator] + 1)}`;
    case 'array':
      return `[${node.elements.map(printExpression).join(', ')}]`;
    case 'object':
      return `{${node.entries.map(({ key, value }) => `${printString(key)}: ${printExpression(value)}`).join(', ')}}`;
    case 'case':
      return printCase(node);
    case 'subquery':
      return printSubquery(node);
    case 'exists':
      return `EXISTS ${printSubquery(node.query)}`;
  }
}

function printLiteral(value: number | bigint | string | boolean | null, digits: string | undefined): string {
  if (digits !== undefined) return digits;
  if (typeof value === 'string') return printString(value);
  return value === null ? 'NULL' : String(value).toUpperCase();
}

function printString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function printCall(
  name: string,
  argumentNodes: readonly ExpressionNode[],
  castType: string | undefined,
): string {
  const printed = argumentNodes.map(printExpression).join(', ');
  return castType === undefined ? `${name}(${printed})` : `${name}(${printed} AS ${castType})`;
}

/** Two minus signs together would read as a comment. */
function printUnary(operator: 'NOT' | '-', operand: ExpressionNode): string {
  if (operator === 'NOT') return `NOT ${print(operand, PRECEDENCE.NOT)}`;
  const text = print(operand, PRECEDENCE['-1']);
  return text.startsWith('-') ? `-(${text})` : `-${text}`;
}

function printCase(node: Extract<ExpressionNode, { kind: 'case' }>): string {
  const branches = node.branches.map(
    ({ match, result }) => `WHEN ${printExpression(match)} THEN ${printExpression(result)}`,
  );
  const otherwise = node.otherwise === undefined ? [] : [`ELSE ${printExpression(node.otherwise)}`];
  return ['CASE', printExpression(node.subject), ...branches, ...otherwise, 'END'].join(' ');
}

function printSubquery(node: SubqueryNode): string {
  const alias = node.alias === undefined ? '' : ` AS ${node.alias}`;
  const where = node.where === undefined ? '' : ` WHERE ${printExpression(node.where)}`;
  return `(${printSelect(node.select)} FROM ${printExpression(node.from)}${alias}${where})`;
}

function printSelect(select: SelectNode): string {
  if (select.kind === 'value') return `SELECT VALUE ${guardStar(printExpression(select.expression))}`;
  return `SELECT ${guardValue(select.items.map(printItem)).join(', ')}`;
}

/** After VALUE a star with something behind it could be read as a multiplication of an attribute `value`. */
function guardStar(text: string): string {
  return text.startsWith('*') && text !== '*' ? `(${text})` : text;
}

/** At the start of the list `value[0]` would be read as the keyword VALUE and an array. */
function guardValue(items: readonly string[]): string[] {
  const [first = '', ...rest] = items;
  return [first.replace(/^value(?=\[)/i, '($&)'), ...rest];
}

function printItem(item: SelectItemNode): string {
  if (item.kind === 'star') return '*';
  if (item.kind === 'spread') return `${print(item.expression, PATH)}.*`;
  const text = printExpression(item.expression);
  return item.alias === undefined ? text : `${text} AS ${item.alias.join('.')}`;
}
