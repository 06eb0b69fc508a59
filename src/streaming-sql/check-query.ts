import { checkExpression, checkPredicate, type Environment } from './check-expression.ts';
import {
  type Catalog,
  type CheckedFrom,
  type CheckedQuery,
  checkSubquery,
  checkTable,
} from './check-from.ts';
import { checkGroupBy, checkStagger, planDistinct } from './check-group.ts';
import { checkJoin } from './check-join.ts';
import { checkLogParsers, type RecordField } from './check-log-parsers.ts';
import { planOrder } from './check-order.ts';
import { checkSliding, findWindow } from './check-sliding.ts';
import { checkTableFunction } from './check-table-function.ts';
import { checkValues } from './check-values.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Expression, Operator } from './plan.ts';
import { streamsRead } from './pump-order.ts';
import { rejectRecords } from './record-column.ts';
import { commonType, printType } from './sql-type.ts';
import type { FromItem, NamedWindow, Query, Select, SelectItem, SyntaxExpression } from './syntax.ts';
import { readWindowTerm } from './window-term.ts';

interface NamedItem {
  readonly name: string;
  readonly expression: Expression;
  readonly start: number;
  /** Written as `expression AS ROWTIME`. */
  readonly setsTime?: boolean;
  /** The record it is a field of. */
  readonly record?: string;
}

/** Checks a query and plans it. @throws StreamingSqlError at the first thing that does not fit */
export function checkQuery(query: Query, checker: Checker, catalog: Catalog): CheckedQuery {
  if (query.kind === 'values') return checkValues(query, checker);
  return query.kind === 'union' ? checkUnion(query, checker, catalog) : checkSelect(query, checker, catalog);
}

function checkUnion(query: Query & { kind: 'union' }, checker: Checker, catalog: Catalog): CheckedQuery {
  const sides = unionSides(query).map((side) => ({ side, checked: checkQuery(side, checker, catalog) }));
  const [first] = sides;
  if (sides.some(({ checked }) => streamsRead(checked.operator).length === 0))
    checker.fail(query.start, 'UNION ALL joins streams, VALUES is none, write a pump of its own for it');
  for (const { side, checked } of sides) rejectRecords(checked.columns, side.start, 'UNION ALL', checker);
  const columns = sides.reduce(
    (shared, { side, checked }) => shareColumns(shared, checked.columns, side, checker),
    first?.checked.columns ?? [],
  );
  const inputs = sides.map(({ checked }) => castColumns(checked, columns));
  return { operator: { kind: 'union', inputs }, columns };
}

/** The queries of a UNION ALL b UNION ALL c. */
function unionSides(query: Query): Query[] {
  const sides: Query[] = [];
  let left = query;
  for (; left.kind === 'union'; left = left.left) sides.unshift(left.right);
  return [left, ...sides];
}

function shareColumns(
  left: readonly ColumnPlan[],
  right: readonly ColumnPlan[],
  side: Query,
  checker: Checker,
): readonly ColumnPlan[] {
  if (left.length !== right.length) {
    checker.fail(
      side.start,
      `UNION ALL joins ${left.length} column(s) with ${right.length}, both sides need the same`,
    );
  }
  return left.map((column, index) => {
    const other = right[index] ?? column;
    const type = commonType(column.type, other.type);
    if (type !== undefined) return { name: column.name, type };
    return checker.fail(
      side.start,
      `Column ${index + 1} of UNION ALL is ${printType(column.type)} and ${printType(other.type)}, write CAST(… AS …)`,
    );
  });
}

/** Both sides of UNION ALL give the shared types. */
function castColumns({ operator, columns }: CheckedQuery, targets: readonly ColumnPlan[]): Operator {
  const items = targets.map(({ type }, index): Expression => {
    const column: Expression = { kind: 'column', index, type: columns[index]?.type ?? type };
    return printType(column.type) === printType(type) ? column : { kind: 'cast', operand: column, type };
  });
  return { kind: 'project', input: operator, items };
}

/** Any FROM item, joins included. */
export function checkFrom(item: FromItem, checker: Checker, catalog: Catalog): CheckedFrom {
  const nested = (query: Query) => checkQuery(query, checker, catalog);
  if (item.kind === 'join')
    return checkJoin(item, checker, catalog, (side) => checkFrom(side, checker, catalog));
  if (item.kind === 'tableFunction') return checkTableFunction(item, checker, nested);
  if (item.over !== null) {
    checker.fail(
      item.over.start,
      'A window after a stream only makes sense in a join, remove OVER or add JOIN',
    );
  }
  if (item.kind === 'subquery') return checkSubquery(item, checker, nested);
  if (catalog.references.some(({ name }) => name === item.name.value)) {
    checker.fail(
      item.start,
      `Reference table "${item.name.value}" cannot be read alone, join a stream with it`,
    );
  }
  return checkTable(item, checker, catalog);
}

function checkSelect(select: Select, checker: Checker, catalog: Catalog): CheckedQuery {
  const joined = withCondition(resolveWindows(select.from, select.windows, checker), select.where);
  const from = checkFrom(joined.from, checker, catalog);
  const env: Environment = { checker, scope: from.scope };
  const filtered = filter(from, joined.where, env);
  if (select.stagger !== null || select.groupBy.length > 0) return checkGrouped(select, filtered, env);
  if (select.having !== null) checker.fail(select.having.start, 'HAVING needs GROUP BY, write WHERE');
  const parsed = checkLogParsers(select, filtered, env);
  const sliding = checkSliding(parsed.rest, parsed.from, env);
  const items = checkItems(select.items, sliding.env, parsed.records);
  const order = { select, env: sliding.env, aliases: aliasesOf(select) };
  return finish(items, select, checker, (row) => planOrder(sliding.finish, row, order));
}

