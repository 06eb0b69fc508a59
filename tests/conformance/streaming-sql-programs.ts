import fc from 'fast-check';
import { lookUp } from './streaming-sql-join-oracle.ts';
import {
  aggregates,
  type Cell,
  calendarWindow,
  distinct,
  exponentialAverage,
  fixedWindow,
  inOrder,
  type OracleAggregate,
  type OracleRow,
  type ResultRow,
  slide,
  sortWithin,
  stagger,
  topItems,
  tumble,
  type WindowOf,
  windowAggregates,
} from './streaming-sql-oracle.ts';
import { derived, direct, isPositive, type Source } from './streaming-sql-sources.ts';

/** A random program and what it must give: the columns of stream OUT by position, behind them ROWTIME. */
export interface Program {
  readonly sql: string;
  readonly expected: (rows: readonly OracleRow[]) => ResultRow[];
  /** How many leading columns are the key of a row that a correction replaces; null where none can be corrected. */
  readonly keyColumns: number | null;
  /** The window that decides when a row is late; null where rows are taken one by one. */
  readonly windowOf: WindowOf | null;
  /** Does a row come as far as the window, or does WHERE drop it before? */
  readonly reaches: (row: OracleRow) => boolean;
  /** Do rows of equal ROWTIME keep one order whatever order the source's rows come in? */
  readonly hasOrder: boolean;
  /** Must the rows come in the very order of `expected`? */
  readonly isSequence: boolean;
}

/** The reference table REF of every program: "key", "low". */
export const referenceTable: readonly (readonly [string | null, number])[] = [
  ['a', 0],
  ['a', 2],
  ['b', -5],
  [null, -100],
];

/** A query over a source, without INSERT INTO. */
interface Stage {
  readonly types: readonly string[];
  readonly query: (source: Source) => string;
  readonly expected: (rows: readonly OracleRow[]) => ResultRow[];
  readonly keyColumns: number | null;
  readonly windowOf: WindowOf | null;
  readonly reaches?: (row: OracleRow) => boolean;
  readonly isSequence?: true;
}

const keys = fc.subarray(['k', 's'] as const);
const keyOf =
  (names: readonly ('k' | 's')[]) =>
  (row: OracleRow): Cell[] =>
    names.map((name) => row[name]);
const quoted = (names: readonly string[]): string[] => names.map((name) => `"${name}"`);
const typesOf = (names: readonly string[]): string[] => names.map(() => 'VARCHAR(8)');
const calls = (list: readonly OracleAggregate[]): fc.Arbitrary<OracleAggregate[]> =>
  fc.subarray([...list], { minLength: 1, maxLength: 4 });

interface Term {
  readonly sql: (stream: string) => string;
  readonly windowOf: WindowOf;
}

const units = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 } as const;
const smallUnits = fc.constantFrom('SECOND', 'MINUTE', 'HOUR', 'DAY');

const steps: fc.Arbitrary<Term> = fc.record({ n: fc.integer({ min: 1, max: 40 }), shift: fc.nat(9) }).map(
  ({ n, shift }): Term => ({
    sql: (stream) =>
      shift === 0
        ? `STEP(${stream}.ROWTIME BY INTERVAL '${n}' SECOND)`
        : `STEP(${stream}.ROWTIME + INTERVAL '${shift}' SECOND BY INTERVAL '${n}' SECOND)`,
    windowOf: fixedWindow(n * 1000, -shift * 1000),
  }),
);
const floors: fc.Arbitrary<Term> = fc.oneof(
  smallUnits.map(
    (unit): Term => ({
      sql: (stream) => `FLOOR(${stream}.ROWTIME TO ${unit})`,
      windowOf: fixedWindow(units[unit]),
    }),
  ),
  fc.constant<Term>({
    sql: (stream) => `FLOOR(${stream}.ROWTIME TO WEEK)`,
    windowOf: fixedWindow(7 * units.DAY, 3 * units.DAY),
  }),
  fc.constantFrom('MONTH' as const, 'YEAR' as const).map(
    (unit): Term => ({
      sql: (stream) => `FLOOR(${stream}.ROWTIME TO ${unit})`,
      windowOf: calendarWindow(unit),
    }),
  ),
);
const epochs: fc.Arbitrary<Term> = fc
  .record({ n: fc.integer({ min: 1, max: 30 }), unit: fc.constantFrom('SECOND', 'MINUTE'), late: fc.nat(9) })
  .map(
    ({ n, unit, late }): Term => ({
      sql: (stream) =>
        `FLOOR((${stream}.ROWTIME - TIMESTAMP '1970-01-01 00:00:0${late}') ${unit} / ${n} TO ${unit})`,
      windowOf: fixedWindow(n * units[unit as 'SECOND'], late * 1000),
    }),
  );
