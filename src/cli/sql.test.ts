import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const project = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
const inFolder = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-sql-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the real command line in the folder. */
async function mesonet(args: readonly string[], { stdin = '', cwd = folder } = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { code, stdout: await stdout, stderr: await stderr };
}

const schema = {
  NamePrefix: 'SOURCE_SQL_STREAM',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'INTEGER', Mapping: '$.v' },
      { Name: 'at', SqlType: 'BIGINT', Mapping: '$.at' },
    ],
  },
};
const windows = `CREATE STREAM "OUT" ("k" VARCHAR(4), "sum" INT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", SUM("v")
FROM SOURCE_SQL_STREAM_001 AS s GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);
`;

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
  flink   native      CREATE STREAM: a view, or a sink table where it is an output

CREATE PUMP "P"  ok  w.sql:2:1
  uses    CREATE PUMP, GROUP BY, tumbling window (STEP), ROWTIME, SUM
  engine  native      the same statement
  lambda  native      one tumbling window, grouped by the stream's partition key
  flink   native      tumbling window (STEP): TUMBLE, closed by the watermark instead of the clock; ROWTIME: event time or processing time must be chosen; ROWTIME of a window is window_end; SUM: the argument is widened: Flink keeps INT and overflows

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

describe('mesonet sql import', () => {
  const code = `CREATE STREAM "DEST" ("k" VARCHAR(4), "name" VARCHAR(8));
CREATE PUMP "P" AS INSERT INTO "DEST" SELECT STREAM s."k", n."name"
FROM SOURCE_SQL_STREAM_001 AS s LEFT JOIN "NAMES" AS n ON s."k" = n."k";`;
  const reference = {
    RecordFormat: { RecordFormatType: 'CSV' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)' },
      { Name: 'name', SqlType: 'VARCHAR(8)' },
    ],
  };
  const described = {
    ApplicationDetail: {
      ApplicationName: 'old-app',
      ApplicationCode: code,
      InputDescriptions: [
        {
          ...schema,
          InAppStreamNames: ['SOURCE_SQL_STREAM_001'],
          KinesisStreamsInputDescription: { ResourceARN: 'arn:aws:kinesis:eu-west-1:1:stream/in' },
        },
      ],
      OutputDescriptions: [
        {
          Name: 'DEST',
          KinesisStreamsOutputDescription: { ResourceARN: 'arn:aws:kinesis:eu-west-1:1:stream/out' },
        },
        { Name: 'DEST', LambdaOutputDescription: { ResourceARN: 'arn:aws:lambda:eu-west-1:1:function:f' } },
      ],
      ReferenceDataSourceDescriptions: [
        {
          TableName: 'NAMES',
          S3ReferenceDataSourceDescription: { BucketARN: 'arn:aws:s3:::bucket', FileKey: 'names.csv' },
          ReferenceSchema: reference,
        },
      ],
    },
  };

  test('writes the files of a DescribeApplication answer and says what is left to do', async () => {
    inFolder('app.json', JSON.stringify(described));
    const { code: exit, stdout, stderr } = await mesonet(['sql', 'import', 'app.json', '--out', 'v1']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toBe(`Wrote v1/old-app.sql and v1/old-app.input.json

note: output "DEST" went to a Lambda, give it a Kinesis stream that feeds it

Fetch the reference tables:
  aws s3 cp s3://bucket/names.csv v1/old-app.names.csv

Add to Mesonet::StreamingApplications in resources/windows.yml:
    - Name: old-app
      Code: v1/old-app.sql
      Input: ReadingsStream # choose the logical ID of arn:aws:kinesis:eu-west-1:1:stream/in
      Outputs:
        DEST:
          Stream: WindowsStream # choose the logical ID of arn:aws:kinesis:eu-west-1:1:stream/out
          PartitionKey: k
      References:
        NAMES:
          File: v1/old-app.names.csv

CREATE STREAM "DEST"  ok  v1/old-app.sql:1:1
  uses    CREATE STREAM
  engine  native      the same statement
  lambda  native      holds no state of its own
  flink   native      CREATE STREAM: a view, or a sink table where it is an output

CREATE PUMP "P"  ok  v1/old-app.sql:2:1
  uses    CREATE PUMP, reference join
  engine  native      the same statement
  lambda  native      row by row, without state
  flink   udf         reference join: a table function that loads the S3 object; a regular join would retract

It compiles: 2 statements, 2 ok, 0 with warnings, 0 with errors
`);
    expect(readFileSync(join(folder, 'v1/old-app.sql'), 'utf8')).toBe(`${code}\n`);
    expect(JSON.parse(readFileSync(join(folder, 'v1/old-app.input.json'), 'utf8'))).toEqual({
      ...schema,
      ReferenceDataSources: [{ TableName: 'NAMES', ReferenceSchema: reference }],
    });
    expect(await mesonet(['sql', 'import', 'app.json', '--out', 'v1'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "Cannot write 'v1/old-app.sql': it exists, overwrite it with --force\n",
    });
    expect((await mesonet(['sql', 'import', 'app.json', '--out', 'v1', '--force'])).code).toBe(0);
    inFolder('t.jsonl', '{"k":"a"}');
    inFolder('v1/old-app.names.csv', 'a,Anna\n');
    const run = 'sql run v1/old-app.sql --rows t.jsonl --json';
    expect((await mesonet(run.split(' '))).stdout).toBe(
      '{"$stream":"DEST","$rowtime":0,"k":"a","name":"Anna"}\n',
    );
  });

  test('takes version 2 of the API, and templates with outputs and reference tables beside', async () => {
    const { ApplicationDetail: detail } = described;
    const v2 = {
      ApplicationDetail: {
        ApplicationName: 'v2-app',
        RuntimeEnvironment: 'SQL-1_0',
        ApplicationConfigurationDescription: {
          ApplicationCodeConfigurationDescription: { CodeContentDescription: { TextContent: code } },
          SqlApplicationConfigurationDescription: {
            InputDescriptions: detail.InputDescriptions,
            ReferenceDataSourceDescriptions: detail.ReferenceDataSourceDescriptions,
          },
        },
      },
    };
    const application = (name: string) => ({ Ref: name });
    const template = {
      Resources: {
        In: { Type: 'AWS::Kinesis::Stream' },
        Cfn: {
          Type: 'AWS::KinesisAnalytics::Application',
          Properties: {
            ApplicationCode: { 'Fn::Join': ['\n', code.split('\n')] },
            Inputs: [{ ...schema, KinesisStreamsInput: { ResourceARN: { 'Fn::GetAtt': ['In', 'Arn'] } } }],
          },
        },
        CfnOutput: {
          Type: 'AWS::KinesisAnalytics::ApplicationOutput',
          Properties: {
            ApplicationName: application('Cfn'),
            Output: { Name: 'DEST', KinesisStreamsOutput: { ResourceARN: { 'Fn::GetAtt': 'Out.Arn' } } },
          },
        },
        CfnNames: {
          Type: 'AWS::KinesisAnalytics::ApplicationReferenceDataSource',
          Properties: {
            ApplicationName: application('Cfn'),
            ReferenceDataSource: { TableName: 'NAMES', ReferenceSchema: reference },
          },
        },
      },
    };
    inFolder('v2.json', JSON.stringify(v2));
    inFolder('template.json', JSON.stringify(template));
    expect((await mesonet(['sql', 'import', 'v2.json', '--out', 'v2'])).code).toBe(0);
    expect(readFileSync(join(folder, 'v2/v2-app.sql'), 'utf8')).toBe(`${code}\n`);
    const cfn = await mesonet(['sql', 'import', 'template.json', '--out', 'cfn']);
    expect(cfn).toMatchObject({ code: 0, stderr: '' });
    expect(cfn.stdout).toContain(`    - Name: Cfn
      Code: cfn/Cfn.sql
      Input: In
      Outputs:
        DEST:
          Stream: Out
          PartitionKey: k
`);
    expect(readFileSync(join(folder, 'cfn/Cfn.sql'), 'utf8')).toBe(`${code}\n`);
  });

  test.each([
    ['{}', 'Cannot find a SQL application: it has neither ApplicationDetail nor Resources'],
    ['[]', 'Cannot find a SQL application: it is not a JSON object'],
    ['{"Resources":{}}', 'the template has no AWS::KinesisAnalytics::Application'],
    [
      '{"ApplicationDetail":{"ApplicationName":"x","ApplicationCode":"SELECT 1"}}',
      "Cannot import application 'x': it has no input, its schema is needed",
    ],
    [
      JSON.stringify({ ApplicationDetail: { ...described.ApplicationDetail, ApplicationName: '../x' } }),
      "Cannot use '../x' as a file name",
    ],
  ])('refuses %s with a sentence', async (content, sentence) => {
    inFolder('odd.json', content);
    const answer = await mesonet(['sql', 'import', 'odd.json', '--out', 'none']);
    expect(answer).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(sentence) });
  });
});

test('the shipped application reports without error from the project folder', async () => {
  const { code, stdout } = await mesonet(['sql', 'report', 'analytics-sql/weather-windows.sql'], {
    cwd: project,
  });
  expect({ code, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
    code: 0,
    last: 'It compiles: 2 statements, 2 ok, 0 with warnings, 0 with errors',
  });
});

test.each([['sql'], ['sql', 'report'], ['sql', 'run'], ['sql', 'import']])(
  'mesonet %s %s has help',
  async (...args) => {
    const { code, stdout, stderr } = await mesonet([...args.filter(Boolean), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: mesonet sql/);
  },
);
