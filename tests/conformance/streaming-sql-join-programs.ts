import fc from 'fast-check';
import { type JoinSpec, type JoinWindow, join } from './streaming-sql-join-oracle.ts';
import { inOrder } from './streaming-sql-oracle.ts';
import type { Program } from './streaming-sql-programs.ts';
import { COLUMNS, isX } from './streaming-sql-sources.ts';

const joinWindow: fc.Arbitrary<JoinWindow> = fc.oneof(
  fc.constant<JoinWindow>({ kind: 'none' }),
  fc.integer({ min: 0, max: 20 }).map((n): JoinWindow => ({ kind: 'range', millis: n * 1000 })),
  fc.integer({ min: 1, max: 5 }).map((count): JoinWindow => ({ kind: 'rows', count })),
);

function printWindow(window: JoinWindow): string {
  if (window.kind === 'none') return '';
  if (window.kind === 'rows') return `OVER (ROWS ${window.count} PRECEDING)`;
  return `OVER (RANGE INTERVAL '${window.millis / 1000}' SECOND PRECEDING)`;
}

/** Joins of two streams, of every kind and with every pair of windows that the dialect allows. */
export const joinPrograms: fc.Arbitrary<Program> = fc
  .record({
    kind: fc.constantFrom('inner', 'left', 'right', 'full', 'cross'),
    left: joinWindow,
    right: joinWindow,
    less: fc.boolean(),
  })
  .filter(({ kind, left, right }) => kind === 'cross' || left.kind !== 'none' || right.kind !== 'none')
  .map(({ kind, left, right, less }) => {
    const spec: JoinSpec = {
      kind: kind as JoinSpec['kind'],
      left,
      right,
      condition: (l, r) =>
        kind === 'cross' ||
        (l.k !== null && l.k === r.k && (!less || (l.v !== null && r.v !== null && l.v < r.v))),
    };
    const on = kind === 'cross' ? '' : `ON l."k" = r."k" ${less ? 'AND l."v" < r."v"' : ''}`;
    return {
      sql: `CREATE STREAM L ${COLUMNS}; CREATE STREAM R ${COLUMNS};
        CREATE STREAM "OUT" ("a" VARCHAR(8), "b" DOUBLE, "c" VARCHAR(8), "d" DOUBLE);
        CREATE PUMP PL AS INSERT INTO L SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "s" = 'x';
        CREATE PUMP PR AS INSERT INTO R SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "s" = 'y';
        CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM l."k", l."v", r."k", r."v"
        FROM L ${printWindow(left)} AS l ${kind.toUpperCase()} JOIN R ${printWindow(right)} AS r ${on}`,
      expected: (rows) => join(inOrder(rows.filter(isX)), inOrder(rows.filter((row) => !isX(row))), spec),
      keyColumns: null,
      windowOf: null,
      reaches: () => true,
      hasOrder: true,
      isSequence: false,
    };
  });
