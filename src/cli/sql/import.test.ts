import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder, inFolder, mesonet, project, schema } from './sql.test-support.ts';

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
  flink   native      a view, and a sink where it is an output

CREATE PUMP "P"  ok  v1/old-app.sql:2:1
  uses    CREATE PUMP, reference join
  engine  native      the same statement
  lambda  native      row by row, without state
  flink   udf         MESONET_REFERENCE: rows of a reference table by key, where a join would retract rows

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