const terms: fc.Arbitrary<Term> = fc.oneof(steps, floors, epochs);

const tumbling: fc.Arbitrary<Stage> = fc
  .record({ term: terms, names: keys, list: calls(aggregates), least: fc.nat(2), positive: fc.boolean() })
  .map(({ term, names, list, least, positive }) => ({
    types: [...typesOf(names), ...list.map(({ type }) => type)],
    query: ({ from, name }) => `SELECT STREAM ${[...quoted(names), ...list.map(({ sql }) => sql)].join(', ')}
      FROM ${from} ${positive ? 'WHERE "v" > 0' : ''} GROUP BY ${[...quoted(names), term.sql(name)].join(', ')}
      ${least > 1 ? `HAVING COUNT(*) >= ${least}` : ''}`,
    expected: (rows) => {
      const counted = [...list, aggregates[0]!];
      const kept = positive ? rows.filter(isPositive) : rows;
      const found = tumble(kept, term.windowOf, keyOf(names), counted);
      return found
        .filter((row) => least <= 1 || (row.at(-2) as number) >= least)
        .map((row) => [...row.slice(0, -2), row.at(-1)!]);
    },
    keyColumns: least > 1 ? null : names.length,
    windowOf: term.windowOf,
    reaches: (row) => !positive || isPositive(row),
  }));

interface Frame {
  readonly sql: string;
  readonly inside: (row: OracleRow, at: OracleRow, back: number) => boolean;
}

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map(
    (n): Frame => ({
      sql: `RANGE INTERVAL '${n}' SECOND PRECEDING`,
      inside: (row, at) => row.time >= at.time - n * 1000,
    }),
  ),
  fc.integer({ min: 0, max: 6 }).map(
    (n): Frame => ({
      sql: `ROWS ${n} PRECEDING`,
      inside: (_row, _at, back) => back <= n,
    }),
  ),
  fc.constant<Frame>({ sql: 'RANGE UNBOUNDED PRECEDING', inside: () => true }),
);

const isBounded = ({ sql }: Frame): boolean => !sql.includes('UNBOUNDED');
const isByTime = ({ sql }: Frame): boolean => sql.startsWith('RANGE INTERVAL');

const slidingWindow = fc.record({ frame: frames, names: keys }).chain(({ frame, names }) => {
  const list = [...(isBounded(frame) ? windowAggregates : aggregates)];
  return calls(isByTime(frame) ? [...list, exponentialAverage] : list).map((chosen) => ({
    frame,
    names,
    chosen,
  }));
});

const sliding: fc.Arbitrary<Stage> = fc
  .array(slidingWindow, { minLength: 1, maxLength: 3 })
  .map((windows) => ({
    types: ['VARCHAR(8)', ...windows.flatMap(({ chosen }) => chosen.map(({ type }) => type))],
    query: ({ from }) => {
      const columns = windows.flatMap(({ chosen }, index) =>
        chosen.map(({ sql }) => `${sql} OVER w${index}`),
      );
      const definitions = windows.map(({ frame, names }, index) => {
        const partition = names.length === 0 ? '' : `PARTITION BY ${quoted(names).join(', ')} `;
        return `w${index} AS (${partition}${frame.sql})`;
      });
      return `SELECT STREAM "k", ${columns.join(', ')} FROM ${from} WINDOW ${definitions.join(', ')}`;
    },
    expected: (rows) =>
      slide(
        rows,
        windows.map(({ frame, names, chosen }) => ({
          inside: frame.inside,
          keyOf: keyOf(names),
          calls: chosen,
        })),
      ),
    keyColumns: null,
    windowOf: null,
    isSequence: true,
  }));

const staggered: fc.Arbitrary<Stage> = fc
  .record({ seconds: fc.integer({ min: 1, max: 30 }), names: keys, list: calls(aggregates) })
  .filter(({ names }) => names.length > 0)
  .map(({ seconds, names, list }) => ({
    types: [...typesOf(names), ...list.map(({ type }) => type)],
    query: ({
      from,
    }) => `SELECT STREAM ${[...quoted(names), ...list.map(({ sql }) => sql)].join(', ')} FROM ${from}
      WINDOWED BY STAGGER (PARTITION BY ${quoted(names).join(', ')} RANGE INTERVAL '${seconds}' SECOND)`,
    expected: (rows) => stagger(rows, seconds * 1000, keyOf(names), list),
    keyColumns: null,
    windowOf: null,
  }));

