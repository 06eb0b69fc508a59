import { call, checkPredicate, type Environment } from './check-expression.ts';
import { type Catalog, type CheckedFrom, rename } from './check-from.ts';
import { checkFrame } from './check-sliding.ts';
import { checkValues } from './check-values.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Expression, Operator, ReferencePlan, ValuesPlan, WindowFrame } from './plan.ts';
import { streamsRead } from './pump-order.ts';
import type { Relation } from './scope.ts';
import { boolean } from './sql-type.ts';
import type { FromItem, WindowSpecification } from './syntax.ts';

type JoinItem = FromItem & { kind: 'join' };
type CheckSide = (item: FromItem) => CheckedFrom;

/**
 * JOIN of two windowed streams, or of a stream and a reference table (SQL reference, "JOIN clause"). At least one of two
 * streams needs a window; one without contributes its current row only.
 */
export function checkJoin(
  item: JoinItem,
  checker: Checker,
  catalog: Catalog,
  checkSide: CheckSide,
): CheckedFrom {
  const reference = referenceOf(item.right, catalog) ?? valuesOf(item.right, checker);
  if (referenceOf(item.left, catalog) !== undefined) {
    checker.fail(item.left.start, 'Reference table must stand on the right, write FROM stream JOIN table');
  }
  return reference === undefined
    ? checkWindowJoin(item, checker, checkSide)
    : checkReferenceJoin(item, reference, checker, checkSide);
}

/** What a stream is looked up in: a reference table, or rows that the text gives. */
interface LookUp {
  readonly name: string | null;
  readonly columns: readonly ColumnPlan[];
  readonly rows?: ValuesPlan;
}

/** ( VALUES … ) AS t ( a, b ) */
function valuesOf(item: FromItem, checker: Checker): LookUp | undefined {
  if (item.kind !== 'subquery' || item.query.kind !== 'values') return undefined;
  const { operator, columns } = checkValues(item.query, checker);
  return {
    name: item.alias?.value ?? null,
    columns: rename(columns, item.columns, checker),
    rows: operator as ValuesPlan,
  };
}

function referenceOf(item: FromItem, catalog: Catalog): ReferencePlan | undefined {
  return item.kind === 'table' ? catalog.references.find(({ name }) => name === item.name.value) : undefined;
}

function checkWindowJoin(item: JoinItem, checker: Checker, checkSide: CheckSide): CheckedFrom {
  const [leftWindow, rightWindow] = [joinWindow(item.left, checker), joinWindow(item.right, checker)];
  checkWindows(item, leftWindow ?? rightWindow, checker);
  const left = checkSide(withoutWindow(item.left));
  const right = checkSide(withoutWindow(item.right));
  const relations = [
    ...shift(left, 0, left.width),
    ...shift(right, left.width + 1, left.width + 1 + right.width),
  ];
  const env: Environment = { checker, scope: { relations } };
  const { equal, condition } = splitCondition(item, env, left.width, left.width + 1);
  return {
    operator: {
      kind: 'windowJoin',
      join: item.join === 'cross' ? 'inner' : item.join,
      left: left.operator,
      right: right.operator,
      leftWidth: left.width,
      rightWidth: right.width,
      leftPrecedingMillis: millisOf(leftWindow),
      rightPrecedingMillis: millisOf(rightWindow),
      ...(leftWindow?.kind === 'rows' ? { leftRows: leftWindow.precedingRows } : {}),
      ...(rightWindow?.kind === 'rows' ? { rightRows: rightWindow.precedingRows } : {}),
      equal,
      condition,
    },
    scope: { relations },
    width: left.width + right.width + 2,
  };
}

/** A side without a window contributes its current row: without any, only rows of one ROWTIME meet. */
function checkWindows(item: JoinItem, anyWindow: WindowFrame | null, checker: Checker): void {
  if (anyWindow === null && item.join === 'cross') {
    checker.warn(
      item.start,
      "Join without a window pairs only rows of the same ROWTIME, write stream OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS s",
    );
  } else if (anyWindow === null) {
    checker.fail(
      item.start,
      "JOIN of two streams needs a window, write stream OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS s",
    );
  } else if (item.condition === null)
    checker.warn(
      item.start,
      'Join without a condition pairs every row of one window with every row of the other',
    );
}

function millisOf(window: WindowFrame | null): number {
  return window?.kind === 'range' ? window.precedingMillis : 0;
}

