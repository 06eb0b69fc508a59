import { describe, expect, test } from 'vitest';
import { inFolder, mesonet, schema, windows } from './sql.test-support.ts';

const newestRows = `CREATE STREAM "OUT" ("n" INT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM a."v"
FROM SOURCE_SQL_STREAM_001 OVER (ROWS 2 PRECEDING) AS a JOIN SOURCE_SQL_STREAM_001 AS b ON a."k" = b."k";
`;

describe('mesonet sql flink', () => {
  test('prints the script, and the report on standard error', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    const { code, stdout, stderr } = await mesonet(['sql', 'flink', 'w.sql']);
    expect(code).toBe(0);
    expect(stderr).toContain('CREATE PUMP "P"  ok  w.sql:2:1');
    expect(stdout).toContain(
      "FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '10' SECOND))",
    );
    expect(stdout).toMatch(/^-- w: Flink SQL 2\.2.*\nEND;\n$/s);
  });

  test('prints the job document, with the time that was asked for', async () => {
    inFolder('w.sql', windows);
    inFolder('s.json', JSON.stringify(schema));
    const arguments_ = ['sql', 'flink', 'w.sql', '--input', 's.json', '--job', '--time-column', 'at'];
    const { code, stdout } = await mesonet(arguments_);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      application: 'w',
      source: { views: ['SOURCE_SQL_STREAM_001'], time: { kind: 'column', column: 'at' } },
      outputs: [{ stream: 'OUT', query: 'SELECT `k`, `sum` FROM `OUT`' }],
    });
  });

  test('refuses what Flink cannot say, with its place and nothing on standard output', async () => {
    inFolder('rows.sql', newestRows);
    inFolder('rows.input.json', JSON.stringify(schema));
    const { code, stdout, stderr } = await mesonet(['sql', 'flink', 'rows.sql']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('flink   impossible  a join window by ROWS holds the newest rows');
    expect(stderr).toContain('rows.sql:2:1: Cannot print pump "P" as Flink SQL: a join window by ROWS');
  });

  test('answers 1 for an application that does not compile, and for one without a schema', async () => {
    inFolder('wrong.sql', windows.replace('"v"', '"nope"'));
    inFolder('wrong.input.json', JSON.stringify(schema));
    const wrong = await mesonet(['sql', 'flink', 'wrong.sql']);
    expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('Unknown column "nope"');
    inFolder('bare.sql', windows);
    expect(await mesonet(['sql', 'flink', 'bare.sql'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        "Cannot print 'bare.sql' as Flink SQL: it has no input schema beside it, give one with --input\n",
    });
  });
});