const distinctItems: fc.Arbitrary<Stage> = fc
  .record({ term: floors, names: keys })
  .map(({ term, names }) => ({
    types: ['VARCHAR(8)', 'VARCHAR(8)'].slice(0, names.length).concat('VARCHAR(1)'),
    query: ({
      from,
      name,
    }) => `SELECT STREAM ${[...quoted(names), "'d'"].join(', ')} FROM (SELECT STREAM DISTINCT
    ${[...quoted(names), `${term.sql(name)} AS "m"`].join(', ')} FROM ${from}) AS d`,
    expected: (rows) =>
      distinct(rows, term.windowOf, keyOf(names)).map((row) => [...row.slice(0, -1), 'd', row.at(-1)!]),
    keyColumns: null,
    windowOf: null,
  }));

const topK: fc.Arbitrary<Stage> = fc
  .record({ limit: fc.integer({ min: 1, max: 4 }), seconds: fc.integer({ min: 1, max: 90 }) })
  .map(({ limit, seconds }) => ({
    types: ['VARCHAR(8)', 'BIGINT'],
    query: ({ from }) => `SELECT STREAM ITEM, ITEM_COUNT
      FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM "k" FROM ${from}), 'k', ${limit}, ${seconds}))`,
    expected: (rows) => topItems(rows, seconds * 1000, limit),
    keyColumns: null,
    windowOf: null,
  }));

const referenceJoin: fc.Arbitrary<Stage> = fc.boolean().map((keepsAll) => ({
  types: ['VARCHAR(8)', 'DOUBLE', 'DOUBLE'],
  query: ({ from, name }) => `SELECT STREAM ${name}."k", ${name}."v", r."low" FROM ${from}
    ${keepsAll ? 'LEFT ' : ''}JOIN REF AS r ON ${name}."k" = r."key" AND ${name}."v" > r."low"`,
  expected: (rows) => lookUp(inOrder(rows), referenceTable, keepsAll),
  keyColumns: null,
  windowOf: null,
}));

const sortedRows: fc.Arbitrary<Stage> = fc
  .record({ term: terms, descending: fc.boolean(), second: fc.boolean() })
  .map(({ term, descending, second }) => ({
    types: ['VARCHAR(8)', 'DOUBLE', 'INTEGER'],
    query: ({ from, name }) => `SELECT STREAM "k", "v", "n" FROM ${from}
      ORDER BY ${term.sql(name)}, "v" ${descending ? 'DESC' : 'ASC'}${second ? ', "k" DESC' : ''}`,
    expected: (rows) => sortWithin(rows, term.windowOf, descending, second),
    keyColumns: null,
    windowOf: null,
    isSequence: true,
  }));

const stages = fc.oneof(
  { weight: 5, arbitrary: tumbling },
  { weight: 5, arbitrary: sliding },
  { weight: 2, arbitrary: staggered },
  { weight: 1, arbitrary: distinctItems },
  { weight: 1, arbitrary: topK },
  { weight: 1, arbitrary: sortedRows },
  { weight: 1, arbitrary: referenceJoin },
);

function programOf(source: Source, stage: Stage): Program {
  const columns = stage.types.map((type, index) => `"c${index}" ${type}`).join(', ');
  return {
    sql: `${source.setup} CREATE STREAM "OUT" (${columns});
      CREATE PUMP "P" AS INSERT INTO "OUT" ${stage.query(source)}`,
    expected: (rows) => stage.expected(source.rows(rows)),
    keyColumns: stage.keyColumns,
    windowOf: stage.windowOf,
    reaches: stage.reaches ?? (() => true),
    hasOrder: source.isGrouped !== true,
    isSequence: stage.isSequence === true,
  };
}

/** Any window over the source itself, over filtered, merged, united or grouped streams. */
export const windowPrograms: fc.Arbitrary<Program> = fc
  .tuple(fc.constantFrom(direct, direct, ...derived), stages)
  .map(([source, stage]) => programOf(source, stage));

/** Windows over the source itself, for rows out of order. */
export const directPrograms: fc.Arbitrary<Program> = fc
  .oneof(tumbling, sliding, staggered)
  .map((stage) => programOf(direct, stage));
