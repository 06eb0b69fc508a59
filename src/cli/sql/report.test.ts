import { describe, expect, test } from 'vitest';
import { inFolder, mesonet, schema, windows } from './sql.test-support.ts';

describe('mesonet sql report', () => {
  test('prints each statement with its constructs and back ends, and whether it compiles', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    expect(await mesonet(['sql', 'report', 'w.sql', '--partition-key', 'k'])).toEqual({
      code: 0,
      stderr: '',
      stdout: `CREATE STREAM "OUT"  ok  w.sql:1:1
  uses    CREATE STREAM
  engine  native      the same statement
  lambda  native      holds no state of its own
  flink   native      a view, and a sink where it is an output

CREATE PUMP "P"  ok  w.sql:2:1
  uses    CREATE PUMP, GROUP BY, tumbling window (STEP), ROWTIME, SUM
  engine  native      the same statement
  lambda  native      one tumbling window, grouped by the stream's partition key
  flink   native      without records windows close by the clock, up to 2 s behind it; with a time column only after idleMillis, and not before the first record of a shard after a restart; rows of one window, and of several pumps into one stream, come in no given order; a sum of whole numbers beyond 2^53 comes out, where the engine reports an error

It compiles: 2 statements, 2 ok, 0 with warnings, 0 with errors
`,
    });
  });

  test('gives one JSON object and exit code 1 where a statement is wrong', async () => {
    inFolder(
      'bad.sql',
      `CREATE STREAM "A" (x INT);\nCREATE PUMP P AS INSERT INTO "A" SELECT STREAM nope FROM S_001;`,
    );
    inFolder('s.json', JSON.stringify({ ...schema, NamePrefix: 'S' }));
    const { code, stdout, stderr } = await mesonet([
      'sql',
      'report',
      'bad.sql',
      '--input',
      's.json',
      '--json',
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const impossible = { support: 'impossible', reason: 'it does not compile: Unknown column "NOPE"' };
    expect(JSON.parse(stdout)).toEqual({
      file: 'bad.sql',
      compiles: false,
      notes: [],
      statements: [
        expect.objectContaining({ kind: 'CREATE STREAM', name: 'A', status: 'ok', line: 1, column: 1 }),
        {
          kind: 'CREATE PUMP',
          name: 'P',
          line: 2,
          column: 48,
          status: 'error',
          message: 'Unknown column "NOPE"',
          problems: [{ line: 2, column: 48, message: 'Unknown column "NOPE"' }],
          constructs: ['CREATE PUMP'],
          backEnds: { engine: impossible, lambda: impossible, flink: impossible },
        },
      ],
    });
  });

  test('says what it cannot read', async () => {
    expect(await mesonet(['sql', 'report', 'none.sql'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "Cannot read 'none.sql': ENOENT: no such file or directory, open 'none.sql'\n",
    });
    inFolder('w.sql', windows);
    inFolder('torn.json', '{');
    const { code, stderr } = await mesonet(['sql', 'report', 'w.sql', '--input', 'torn.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot read 'torn.json': it is not valid JSON \(.*\)\n$/);
  });
});
