import type { Cell, OracleRow, ResultRow } from './streaming-sql-oracle.ts';

/** The window of one side of a join; none holds only the current row. */
export type JoinWindow =
  | { readonly kind: 'none' }
  | { readonly kind: 'range'; readonly millis: number }
  | { readonly kind: 'rows'; readonly count: number };

export interface JoinSpec {
  readonly kind: 'inner' | 'left' | 'right' | 'full' | 'cross';
  readonly left: JoinWindow;
  readonly right: JoinWindow;
  /** Do two rows meet, their windows left aside? NULL keys never do. */
  readonly condition: (left: OracleRow, right: OracleRow) => boolean;
}

/** left "k", "v", right "k", "v", ROWTIME */
function joined(left: OracleRow | null, right: OracleRow | null, time: number): Cell[] {
  return [left?.k ?? null, left?.v ?? null, right?.k ?? null, right?.v ?? null, time];
}

const keepsLeft = ({ kind }: JoinSpec): boolean => kind === 'left' || kind === 'full';
const keepsRight = ({ kind }: JoinSpec): boolean => kind === 'right' || kind === 'full';

/** A join of two streams, by the closed rule where both windows go by time and by replaying the rows otherwise. */
export function join(lefts: readonly OracleRow[], rights: readonly OracleRow[], spec: JoinSpec): ResultRow[] {
  return spec.left.kind === 'rows' || spec.right.kind === 'rows'
    ? replayJoin(lefts, rights, spec)
    : rangeJoin(lefts, rights, spec);
}

/** Rows meet iff left.t lies between right.t - a and right.t + b; one that met none comes out when its window ends. */
function rangeJoin(lefts: readonly OracleRow[], rights: readonly OracleRow[], spec: JoinSpec): ResultRow[] {
  const a = spec.left.kind === 'range' ? spec.left.millis : 0;
  const b = spec.right.kind === 'range' ? spec.right.millis : 0;
  const meets = (left: OracleRow, right: OracleRow): boolean =>
    left.time >= right.time - a && left.time <= right.time + b && spec.condition(left, right);
  const pairs = lefts.flatMap((left) =>
    rights
      .filter((right) => meets(left, right))
      .map((right) => joined(left, right, Math.max(left.time, right.time))),
  );
  const lonelyLeft = lefts.filter((left) => keepsLeft(spec) && !rights.some((right) => meets(left, right)));
  const lonelyRight = rights.filter((right) => keepsRight(spec) && !lefts.some((left) => meets(left, right)));
  return [
    ...pairs,
    ...lonelyLeft.map((left) => joined(left, null, left.time + a)),
    ...lonelyRight.map((right) => joined(null, right, right.time + b)),
  ];
}

interface Event {
  readonly row: OracleRow;
  readonly isLeft: boolean;
}

/** Looks at all earlier rows of the other side whenever a row comes; left rows come first among equal times. */
function replayJoin(lefts: readonly OracleRow[], rights: readonly OracleRow[], spec: JoinSpec): ResultRow[] {
  const events: Event[] = [
    ...lefts.map((row) => ({ row, isLeft: true })),
    ...rights.map((row) => ({ row, isLeft: false })),
  ].toSorted(
    (x, y) => x.row.time - y.row.time || Number(y.isLeft) - Number(x.isLeft) || x.row.order - y.row.order,
  );
  const met = new Set<OracleRow>();
  const pairs = events.flatMap(({ row, isLeft }, index) => {
    const earlier = events.slice(0, index).filter((event) => event.isLeft !== isLeft);
    const seen = windowAt(
      earlier.map((event) => event.row),
      isLeft ? spec.right : spec.left,
      row.time,
    );
    return seen
      .filter((other) => (isLeft ? spec.condition(row, other) : spec.condition(other, row)))
      .map((other) => {
        met.add(row).add(other);
        return isLeft ? joined(row, other, row.time) : joined(other, row, row.time);
      });
  });
  return [
    ...pairs,
    ...(keepsLeft(spec) ? lonely(events, true, spec.left, met) : []),
    ...(keepsRight(spec) ? lonely(events, false, spec.right, met) : []),
  ];
}

function windowAt(rows: readonly OracleRow[], window: JoinWindow, now: number): readonly OracleRow[] {
  if (window.kind === 'rows') return rows.slice(Math.max(0, rows.length - window.count));
  const millis = window.kind === 'range' ? window.millis : 0;
  return rows.filter(({ time }) => time >= now - millis);
}

/** Rows of one side that met none, with the time they left their window; those still in it have not come out. */
function lonely(
  events: readonly Event[],
  isLeft: boolean,
  window: JoinWindow,
  met: ReadonlySet<OracleRow>,
): ResultRow[] {
  const own = events.filter((event) => event.isLeft === isLeft).map(({ row }) => row);
  return own.flatMap((row, index) => {
    if (met.has(row)) return [];
    const end =
      window.kind === 'rows'
        ? own[index + window.count]?.time
        : row.time + (window.kind === 'range' ? window.millis : 0);
    return end === undefined ? [] : [isLeft ? joined(row, null, end) : joined(null, row, end)];
  });
}

/** A reference table looked up for each row: `LEFT` keeps rows that find nothing. */
export function lookUp(
  rows: readonly OracleRow[],
  table: readonly (readonly [key: string | null, low: number])[],
  keepsAll: boolean,
): ResultRow[] {
  return rows.flatMap((row) => {
    const found = table.filter(
      ([key, low]) => key !== null && key === row.k && row.v !== null && row.v > low,
    );
    if (found.length === 0) return keepsAll ? [[row.k, row.v, null, row.time]] : [];
    return found.map(([, low]) => [row.k, row.v, low, row.time]);
  });
}
