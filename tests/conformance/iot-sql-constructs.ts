import type { ExpressionNode, StatementNode } from '../../src/iot-sql/nodes.ts';
import { walkStatement } from '../../src/iot-sql/walk.ts';

type IsUsed = (statement: StatementNode, nodes: readonly ExpressionNode[]) => boolean;

const someNode =
  (matches: (node: ExpressionNode) => boolean): IsUsed =>
  (_, nodes) =>
    nodes.some(matches);

const ofKind = (kind: ExpressionNode['kind']) => someNode((node) => node.kind === kind);

const ofOperator = (...operators: readonly string[]) =>
  someNode((node) => (node.kind === 'binary' || node.kind === 'unary') && operators.includes(node.operator));

const itemWith =
  (steps: (alias: number) => boolean): IsUsed =>
  ({ select }) =>
    select.kind === 'items' &&
    select.items.some((item) => item.kind === 'value' && steps(item.alias?.length ?? 0));

/** The parts of the language besides functions, as docs/iot-sql.md lists them, and how to tell that a rule uses one. */
export const CONSTRUCTS: Readonly<Record<string, IsUsed>> = {
  SET: ({ set }) => set.length > 0,
  'SELECT *': ({ select }) => select.kind === 'items' && select.items.some((item) => item.kind === 'star'),
  'SELECT VALUE': ({ select }) => select.kind === 'value',
  'AS name': itemWith((steps) => steps === 1),
  'AS a.b': itemWith((steps) => steps > 1),
  FROM: ({ from }) => from !== undefined,
  WHERE: ({ where }) => where !== undefined,
  'a.b.c': ofKind('member'),
  'a[i]': ofKind('index'),
  '* as a value': ofKind('payload'),
  '@variable': ofKind('variable'),
  'array literal': ofKind('array'),
  'object literal': ofKind('object'),
  CASE: ofKind('case'),
  'nested SELECT': ofKind('subquery'),
  EXISTS: ofKind('exists'),
  IN: ofOperator('IN'),
  AND: ofOperator('AND'),
  OR: ofOperator('OR'),
  NOT: ofOperator('NOT'),
  '=': ofOperator('='),
  '<>': ofOperator('<>'),
  '< <= > >=': ofOperator('<', '<=', '>', '>='),
  '+': ofOperator('+'),
  '- (both)': ofOperator('-'),
  '*': ofOperator('*'),
  '/': ofOperator('/'),
  '%': ofOperator('%'),
};

/** The constructs a rule uses. */
export function constructsOf(statement: StatementNode): string[] {
  const nodes: ExpressionNode[] = [];
  walkStatement(statement, (node) => nodes.push(node));
  return Object.entries(CONSTRUCTS)
    .filter(([, isUsed]) => isUsed(statement, nodes))
    .map(([name]) => name);
}
