import type { ExpressionNode, SelectNode, StatementNode } from './nodes.ts';

/** Called for a node before the nodes inside it. */
export type Visit = (node: ExpressionNode) => void;

/** Visits every expression of a rule. */
export function walkStatement(statement: StatementNode, visit: Visit): void {
  for (const assignment of statement.set) walkExpression(assignment.expression, visit);
  walkSelect(statement.select, visit);
  if (statement.where !== undefined) walkExpression(statement.where, visit);
}

/** Visits an expression and everything inside it. */
export function walkExpression(expression: ExpressionNode, visit: Visit): void {
  visit(expression);
  for (const child of childrenOf(expression)) walkExpression(child, visit);
}

/** Is there an expression in a rule for which the test is true? */
export function someOfStatement(statement: StatementNode, test: (node: ExpressionNode) => boolean): boolean {
  let found = false;
  walkStatement(statement, (node) => {
    found ||= test(node);
  });
  return found;
}

/** The same within one expression, itself included. */
export function someOfExpression(
  expression: ExpressionNode,
  test: (node: ExpressionNode) => boolean,
): boolean {
  return test(expression) || childrenOf(expression).some((child) => someOfExpression(child, test));
}

function walkSelect(select: SelectNode, visit: Visit): void {
  for (const expression of expressionsOf(select)) walkExpression(expression, visit);
}

/** The expressions of a SELECT, in order. */
export function expressionsOf(select: SelectNode): ExpressionNode[] {
  if (select.kind === 'value') return [select.expression];
  return select.items.flatMap((item) => (item.kind === 'star' ? [] : [item.expression]));
}

/** The expressions directly inside one. */
export function childrenOf(node: ExpressionNode): readonly ExpressionNode[] {
  switch (node.kind) {
    case 'member':
      return [node.base];
    case 'index':
      return [node.base, node.index];
    case 'call':
      return node.arguments;
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'array':
      return node.elements;
    case 'object':
      return node.entries.map((entry) => entry.value);
    case 'case':
      return [
        node.subject,
        ...node.branches.flatMap((branch) => [branch.match, branch.result]),
        ...(node.otherwise === undefined ? [] : [node.otherwise]),
      ];
    case 'exists':
      return [node.query];
    case 'subquery':
      return [...expressionsOf(node.select), node.from, ...(node.where === undefined ? [] : [node.where])];
    default:
      return [];
  }
}
