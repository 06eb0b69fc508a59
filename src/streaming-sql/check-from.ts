import { didYouMean } from '../sql/index.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Operator, ReferencePlan, StreamPlan } from './plan.ts';
import { pseudoColumns } from './pseudo-columns.ts';
import { columnUnits } from './record-column.ts';
import type { Relation, Scope } from './scope.ts';
import type { FromItem, Identifier, Query } from './syntax.ts';

/** What a query may read: the source's streams, the in-application streams and the reference tables. */
export interface Catalog {
  readonly sources: readonly StreamPlan[];
  readonly streams: readonly StreamPlan[];
  readonly references: readonly ReferencePlan[];
}

/** A checked FROM clause: the operator that makes its rows, and the names that stand for their columns. */
export interface CheckedFrom {
  readonly operator: Operator;
  readonly scope: Scope;
  readonly width: number;
}

/** A checked query: its operator and the names and types of the columns that come out. */
export interface CheckedQuery {
  readonly operator: Operator;
  readonly columns: readonly ColumnPlan[];
}

export type CheckQuery = (query: Query) => CheckedQuery;

/** A single stream or sub-query in FROM; joins are checked by their own file. */
export function checkTable(
  item: FromItem & { kind: 'table' },
  checker: Checker,
  catalog: Catalog,
): CheckedFrom {
  const source = catalog.sources.find(({ name }) => name === item.name.value);
  const stream = source ?? catalog.streams.find(({ name }) => name === item.name.value);
  if (stream === undefined) return failUnknownStream(item.name, checker, catalog);
  const hidden = source === undefined ? [] : pseudoColumns;
  const relation = relate(item.alias ?? item.name, rename(stream.columns, item.columns, checker), hidden);
  return {
    operator: { kind: 'scan', stream: stream.name },
    scope: { relations: [relation] },
    width: stream.columns.length + hidden.length,
  };
}

export function checkSubquery(
  item: FromItem & { kind: 'subquery' },
  checker: Checker,
  checkQuery: CheckQuery,
): CheckedFrom {
  const { operator, columns } = checkQuery(item.query);
  const relation = relate(item.alias, rename(columns, item.columns, checker), []);
  return { operator, scope: { relations: [relation] }, width: columns.length };
}

export function relate(
  name: Identifier | null,
  columns: readonly ColumnPlan[],
  hidden: readonly ColumnPlan[],
): Relation {
  return { name: name?.value ?? null, columns, hidden, offset: 0, rowtimeIndex: null, timeless: false };
}

/** `AS alias (a, b)` renames the columns by position; a record has one name for all its fields. */
export function rename(
  columns: readonly ColumnPlan[],
  names: readonly Identifier[],
  checker: Checker,
): readonly ColumnPlan[] {
  const [first] = names;
  if (first === undefined) return columns;
  const units = columnUnits(columns);
  if (names.length !== units.length) {
    checker.fail(first.start, `Column list has ${names.length} name(s) for ${units.length} column(s)`);
  }
  return units.flatMap((unit, index) => {
    const name = names[index]?.value;
    if (name === undefined) return unit;
    return unit.map((column) =>
      column.record === undefined ? { ...column, name } : { ...column, record: name },
    );
  });
}

export function failUnknownStream(name: Identifier, checker: Checker, catalog: Catalog): never {
  const names = [...catalog.sources, ...catalog.streams, ...catalog.references].map((known) => known.name);
  const folded = name.quoted
    ? undefined
    : names.find((known) => known.toUpperCase() === name.value && known !== name.value);
  const hint =
    folded === undefined
      ? didYouMean(name.value, names) || `, known are ${names.map((known) => `"${known}"`).join(', ')}`
      : `, unquoted names fold to upper case, write "${folded}" in double quotes`;
  return checker.fail(name.start, `Unknown stream "${name.value}"${hint}`);
}
