import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeProject, runMesonet, type TestProject } from './run-mesonet.test-support.ts';

const TOPIC = 'weather/WA/Seattle/98101/temperature/t1';
const explain = (args: readonly string[], stdin?: string | Uint8Array) =>
  runMesonet(['rule', 'explain', ...args], stdin);

/** The stack may have to be compiled first. */
vi.setConfig({ testTimeout: 120_000 });

let made: TestProject | undefined;
afterEach(() => {
  made?.remove();
  made = undefined;
});

function sqlFile(sql: string): string {
  made = makeProject({ 'room.sql': sql });
  return join(made.folder, 'rules', 'room.sql');
}

describe('mesonet rule explain', () => {
  test('prints every part of a rule of the stack, its output and the targets of its actions', async () => {
    const payload = '{"sensor_timestamp":1472611226005,"sensor_value":0.61,"direction":-1}';
    const { code, stdout, stderr } = await explain(
      ['telemetry', '--topic', TOPIC, '--payload', '-'],
      payload,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`rule telemetry (rules/telemetry.sql), version 2016-03-23

topic    ✓ weather/WA/Seattle/98101/temperature/t1  matches 'weather/+/+/+/+/+'
payload  ✓ 69 bytes                                 JSON

WHERE
  ✓ NOT isUndefined(cast(sensor_timestamp AS int))  true
  ✓ NOT isUndefined(cast(sensor_value AS float))    true

SELECT
  *                                                            {"sensor_timestamp":1472611226005,"sensor_value":0.61,"direction":-1}
  sensor_id              topic(6)                              "t1"
  station_id             topic(4)                              "98101"
  sensor                 topic(5)                              "temperature"
  state                  topic(2)                              "WA"
  city                   topic(3)                              "Seattle"
  sensor_timestamp                                             1472611226005
  sensor_value           cast(sensor_value AS float)           0.61
  sensor_value_smoothed  cast(sensor_value_smoothed AS float)  Undefined
  direction              cast(direction AS int)                -1

fires, 1 action, with
  {"sensor_timestamp":1472611226005,"sensor_value":0.61,"direction":-1,"sensor_id":"t1","station_id":"98101","sensor":"temperature","state":"WA","city":"Seattle"}

action Kinesis
  StreamName    mesonet-dev-readings
  PartitionKey  t1
  RoleArn       arn:aws:iam::000000000000:role/mesonet-dev-rulerole
`);
    expect(readFileSync(new URL('../../../docs/iot-sql.md', import.meta.url), 'utf8')).toContain(stdout);
  });

  test('names the part that kept a rule from firing and the values it is made of', async () => {
    const file = sqlFile(
      "SET @limit = 15 * 2 SELECT temp, aws_lambda('arn:f', temp) AS f FROM 'a/#' WHERE topic(2) = 'x' AND (temp > @limit OR alarm = true)",
    );
    const flags = ['--topic', 'a/x', '--client-id', 'c\u001b1', '--payload', '-'];
    const { code, stdout } = await explain([file, ...flags], '{"temp":29,"alarm":false}');
    expect(code).toBe(0);
    expect(stdout).toBe(`rule room (${file}), version 2016-03-23

topic    ✓ a/x       matches 'a/#'
payload  ✓ 25 bytes  JSON
client     "c\\u001b1"

SET
  @limit  15 * 2  30

WHERE
  ✓ topic(2) = 'x'                   true
  ✗ (temp > @limit OR alarm = true)  false
      temp > @limit                  false
        temp                         29
        @limit                       30
      alarm = true                   false
        alarm                        false

SELECT
  temp                             29
  f     aws_lambda('arn:f', temp)  Undefined

does not fire: WHERE (temp > @limit OR alarm = true) is false

Not called here, so Undefined
  aws_lambda("arn:f", 29)
`);
  });

  test('takes bytes that are no text, and the time that timestamp() gives', async () => {
    const file = sqlFile("SELECT encode(*, 'base64') AS b, timestamp() AS t, clientid() AS c FROM 'a'");
    const { stdout } = await explain([
      file,
      '--topic',
      'a',
      '--payload-base64',
      'AAH/',
      '--time',
      '1700000000000',
    ]);
    expect(stdout).toContain('fires, with\n  {"b":"AAH/","t":1700000000000,"c":"n/a"}\n');
    const raw = sqlFile("SELECT * FROM 'a'");
    const passed = await explain([raw, '--topic', 'a', '--payload-base64', 'AAH/', '--json']);
    expect(JSON.parse(passed.stdout)).toMatchObject({ fired: true, outputBase64: 'AAH/' });
  });

  test('takes the version of a file', async () => {
    const flags = ['--topic', 'a', '--payload', '-', '--sql-version'];
    const { stdout } = await explain([sqlFile("SELECT a FROM 'a'"), ...flags, '2015-10-08'], '{"a":2.0}');
    expect(stdout).toContain('version 2015-10-08');
    expect(stdout).toContain('fires, with\n  {"a":2.0}\n');
    expect(await explain(['room.sql', ...flags, 'beta'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "argument 'beta' is invalid. Allowed choices are 2015-10-08, 2016-03-23",
      ),
    });
  });

  test('prints one line of JSON', async () => {
    const payload = '{"sensor_timestamp":1472611226005,"sensor_value":0.61}';
    made = makeProject({});
    const file = join(made.folder, 'reading.json');
    writeFileSync(file, payload);
    const { stdout } = await explain(['telemetry', '--topic', TOPIC, '--payload', file, '--json']);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({
      rule: 'telemetry',
      file: 'rules/telemetry.sql',
      sqlVersion: '2016-03-23',
      fired: true,
      topic: { name: TOPIC, filter: 'weather/+/+/+/+/+', matches: true },
      where: [
        { source: 'NOT isUndefined(cast(sensor_timestamp AS int))', value: true, isTrue: true },
        { isTrue: true },
      ],
      output: { sensor_id: 't1', sensor_value: 0.61 },
      actions: [
        { kind: 'Kinesis', members: { StreamName: 'mesonet-dev-readings', PartitionKey: 't1' }, missing: [] },
      ],
      notCalled: [],
      warnings: [],
    });
  });

  test.each<[string, readonly string[], string]>([
    [
      'a rule that is not there',
      ['telemetri', '--topic', 'a', '--payload', '-'],
      `Cannot explain rule 'telemetri': the stack has no such rule, did you mean "telemetry"?`,
    ],
    [
      'a rule unlike any',
      ['x', '--topic', 'a', '--payload', '-'],
      `Cannot explain rule 'x': the stack has no such rule; its rules are telemetry, telemetry_batch`,
    ],
    [
      'a file that is not there',
      ['no.sql', '--topic', 'a', '--payload', '-'],
      `Cannot read rule 'no.sql': there is no such file`,
    ],
    [
      'a payload that is not there',
      ['telemetry', '--topic', 'a', '--payload', 'no.json'],
      `Cannot read payload 'no.json': there is no such file`,
    ],
    [
      'no payload',
      ['telemetry', '--topic', 'a'],
      'Cannot explain a message: expected either --payload or --payload-base64',
    ],
    ['no topic', ['telemetry', '--payload', '-'], "required option '--topic <topic>' not specified"],
    [
      'what is not base64',
      ['telemetry', '--topic', 'a', '--payload-base64', '*'],
      "option '--payload-base64 <text>' argument '*' is invalid. expected base64",
    ],
    [
      'what is no time',
      ['telemetry', '--topic', 'a', '--payload', '-', '--time', 'now'],
      "option '--time <ms>' argument 'now' is invalid. expected milliseconds since the epoch",
    ],
  ])('refuses %s in one sentence and ends with 2', async (_, args, sentence) => {
    expect(await explain(args)).toEqual({ code: 2, stdout: '', stderr: `error: ${sentence}\n` });
  });

  test('points at the place when a rule does not compile, and says that there is no stack', async () => {
    const file = sqlFile("SELECT timestmp() AS t FROM 'a'");
    const broken = await explain([file, '--topic', 'a', '--payload', '-']);
    expect(broken).toMatchObject({ code: 2, stdout: '' });
    expect(broken.stderr).toMatch(
      /^error: Unknown function "timestmp", did you mean "timestamp"\?\n\n.*room\.sql:1:8\n/,
    );
    const noStack = await explain(['room', '--topic', 'a', '--payload', '-', '--project', made!.folder]);
    expect(noStack).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: Cannot find rule 'room': there is no '.*serverless\.yml'; give the path/,
      ),
    });
  });

  test('explains itself', async () => {
    const { code, stdout } = await explain(['--help']);
    expect(code).toBe(0);
    for (const part of [
      'Usage: mesonet rule explain [options] <rule>',
      '--topic <topic>',
      '--payload-base64 <text>',
      '--client-id <id>',
      '--time <ms>',
    ])
      expect(stdout).toContain(part);
  });
});
