import { describe, expect, it } from 'vitest';
import { compileApplication, type InputSchema } from '../index.ts';
import { NotForFlinkError } from './flink-error.ts';
import { printFlinkJob } from './print-job.ts';

const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });
const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [column('k', 'VARCHAR(4)'), column('n', 'INTEGER'), column('x', 'DOUBLE')],
  },
};

function print(sql: string) {
  return printFlinkJob(compileApplication(sql, { input, file: 'folder/test.sql' }));
}

/** The view of stream O, whose one pump has this query. */
function view(columns: string, query: string): string {
  const { views } = print(`CREATE STREAM O (${columns}); CREATE PUMP P AS INSERT INTO O ${query};`);
  return views.at(-1)?.sql ?? '';
}

describe('printFlinkJob()', () => {
  it('converts every column to its declared type, by position', () => {
    expect(view('a VARCHAR(2), "b" INT', 'SELECT STREAM "k", "x" FROM S_001')).toBe(
      [
        'CREATE TEMPORARY VIEW `O` AS',
        'SELECT CAST(`k` AS VARCHAR(2)) AS `A`,',
        '  CAST(SIGN(`x`) * FLOOR(ABS(`x`) * 1.0000000000000002E0 + 0.5E0) AS INT) AS `b`,',
        '  `ROWTIME`',
        'FROM `P_1`',
        'WHERE `ERROR_NAME` IS NULL',
      ].join('\n'),
    );
  });

  it('gives rows that would fail to the error stream, and no guard where nothing can fail', () => {
    const { views, errors } = print(
      'CREATE STREAM O (a INT); CREATE PUMP P AS INSERT INTO O SELECT STREAM "n" / 2 FROM S_001;' +
        'CREATE STREAM Q (a INT); CREATE PUMP PQ AS INSERT INTO Q SELECT STREAM 2 / "n" FROM S_001;',
    );
    expect(errors.map(({ pump }) => pump)).toEqual(['PQ']);
    expect(views.map(({ name }) => name)).toEqual(['O', 'PQ_1', 'Q']);
    expect(views[1]?.sql).toContain("THEN 'DIVISION_BY_ZERO' END AS `ERROR_NAME`");
  });

  it('looks at the result of a branch only where the branch is taken', () => {
    const { views } = print(
      'CREATE STREAM O (a INT); CREATE PUMP P AS INSERT INTO O SELECT STREAM CASE WHEN "n" > 0 THEN 1 / "n" ELSE 0 END FROM S_001;',
    );
    expect(views[0]?.sql).toContain('CASE WHEN `n` > 0 THEN CASE WHEN');
  });

  it('moves a window over windows by the millisecond that Flink takes from their time', () => {
    const { views } = print(`CREATE STREAM A (k VARCHAR(4), n INT); CREATE STREAM O (n BIGINT, t TIMESTAMP);
      CREATE PUMP PA AS INSERT INTO A SELECT STREAM "k", COUNT(*) FROM S_001 AS s GROUP BY "k", FLOOR(s.ROWTIME TO MINUTE);
      CREATE PUMP PO AS INSERT INTO O SELECT STREAM SUM(n), ROWTIME FROM A GROUP BY FLOOR(A.ROWTIME TO HOUR);`);
    const text = views.map(({ sql }) => sql).join('\n');
    expect(text).toContain(
      'width_millis => CAST(3600000 AS BIGINT), origin_millis => CAST(3599999 AS BIGINT)',
    );
    expect(text).toContain("CAST(`window_start` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `T`");
  });

  it('keeps names apart that the columns of windows have', () => {
    const { views } =
      print(`CREATE STREAM A ("window_start" VARCHAR(4), "ROWTIME" INT); CREATE STREAM O (a VARCHAR(4), n INT);
      CREATE PUMP PA AS INSERT INTO A SELECT STREAM "k", "n" FROM S_001;
      CREATE PUMP PO AS INSERT INTO O SELECT STREAM "window_start", COUNT(*) FROM A GROUP BY "window_start", STEP(A.ROWTIME BY INTERVAL '1' MINUTE);`);
    expect(views[0]?.sql).toContain('`k` AS `window_start_1`,\n  `n` AS `ROWTIME_1`');
  });

  it('refuses a window over rows that have lost their time', () => {
    const windowOverJoin = `CREATE STREAM J (k VARCHAR(4)); CREATE STREAM O (n BIGINT);
      CREATE PUMP PJ AS INSERT INTO J SELECT STREAM a."k" FROM S_001 OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS a JOIN S_001 AS b ON a."k" = b."k";
      CREATE PUMP PO AS INSERT INTO O SELECT STREAM COUNT(*) FROM J GROUP BY STEP(J.ROWTIME BY INTERVAL '1' MINUTE);`;
    expect(() => print(windowOverJoin)).toThrow(NotForFlinkError);
    expect(() => print(windowOverJoin)).toThrow(
      /^Cannot print pump "PO" as Flink SQL: .* needs a time attribute/,
    );
  });
});
