/**
 * Streaming SQL the slow, obvious way: every function looks at all rows for each result. It shares no code with the
 * engine, keeps no state and knows nothing of incremental work.
 */

/** A row as the oracle sees it; `order` counts arrivals, so that equal times keep their order. */
export interface OracleRow {
  readonly k: string | null;
  readonly s: string;
  readonly v: number | null;
  readonly n: number | null;
  readonly time: number;
  readonly order: number;
}

export type Cell = string | number | boolean | null;

/** What comes out: the columns by position, behind them the row's ROWTIME. */
export type ResultRow = readonly Cell[];

/** One aggregate: its text in SQL and its value over the rows of a window, oldest first. */
export interface OracleAggregate {
  readonly sql: string;
  readonly type: string;
  readonly compute: (rows: readonly OracleRow[], now: number) => Cell;
}

const valuesOf = (rows: readonly OracleRow[], column: 'v' | 'n'): number[] =>
  rows.flatMap((row) => row[column] ?? []);
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const orNull = (values: readonly unknown[], value: () => Cell): Cell =>
  values.length === 0 ? null : value();

/** Mean of the squared deviations from the mean, over `count - less`. */
function variance(values: readonly number[], less: number): number | null {
  if (values.length <= less) return null;
  const mean = total(values) / values.length;
  return total(values.map((value) => (value - mean) ** 2)) / (values.length - less);
}

const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value));

/** Aggregates that stand in GROUP BY queries and over windows alike. */
export const aggregates: readonly OracleAggregate[] = [
  { sql: 'COUNT(*)', type: 'BIGINT', compute: (rows) => rows.length },
  { sql: 'COUNT("v")', type: 'BIGINT', compute: (rows) => valuesOf(rows, 'v').length },
  numeric('SUM("v")', 'DOUBLE', 'v', total),
  numeric('SUM("n")', 'BIGINT', 'n', total),
  numeric('AVG("v")', 'DOUBLE', 'v', (values) => total(values) / values.length),
  numeric('AVG("n")', 'INTEGER', 'n', (values) => Math.trunc(total(values) / values.length)),
  numeric('MIN("v")', 'DOUBLE', 'v', (values) => Math.min(...values)),
  numeric('MAX("n")', 'INTEGER', 'n', (values) => Math.max(...values)),
  { sql: 'VAR_POP("v")', type: 'DOUBLE', compute: (rows) => variance(valuesOf(rows, 'v'), 0) },
  { sql: 'VAR_SAMP("v")', type: 'DOUBLE', compute: (rows) => variance(valuesOf(rows, 'v'), 1) },
  { sql: 'STDDEV_POP("v")', type: 'DOUBLE', compute: (rows) => root(variance(valuesOf(rows, 'v'), 0)) },
  { sql: 'STDDEV_SAMP("n")', type: 'DOUBLE', compute: (rows) => root(variance(valuesOf(rows, 'n'), 1)) },
  { sql: 'FIRST_VALUE("v")', type: 'DOUBLE', compute: (rows) => rows[0]?.v ?? null },
  { sql: 'LAST_VALUE("n")', type: 'INTEGER', compute: (rows) => rows.at(-1)?.n ?? null },
  {
    sql: 'MIN("k")',
    type: 'VARCHAR(8)',
    compute: (rows) => rows.flatMap(({ k }) => k ?? []).sort()[0] ?? null,
  },
  {
    sql: 'ANY("v" > 0)',
    type: 'BOOLEAN',
    compute: (rows) => orNull(valuesOf(rows, 'v'), () => valuesOf(rows, 'v').some((value) => value > 0)),
  },
  {
    sql: 'EVERY("v" > 0)',
    type: 'BOOLEAN',
    compute: (rows) => orNull(valuesOf(rows, 'v'), () => valuesOf(rows, 'v').every((value) => value > 0)),
  },
];

/** Aggregates that need a window. */
export const windowAggregates: readonly OracleAggregate[] = [
  ...aggregates,
  { sql: 'LAG("v", 2, -1)', type: 'DOUBLE', compute: (rows) => (rows.length < 3 ? -1 : rows.at(-3)!.v) },
  { sql: 'NTH_VALUE("v", 2)', type: 'DOUBLE', compute: (rows) => rows[1]?.v ?? null },
];

/** Weights halve every `halfMillis` going back. */
export const exponentialAverage: OracleAggregate = {
  sql: `EXP_AVG("v", INTERVAL '5' SECOND)`,
  type: 'DOUBLE',
  compute: (rows, now) => {
    const weighed = rows.flatMap(({ v, time }) =>
      v === null ? [] : [[v, 2 ** ((time - now) / 5000)] as const],
    );
    return orNull(weighed, () => total(weighed.map(([v, w]) => v * w)) / total(weighed.map(([, w]) => w)));
  },
};

function numeric(
  sql: string,
  type: string,
  column: 'v' | 'n',
  compute: (values: readonly number[]) => number,
): OracleAggregate {
  return {
    sql,
    type,
    compute: (rows) => orNull(valuesOf(rows, column), () => compute(valuesOf(rows, column))),
  };
}

/** Rows in ROWTIME order; equal times in order of arrival. */
export function inOrder(rows: readonly OracleRow[]): OracleRow[] {
  return rows.toSorted((a, b) => a.time - b.time || a.order - b.order);
}