/** The window of a side, null without one. */
function joinWindow(item: FromItem, checker: Checker): WindowFrame | null {
  const over: WindowSpecification | null =
    item.kind === 'table' || item.kind === 'subquery' ? item.over : null;
  if (over === null) return null;
  const [partition] = over.partition;
  if (partition !== undefined)
    checker.fail(partition.start, 'PARTITION BY may not be written in a join window, put the keys in ON');
  if (over.base !== null || over.frame === null) {
    return checker.fail(
      over.start,
      "A join window needs RANGE or ROWS, write OVER (RANGE INTERVAL '1' MINUTE PRECEDING)",
    );
  }
  const frame = checkFrame(over.frame, { checker, scope: { relations: [] } });
  const empty = frame.kind === 'rows' && frame.precedingRows === 0;
  if (frame.kind !== 'unbounded' && !empty) return frame;
  return checker.fail(
    over.frame.start,
    'A join window must hold rows and have an end, write RANGE INTERVAL … PRECEDING or ROWS 10 PRECEDING',
  );
}

function withoutWindow(item: FromItem): FromItem {
  return item.kind === 'table' || item.kind === 'subquery' ? { ...item, over: null } : item;
}

/** Moves a side's relations to its place in the joined row; `rowtimeIndex` is where its ROWTIME lies. */
function shift(side: CheckedFrom, offset: number, rowtimeIndex: number): Relation[] {
  return side.scope.relations.map((relation) => ({
    ...relation,
    offset: relation.offset + offset,
    rowtimeIndex: relation.rowtimeIndex === null ? rowtimeIndex : relation.rowtimeIndex + offset,
  }));
}

interface SplitCondition {
  readonly equal: readonly (readonly [number, number])[];
  readonly condition: Expression | null;
}

/** Equalities of a left column and a right column become the key of the join; the rest is evaluated per pair. */
function splitCondition(
  item: JoinItem,
  env: Environment,
  leftWidth: number,
  rightOffset: number,
): SplitCondition {
  if (item.condition === null) return { equal: [], condition: null };
  const equal: (readonly [number, number])[] = [];
  const rest: Expression[] = [];
  for (const part of conjuncts(checkPredicate(item.condition, env))) {
    const pair = equalPair(part, leftWidth, rightOffset);
    if (pair === null) rest.push(part);
    else equal.push(pair);
  }
  const [first, ...others] = rest;
  const condition =
    first === undefined ? null : others.reduce((all, part) => call('AND', [all, part], boolean), first);
  return { equal, condition };
}

function conjuncts(expression: Expression): Expression[] {
  if (expression.kind !== 'call' || expression.function !== 'AND') return [expression];
  return expression.arguments.flatMap(conjuncts);
}

function equalPair(
  part: Expression,
  leftWidth: number,
  rightOffset: number,
): readonly [number, number] | null {
  if (part.kind !== 'call' || part.function !== '=') return null;
  const [a, b] = part.arguments;
  if (a?.kind !== 'column' || b?.kind !== 'column') return null;
  if (a.index < leftWidth && b.index >= rightOffset) return [a.index, b.index - rightOffset];
  return b.index < leftWidth && a.index >= rightOffset ? [b.index, a.index - rightOffset] : null;
}

function checkReferenceJoin(
  item: JoinItem,
  reference: LookUp,
  checker: Checker,
  checkSide: CheckSide,
): CheckedFrom {
  const { right } = item;
  if (item.join !== 'inner' && item.join !== 'left' && item.join !== 'cross') {
    checker.fail(
      item.start,
      `${item.join.toUpperCase()} JOIN with a reference table is not possible, write JOIN or LEFT JOIN`,
    );
  }
  if ('over' in right && right.over !== null)
    checker.fail(right.over.start, 'A reference table has no window, remove OVER');
  const input = checkSide(withoutWindow(item.left));
  const alias = right.kind === 'table' ? (right.alias?.value ?? reference.name) : reference.name;
  if (streamsRead(input.operator).length === 0)
    checker.fail(item.left.start, 'VALUES must stand on the right, write FROM stream JOIN (VALUES …) AS t');
  const columns = reference.columns.map(({ name, type }) => ({ name, type }));
  const table: Relation = {
    name: alias,
    columns,
    hidden: [],
    offset: input.width,
    rowtimeIndex: null,
    timeless: true,
  };
  const relations = [...input.scope.relations, table];
  const { equal, condition } = splitCondition(
    item,
    { checker, scope: { relations } },
    input.width,
    input.width,
  );
  const operator: Operator = {
    kind: 'referenceJoin',
    join: item.join === 'left' ? 'left' : 'inner',
    input: input.operator,
    reference: reference.rows ?? reference.name ?? '',
    inputWidth: input.width,
    referenceWidth: columns.length,
    equal,
    condition,
  };
  return { operator, scope: { relations }, width: input.width + columns.length };
}
