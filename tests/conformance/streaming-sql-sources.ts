import { aggregates, fixedWindow, inOrder, type OracleRow, tumble } from './streaming-sql-oracle.ts';

/** What a query reads: a stream or a sub-query with the columns "k", "s", "v", "n". */
export interface Source {
  readonly setup: string;
  readonly from: string;
  readonly name: string;
  readonly rows: (rows: readonly OracleRow[]) => OracleRow[];
  /** The groups of a window come in the order in which their first rows came. */
  readonly isGrouped?: true;
}

/** The columns of every stream that random programs read. */
export const COLUMNS = '("k" VARCHAR(8), "s" VARCHAR(8), "v" DOUBLE, "n" INTEGER)';

/** The source itself. */
export const direct: Source = { setup: '', from: 'S_001', name: 'S_001', rows: inOrder };

const branches = (rows: readonly OracleRow[], tests: readonly ((row: OracleRow) => boolean)[]): OracleRow[] =>
  inOrder(rows).flatMap((row) =>
    tests.flatMap((test, branch) =>
      test(row) ? [{ ...row, order: row.order * tests.length + branch }] : [],
    ),
  );

export const isPositive = ({ v }: OracleRow): boolean => v !== null && v > 0;
export const isX = ({ s }: OracleRow): boolean => s === 'x';

/** Streams and sub-queries made of the source: filtered, merged, united, grouped, renamed. */
export const derived: readonly Source[] = [
  {
    setup: `CREATE STREAM M ${COLUMNS};
      CREATE PUMP PM AS INSERT INTO M SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "v" > 0;`,
    from: 'M',
    name: 'M',
    rows: (rows) => inOrder(rows).filter(isPositive),
  },
  {
    setup: `CREATE STREAM M ${COLUMNS};
      CREATE PUMP PM1 AS INSERT INTO M ("k", "s", "v", "n") SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "v" > 0;
      CREATE PUMP PM2 AS INSERT INTO M ("n", "v", "s", "k") SELECT STREAM "n", "v", "s", "k" FROM S_001 WHERE "s" = 'x';`,
    from: 'M AS m',
    name: 'm',
    rows: (rows) => branches(rows, [isPositive, isX]),
  },
  {
    setup: '',
    from: `(SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "v" > 0
      UNION ALL SELECT STREAM "k", "s", "v", "n" FROM S_001 WHERE "s" = 'x') AS u`,
    name: 'u',
    rows: (rows) => branches(rows, [isPositive, isX]),
  },
  {
    setup: `CREATE STREAM M ${COLUMNS};
      CREATE PUMP PM AS INSERT INTO M SELECT STREAM "k", 'x', SUM("v"), COUNT(*) FROM S_001
      GROUP BY "k", STEP(S_001.ROWTIME BY INTERVAL '4' SECOND);`,
    from: 'M',
    name: 'M',
    isGrouped: true,
    rows: (rows) => {
      const [count, sum] = [aggregates[0]!, aggregates[2]!];
      const windows = tumble(rows, fixedWindow(4000), ({ k }) => [k], [sum, count]);
      return windows.map(([k, v, n, time], order) => ({ k, s: 'x', v, n, time, order }) as OracleRow);
    },
  },
  {
    setup: '',
    from: `(SELECT STREAM "s", "k", "n", "v" * 2 FROM S_001) AS q("s", "k", "n", "v")`,
    name: 'q',
    rows: (rows) => inOrder(rows).map((row) => ({ ...row, v: row.v === null ? null : row.v * 2 })),
  },
];