/** Start and end of the window that a time lies in. */
export type WindowOf = (time: number) => readonly [start: number, end: number];

/** Windows of fixed width, one of which starts at `origin`. */
export const fixedWindow =
  (width: number, origin = 0): WindowOf =>
  (time) => {
    const start = Math.floor((time - origin) / width) * width + origin;
    return [start, start + width];
  };

/** A month or a year of the calendar, in UTC. */
export const calendarWindow =
  (unit: 'MONTH' | 'YEAR'): WindowOf =>
  (time) => {
    const date = new Date(time);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return unit === 'YEAR'
      ? [Date.UTC(year, 0), Date.UTC(year + 1, 0)]
      : [Date.UTC(year, month), Date.UTC(year, month + 1)];
  };

type KeyOf = (row: OracleRow) => readonly Cell[];

/** The rows grouped by a key, groups in order of their first row. */
function groupsOf(rows: readonly OracleRow[], keyOf: (row: OracleRow) => readonly unknown[]): OracleRow[][] {
  const keys = [...new Set(rows.map((row) => JSON.stringify(keyOf(row))))];
  return keys.map((key) => rows.filter((row) => JSON.stringify(keyOf(row)) === key));
}

/** GROUP BY keys and a tumbling window: keys, aggregates, ROWTIME the end. */
export function tumble(
  rows: readonly OracleRow[],
  windowOf: WindowOf,
  keyOf: KeyOf,
  calls: readonly OracleAggregate[],
): ResultRow[] {
  return groupsOf(inOrder(rows), (row) => [windowOf(row.time)[1], ...keyOf(row)]).map((group) => {
    const [, end] = windowOf(group[0]!.time);
    return [...keyOf(group[0]!), ...calls.map(({ compute }) => compute(group, end)), end];
  });
}

/** Which of the earlier rows of its partition a row's window holds; `back` counts rows from the newest. */
export type Inside = (row: OracleRow, at: OracleRow, back: number) => boolean;

export interface SlidingCalls {
  readonly inside: Inside;
  readonly keyOf: KeyOf;
  readonly calls: readonly OracleAggregate[];
}

/** Several windows in one SELECT: one result for each row, with its ROWTIME. */
export function slide(rows: readonly OracleRow[], windows: readonly SlidingCalls[]): ResultRow[] {
  const sorted = inOrder(rows);
  return sorted.map((at, index) => {
    const cells = windows.flatMap(({ inside, keyOf, calls }) => {
      const key = JSON.stringify(keyOf(at));
      const partition = sorted.slice(0, index + 1).filter((row) => JSON.stringify(keyOf(row)) === key);
      const seen = partition.filter((row, position) => inside(row, at, partition.length - 1 - position));
      return calls.map(({ compute }) => compute(seen, at.time));
    });
    return [at.k, ...cells, at.time];
  });
}

/** WINDOWED BY STAGGER: a key's first row opens a window of fixed length, the next row after it another. */
export function stagger(
  rows: readonly OracleRow[],
  length: number,
  keyOf: KeyOf,
  calls: readonly OracleAggregate[],
): ResultRow[] {
  return groupsOf(inOrder(rows), keyOf).flatMap((group) => {
    const windows: OracleRow[][] = [];
    for (const row of group) {
      const open = windows.at(-1);
      if (open === undefined || row.time >= open[0]!.time + length) windows.push([row]);
      else open.push(row);
    }
    return windows.map((seen) => {
      const close = seen[0]!.time + length;
      return [...keyOf(seen[0]!), ...calls.map(({ compute }) => compute(seen, close)), close];
    });
  });
}

/** SELECT DISTINCT with a time term: every combination once for each window, ROWTIME its end. */
export function distinct(rows: readonly OracleRow[], windowOf: WindowOf, keyOf: KeyOf): ResultRow[] {
  return groupsOf(inOrder(rows), (row) => [windowOf(row.time)[1], ...keyOf(row)]).map(([first]) => [
    ...keyOf(first!),
    windowOf(first!.time)[1],
  ]);
}

/** TOP_K_ITEMS_TUMBLING: the most frequent values of each window, equal ones by the value, NULL last. */
export function topItems(rows: readonly OracleRow[], width: number, limit: number): ResultRow[] {
  const windowOf = fixedWindow(width);
  return groupsOf(inOrder(rows), (row) => [windowOf(row.time)[1]]).flatMap((window) => {
    const counted = groupsOf(window, ({ k }) => [k]).map((group) => [group[0]!.k, group.length] as const);
    counted.sort(([a, m], [b, n]) => n - m || (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
    return counted.slice(0, limit).map(([k, count]) => [k, count, windowOf(window[0]!.time)[1]]);
  });
}

/** NULL comes after every value. */
function compareCells(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}

/** ORDER BY a window, "v" [, "k" DESC]: the rows of each window sorted, equal ones as they came. */
export function sortWithin(
  rows: readonly OracleRow[],
  windowOf: WindowOf,
  descending: boolean,
  byKey: boolean,
): ResultRow[] {
  return inOrder(rows)
    .toSorted(
      (a, b) =>
        windowOf(a.time)[0] - windowOf(b.time)[0] ||
        (descending ? -1 : 1) * compareCells(a.v, b.v) ||
        (byKey ? -compareCells(a.k, b.k) : 0),
    )
    .map(({ k, v, n, time }) => [k, v, n, time]);
}
