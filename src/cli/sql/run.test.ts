import { describe, expect, test } from 'vitest';
import { inFolder, mesonet, schema, windows } from './sql.test-support.ts';

describe('mesonet sql run', () => {
  const rows = `{"$arrival":1000,"k":"a","v":1}
{"$arrival":2000,"k":"b","v":2}
{"k":"a","v":3}
{"k":"a","v":"three"}
not JSON
{"$arrival":12000,"k":"a","v":5}
`;

  test('prints rows with stream and time, refused rows, and windows still open at the end', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    const { code, stdout, stderr } = await mesonet(['sql', 'run', 'w.sql', '--rows', '-', '--json'], {
      stdin: rows,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const error = { $stream: 'error_stream', ERROR_LEVEL: 'ERROR', PUMP_NAME: '' };
    const at = (millis: number) => {
      const time = new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
      return { $rowtime: millis, ERROR_TIME: time, DATA_ROWTIME: time };
    };
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        ...error,
        ...at(2002),
        ERROR_NAME: 'COERCION_ERROR',
        MESSAGE: 'Column "v" cannot hold "three" as INTEGER',
        DATA_ROW: Buffer.from('{"k":"a","v":"three"}').toString('hex'),
      },
      {
        ...error,
        ...at(2003),
        ERROR_NAME: 'RECORD_FORMAT',
        MESSAGE: 'Record is no JSON object',
        DATA_ROW: Buffer.from('not JSON').toString('hex'),
      },
      { $stream: 'OUT', $rowtime: 10_000, k: 'a', sum: 4 },
      { $stream: 'OUT', $rowtime: 10_000, k: 'b', sum: 2 },
      { $stream: 'OUT', $rowtime: 20_000, k: 'a', sum: 5 },
    ]);
  });

  test('prints tables for people', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    inFolder('rows.jsonl', '{"k":"a","v":1}\n{"v":20}\n');
    expect(await mesonet(['sql', 'run', 'w.sql', '--rows', 'rows.jsonl'])).toEqual({
      code: 0,
      stderr: '',
      stdout: `OUT
  $rowtime  k     sum
     10000  a       1
     10000  NULL   20
2 records, 2 rows in, 2 rows out (0 corrections), 0 errors, 0 late
`,
    });
  });

  test('keeps shards apart: the slower one holds windows open', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    inFolder(
      'shards.jsonl',
      `{"$arrival":11000,"$shard":"s0","k":"a","v":1}\n{"$arrival":9000,"$shard":"s1","k":"a","v":2}\n`,
    );
    const { stdout } = await mesonet(['sql', 'run', 'w.sql', '--rows', 'shards.jsonl', '--json']);
    expect(stdout).toBe(
      '{"$stream":"OUT","$rowtime":10000,"k":"a","sum":2}\n{"$stream":"OUT","$rowtime":20000,"k":"a","sum":1}\n',
    );
  });

  test('goes by a column, corrects windows and prints what came too late', async () => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    inFolder(
      'events.jsonl',
      [1000, 12_000, 2000, 40_000, 3000].map((at) => `{"k":"a","v":1,"at":${at}}`).join('\n'),
    );
    const { stdout } = await mesonet(
      'sql run w.sql --rows events.jsonl --time-column at --allowed-lateness 5000 --json'.split(' '),
    );
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { $stream: 'OUT', $rowtime: 10_000, k: 'a', sum: 1 },
      { $stream: 'OUT', $rowtime: 10_000, $revision: 2, k: 'a', sum: 2 },
      { $stream: 'OUT', $rowtime: 20_000, k: 'a', sum: 1 },
      { $stream: 'late_rows', $rowtime: 3000, $windowEnd: 10_000, $pump: 'P', row: expect.anything() },
      { $stream: 'OUT', $rowtime: 50_000, k: 'a', sum: 1 },
    ]);
  });

  test.each([
    [['--rows', 'none.jsonl'], "Cannot read rows from 'none.jsonl': ENOENT"],
    [
      ['--rows', 'odd.jsonl'],
      `Cannot use "$arrival" in line 1 of 'odd.jsonl': found "soon", wanted milliseconds`,
    ],
    [
      ['--rows', '-', '--reference', 'T=t.csv'],
      "Cannot use reference table 'T': the input schema has no such table",
    ],
    [
      ['--rows', '-', '--allowed-lateness', '1'],
      'Cannot use --out-of-order or --allowed-lateness without --time-column',
    ],
    [
      ['--rows', '-', '--time-column', 'k'],
      'Time column "k" must be a TIMESTAMP or BIGINT column of the input',
    ],
  ])('refuses %j with a sentence', async (args, sentence) => {
    inFolder('w.sql', windows);
    inFolder('w.input.json', JSON.stringify(schema));
    inFolder('odd.jsonl', '{"$arrival":"soon"}');
    const { code, stdout, stderr } = await mesonet(['sql', 'run', 'w.sql', ...args]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(sentence),
    });
  });
});
