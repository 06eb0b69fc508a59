import type { Source } from '../sql/index.ts';
import { equal } from './comparison.ts';
import { compileExpression, type Scope } from './compile-expression.ts';
import { textOf } from './compile-where.ts';
import { toBoolean } from './conversion.ts';
import type { Evaluate, Frame } from './frame.ts';
import type { CaseNode, ExpressionNode, StatementNode } from './nodes.ts';
import type { Value } from './value.ts';
import { childrenOf, expressionsOf } from './walk.ts';

/** A place where messages part: a condition of WHERE, or a CASE. */
export interface RuleBranch {
  readonly clause: 'SET' | 'WHERE' | 'SELECT';
  /** As written, on one line; of a CASE only `CASE subject`. */
  readonly source: string;
  /** The ways out of it: `true` and `false or Undefined`, or one for each WHEN and for ELSE. */
  readonly outcomes: readonly string[];
}

/** One way out of one place, by their places in the lists. */
export interface BranchTaken {
  readonly branch: number;
  readonly outcome: number;
}

/** The branches of a rule, and which of them a message takes. */
export interface RuleBranches {
  readonly branches: readonly RuleBranch[];
  taken(frame: Frame, hasFired: boolean): readonly BranchTaken[];
}

const TRUE = 0;
const NOT_TRUE = 1;

/**
 * Finds the branches of a rule: the conditions that AND, OR and NOT join in WHERE, and every CASE outside nested SELECTs.
 * A condition is reached only where it decides: after AND when those before it are true, after OR when they are false,
 * or when it is Undefined itself.
 */
export function compileBranches(statement: StatementNode, scope: Scope, source: Source): RuleBranches {
  const branches: RuleBranch[] = [];
  const context: BranchContext = { scope, source, branches };
  const conditions = statement.where === undefined ? [] : [compileCondition(statement.where, context)];
  const set = statement.set.flatMap(({ expression }) => compileCases(expression, 'SET', context));
  const where = statement.where === undefined ? [] : compileCases(statement.where, 'WHERE', context);
  const select = expressionsOf(statement.select).flatMap((each) => compileCases(each, 'SELECT', context));
  return {
    branches,
    taken: (frame, hasFired) => {
      const taken: BranchTaken[] = [];
      for (const condition of conditions) condition(frame, taken);
      for (const choose of [...set, ...where, ...(hasFired ? select : [])]) choose(frame, taken);
      return taken;
    },
  };
}

interface BranchContext {
  readonly scope: Scope;
  readonly source: Source;
  readonly branches: RuleBranch[];
}

/** Gives the condition's value and notes the ways taken through it. */
type Condition = (frame: Frame, taken: BranchTaken[]) => boolean | undefined;

function compileCondition(node: ExpressionNode, context: BranchContext): Condition {
  if (node.kind === 'binary' && (node.operator === 'AND' || node.operator === 'OR')) {
    return compileJunction(node.operator, operandsOf(node, node.operator), context);
  }
  if (node.kind === 'unary' && node.operator === 'NOT' && isJunction(node.operand)) {
    const inner = compileCondition(node.operand, context);
    return (frame, taken) => {
      const value = inner(frame, taken);
      return value === undefined ? undefined : !value;
    };
  }
  return compileLeaf(node, context);
}

function compileJunction(
  operator: 'AND' | 'OR',
  operands: readonly ExpressionNode[],
  context: BranchContext,
): Condition {
  const conditions = operands.map((operand) => compileCondition(operand, context));
  return operator === 'AND' ? allOf(conditions) : someOf(conditions);
}

function allOf(conditions: readonly Condition[]): Condition {
  return (frame, taken) => {
    for (const condition of conditions) {
      const value = condition(frame, taken);
      if (value !== true) return value;
    }
    return true;
  };
}

/** After one that is true the others still decide if they are Undefined, which makes the whole Undefined. */
function someOf(conditions: readonly Condition[]): Condition {
  return (frame, taken) => {
    let isTrue = false;
    for (const condition of conditions) {
      const inner: BranchTaken[] = [];
      const value = condition(frame, inner);
      if (!isTrue || value === undefined) taken.push(...inner);
      if (value === undefined) return undefined;
      isTrue ||= value;
    }
    return isTrue;
  };
}

function compileLeaf(node: ExpressionNode, { scope, source, branches }: BranchContext): Condition {
  const evaluate = compileExpression(node, scope);
  const branch = branches.length;
  branches.push({ clause: 'WHERE', source: textOf(source, node), outcomes: ['true', 'false or Undefined'] });
  return (frame, taken) => {
    const value = toBoolean(evaluate(frame));
    taken.push({ branch, outcome: value === true ? TRUE : NOT_TRUE });
    return value;
  };
}

function isJunction(node: ExpressionNode): boolean {
  return node.kind === 'binary' && (node.operator === 'AND' || node.operator === 'OR');
}

/** `a AND b AND c` is one junction of three, left to right, without recursion: a chain may be long. */
function operandsOf(node: ExpressionNode, operator: 'AND' | 'OR'): ExpressionNode[] {
  const operands: ExpressionNode[] = [];
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'binary' && next.operator === operator) open.push(next.right, next.left);
    else operands.push(next);
  }
  return operands;
}

type Choose = (frame: Frame, taken: BranchTaken[]) => void;

/** Every CASE of an expression; inside a nested SELECT each element would have its own. */
function compileCases(
  expression: ExpressionNode,
  clause: RuleBranch['clause'],
  context: BranchContext,
): Choose[] {
  if (expression.kind === 'subquery' || expression.kind === 'exists') return [];
  const inner = childrenOf(expression).flatMap((child) => compileCases(child, clause, context));
  return expression.kind === 'case' ? [compileCase(expression, clause, context), ...inner] : inner;
}

function compileCase(
  node: CaseNode,
  clause: RuleBranch['clause'],
  { scope, source, branches }: BranchContext,
): Choose {
  const subject = compileExpression(node.subject, scope);
  const matches = node.branches.map(({ match }) => compileExpression(match, scope));
  const branch = branches.length;
  branches.push({
    clause,
    source: `CASE ${textOf(source, node.subject)}`,
    outcomes: [...node.branches.map(({ match }) => `WHEN ${textOf(source, match)}`), 'ELSE'],
  });
  return (frame, taken) => {
    const value = subject(frame);
    if (value !== undefined) taken.push({ branch, outcome: firstMatch(value, matches, frame) });
  };
}

function firstMatch(value: Value, matches: readonly Evaluate[], frame: Frame): number {
  const found = matches.findIndex((match) => equal(value, match(frame)) === true);
  return found < 0 ? matches.length : found;
}