/** `OVER name` of a stream in FROM is the window that the WINDOW clause defines. */
function resolveWindows(item: FromItem, windows: readonly NamedWindow[], checker: Checker): FromItem {
  if (item.kind === 'join') {
    const [left, right] = [item.left, item.right].map((side) => resolveWindows(side, windows, checker));
    return { ...item, left: left!, right: right! };
  }
  if (item.kind === 'tableFunction' || item.over === null || item.over.base === null) return item;
  return { ...item, over: findWindow(item.over.base, windows, checker).window };
}

/** A comma join finds its condition in WHERE: the same rows, and equal columns become its key. */
function withCondition(
  from: FromItem,
  where: SyntaxExpression | null,
): { from: FromItem; where: SyntaxExpression | null } {
  if (from.kind !== 'join' || from.join !== 'cross' || where === null) return { from, where };
  return { from: { ...from, condition: where }, where: null };
}

function checkGrouped(select: Select, from: CheckedFrom, env: Environment): CheckedQuery {
  const { checker } = env;
  if (select.distinct)
    checker.fail(select.start, 'DISTINCT is not possible together with GROUP BY, remove it');
  const [window] = select.windows;
  if (window !== undefined)
    checker.fail(
      window.name.start,
      'WINDOW may not stand in a GROUP BY query, write a second pump over its result',
    );
  const grouping =
    select.stagger === null ? checkGroupBy(select, from, env) : checkStagger(select, from, env);
  const items = checkItems(select.items, grouping.env);
  const having = select.having === null ? null : checkPredicate(select.having, grouping.env);
  const { window: grouped } = grouping;
  const order = {
    select,
    env: grouping.env,
    aliases: aliasesOf(select),
    ...(grouped === null ? {} : { grouped }),
  };
  return finish(items, select, checker, (row) =>
    planOrder(() => keep(grouping.finish(), having), row, order),
  );
}

function filter(from: CheckedFrom, where: SyntaxExpression | null, env: Environment): CheckedFrom {
  if (where === null) return from;
  return {
    ...from,
    operator: { kind: 'filter', input: from.operator, predicate: checkPredicate(where, env) },
  };
}

function keep(input: Operator, predicate: Expression | null): Operator {
  return predicate === null ? input : { kind: 'filter', input, predicate };
}

/** The projection; an item with the alias ROWTIME becomes the time of the row instead of a column. */
function finish(
  named: readonly NamedItem[],
  select: Select,
  checker: Checker,
  plan: (row: { items: readonly Expression[]; rowtime: Expression | null }) => Operator,
): CheckedQuery {
  const override = named.find(
    ({ setsTime, expression }) => setsTime === true && expression.kind !== 'rowtime',
  );
  if (override !== undefined && override.expression.type.name !== 'TIMESTAMP') {
    checker.fail(override.start, `ROWTIME must be a TIMESTAMP, found ${printType(override.expression.type)}`);
  }
  const kept = named.filter((item) => item !== override);
  const items = kept.map(({ expression }) => expression);
  const columns: ColumnPlan[] = kept.map(({ name, expression, record }) => ({
    name,
    type: expression.type,
    ...(record === undefined ? {} : { record }),
  }));
  const operator = plan({ items, rowtime: override?.expression ?? null });
  return { operator: select.distinct ? distinct(operator, items, select, checker) : operator, columns };
}

function distinct(
  operator: Operator,
  items: readonly Expression[],
  select: Select,
  checker: Checker,
): Operator {
  const windows = items.flatMap((item) => readWindowTerm(item) ?? []);
  const [window] = windows;
  if (window === undefined) {
    return checker.fail(
      select.start,
      'SELECT DISTINCT on a stream needs a time term in its list, add FLOOR(ROWTIME TO MINUTE)',
    );
  }
  return planDistinct(operator, items, window);
}

function checkItems(
  items: readonly SelectItem[],
  env: Environment,
  records: ReadonlyMap<SyntaxExpression, readonly RecordField[]> = new Map(),
): NamedItem[] {
  return items.flatMap((item, index) => {
    if (item.kind === 'star') return expandStar(item, env);
    const { start } = item.expression;
    const name = item.alias?.value ?? defaultName(item.expression, index);
    const fields = records.get(item.expression);
    if (fields !== undefined) return fields.map((field) => ({ ...field, start, record: name }));
    const expression = checkExpression(item.expression, env);
    return [{ name, expression, start, setsTime: item.alias?.value === 'ROWTIME' }];
  });
}

function expandStar(item: SelectItem & { kind: 'star' }, env: Environment): NamedItem[] {
  const { qualifier } = item;
  const relations = env.scope.relations.filter(({ name }) => qualifier === null || name === qualifier.value);
  if (relations.length === 0) env.checker.fail(item.start, `Unknown stream "${qualifier?.value}" before .*`);
  return relations.flatMap((relation) =>
    relation.columns.map((column) => {
      const path = [relation.name, column.record, column.name].filter((part) => part != null);
      const parts = path.map((value) => ({ value, quoted: true, start: item.start }));
      const expression = checkExpression({ kind: 'name', start: item.start, parts }, env);
      return { name: column.name, expression, start: item.start, ...recordOf(column) };
    }),
  );
}

function recordOf({ record }: ColumnPlan): { record?: string } {
  return record === undefined ? {} : { record };
}

function defaultName(expression: SyntaxExpression, index: number): string {
  return (expression.kind === 'name' ? expression.parts.at(-1)?.value : undefined) ?? `EXPR$${index}`;
}

function aliasesOf(select: Select): ReadonlyMap<string, SyntaxExpression> {
  return new Map(
    select.items.flatMap((item) =>
      item.kind === 'expression' && item.alias !== null ? [[item.alias.value, item.expression] as const] : [],
    ),
  );
}
