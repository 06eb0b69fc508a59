import { describe, expect, test } from 'vitest';
import { parseRuleCases } from './parse-rule-cases.ts';
import type { RuleCase } from './rule-case.ts';
import { runRuleCase } from './run-rule-case.ts';

const VALID = { topic: 'a', inputPayload: {}, expectedOutput: {} };
const EXTERNALS =
  'aws_lambda, decode, get_dynamodb, get_registry_data, get_secret, get_thing_shadow, machinelearning_predict';

describe('parseRuleCases() refuses', () => {
  test.each<[string, unknown, string]>([
    ['no object', 7, 'not an object'],
    [
      'no payload',
      { topic: 'a', expectedOutput: {} },
      'has no payload, expected one of inputPayload, inputPayloadBase64, inputPayloadHex',
    ],
    [
      'two payloads',
      { ...VALID, inputPayloadHex: '00' },
      'has inputPayload and inputPayloadHex, expected one of inputPayload, inputPayloadBase64, inputPayloadHex',
    ],
    ['no topic', { inputPayload: {}, expectedOutput: {} }, 'topic is missing'],
    ['no expectation', { topic: 'a', inputPayload: {} }, 'expectedOutput is missing'],
    ['a mistyped member', { ...VALID, clientID: 'c' }, 'unknown member "clientID", did you mean "clientId"?'],
    ['a member of another type', { ...VALID, topic: 7 }, 'topic is not a text'],
    [
      'an unknown version',
      { ...VALID, sqlVersion: 'beta' },
      'sqlVersion is "beta", expected "2015-10-08" or "2016-03-23"',
    ],
    [
      'bytes that are not base64',
      { topic: 'a', inputPayloadBase64: 'a', expectedOutput: {} },
      'inputPayloadBase64 is not base64',
    ],
    [
      'half a byte',
      { topic: 'a', inputPayloadHex: '0', expectedOutput: {} },
      'inputPayloadHex is not pairs of hexadecimal digits',
    ],
    [
      'a fraction of a millisecond',
      { ...VALID, timestampMillis: 0.5 },
      'timestampMillis is not whole milliseconds',
    ],
    [
      'a mistyped marker',
      { ...VALID, expectedOutput: { $nofire: true } },
      'expectedOutput has an unknown member "$nofire", did you mean "$no_fire"?',
    ],
    [
      'a marker that is not true',
      { ...VALID, expectedOutput: { $no_fire: false } },
      'expectedOutput .$no_fire is not true',
    ],
    [
      'a pattern that is none',
      { ...VALID, expectedOutput: { a: [{ $pattern: '(' }] } },
      'expectedOutput holds the pattern "(": Invalid regular expression: /(/u: Unterminated group',
    ],
    [
      'a reason for a rule that fires',
      { ...VALID, expectedReason: 'x' },
      'expectedReason needs "expectedOutput": {"$no_fire": true}',
    ],
    [
      'an unknown external function',
      { ...VALID, externals: [{ function: 'lambda', result: 1 }] },
      `externals[0] function is "lambda", expected one of ${EXTERNALS}`,
    ],
    [
      'an external function without a result',
      { ...VALID, externals: [{ function: 'decode' }] },
      'externals[0] result is missing',
    ],
    [
      'an unknown MQTT property',
      { ...VALID, mqttProperties: { qos: 1 } },
      'mqttProperties unknown member "qos"',
    ],
    [
      'a property without value',
      { ...VALID, mqttProperties: { userProperties: [['k']] } },
      'mqttProperties userProperties[0] is not a pair of texts',
    ],
  ])('%s', (_, wrong, problem) => {
    expect(() => parseRuleCases(JSON.stringify([VALID, wrong]), 'rules/r.cases.json')).toThrow(
      `Cannot read rules/r.cases.json, case 2: ${problem}`,
    );
  });

  test('what is not JSON, with the place', () => {
    expect(() => parseRuleCases('[\n  {,}]', 'rules/r.cases.json')).toThrow(
      /^Cannot read rules\/r\.cases\.json: not JSON: .*line 2 column 4/,
    );
  });

  test('nothing of a single case, which is the form of the tool of AWS', () => {
    expect(parseRuleCases(JSON.stringify(VALID), 'f')).toEqual([VALID]);
  });
});

const rule = { name: 'r', file: 'rules/r.sql', sql: "SELECT a, b FROM 't/+' WHERE a > 1" };

async function resultOf(ruleCase: Partial<RuleCase>): Promise<unknown> {
  const whole = { topic: 't/x', expectedOutput: {}, ...ruleCase } as RuleCase;
  parseRuleCases(JSON.stringify(whole), 'case');
  const { passed, differences, problems } = await runRuleCase(rule, whole, 0);
  const found = [
    ...differences.map((each) => `${each.path}: ${each.expected} → ${each.actual}`),
    ...problems,
  ];
  expect(passed).toBe(found.length === 0);
  return passed ? 'passed' : found;
}

describe('runRuleCase()', () => {
  test.each<[string, Partial<RuleCase>, unknown]>([
    ['compares data', { inputPayload: { a: 2 }, expectedOutput: { a: 2 } }, 'passed'],
    ['takes a text as the payload itself', { inputPayload: '{"a":2.0}', expectedOutput: { a: 2 } }, 'passed'],
    [
      'takes a text as the whole output',
      { inputPayload: { b: 1, a: 2 }, expectedOutput: '{"a":2,"b":1}' },
      'passed',
    ],
    [
      'compares a text exactly',
      { inputPayload: { a: 2 }, expectedOutput: '{"a": 2}' },
      [String.raw`$: "{\"a\": 2}" → "{\"a\":2}"`],
    ],
    [
      'keeps 2.0 apart in the old version',
      { sqlVersion: '2015-10-08', inputPayload: '{"a":2.0}', expectedOutput: '{"a":2.0}' },
      'passed',
    ],
    [
      'takes other SQL',
      { inputSql: "SELECT VALUE topic(2) FROM '#'", inputPayload: {}, expectedOutput: 'x' },
      'passed',
    ],
    [
      'knows the output of a text as JSON too',
      { inputSql: "SELECT VALUE topic(2) FROM '#'", inputPayload: {}, expectedOutput: '"x"' },
      'passed',
    ],
    [
      'tells Null from not firing',
      { inputSql: "SELECT VALUE NULL FROM '#'", inputPayload: {}, expectedOutput: null },
      'passed',
    ],
    [
      'an Undefined output is an empty text',
      { inputSql: "SELECT VALUE z FROM '#'", inputPayload: {}, expectedOutput: '' },
      'passed',
    ],
    [
      'an Undefined output is not Null',
      { inputSql: "SELECT VALUE z FROM '#'", inputPayload: {}, expectedOutput: null },
      ['the output is not JSON: "", expected null'],
    ],
    [
      'says why the rule does not fire',
      { inputPayload: { a: 1 } },
      ['the rule does not fire: WHERE a > 1 is false'],
    ],
    [
      'expects that it does not fire',
      { inputPayload: { a: 1 }, expectedOutput: { $no_fire: true } },
      'passed',
    ],
    [
      'expects a reason',
      { inputPayload: {}, expectedOutput: { $no_fire: true }, expectedReason: 'a > 1 is Undefined' },
      'passed',
    ],
    [
      'expects another reason',
      { inputPayload: {}, expectedOutput: { $no_fire: true }, expectedReason: 'topic' },
      ['the rule does not fire because WHERE a > 1 is Undefined, expected a reason with topic'],
    ],
    [
      'says what a rule gives that should not fire',
      { inputPayload: { a: 2 }, expectedOutput: { $no_fire: true } },
      ['the rule fires, with {"a":2}'],
    ],
    [
      'passes on bytes',
      { inputSql: "SELECT * FROM '#'", inputPayloadHex: '00ff', expectedOutput: { $base64: 'AP8=' } },
      'passed',
    ],
    [
      'compares bytes',
      { inputSql: "SELECT * FROM '#'", inputPayloadBase64: 'AP8=', expectedOutput: { $base64: 'AA==' } },
      ['$: "AA==" → "AP8="'],
    ],
    [
      'gives the context',
      {
        inputSql:
          "SELECT clientid() AS c, timestamp() AS t, sourceip() AS s, accountid() AS a, principal() AS p, get_mqtt_property('content_type') AS m, get_user_properties('k') AS u FROM '#'",
        inputPayload: {},
        clientId: 'c',
        timestampMillis: 5,
        sourceIp: '1.2.3.4',
        accountId: '123456789012',
        principal: 'p',
        mqttProperties: { contentType: 'x/y', userProperties: [['k', 'v']] },
        expectedOutput: { c: 'c', t: 5, s: '1.2.3.4', a: '123456789012', p: 'p', m: 'x/y', u: ['v'] },
      },
      'passed',
    ],
    [
      'knows texts that vary',
      {
        inputSql: "SELECT newuuid() AS id FROM '#'",
        inputPayload: {},
        expectedOutput: { id: { $pattern: '^[0-9a-f-]{36}$' } },
      },
      'passed',
    ],
  ])('%s', async (_, ruleCase, expected) => {
    expect(await resultOf(ruleCase)).toEqual(expected);
  });

  test('shows the place of what does not compile', async () => {
    const [problem] = (await resultOf({ inputSql: 'SELECT topc()', inputPayload: {} })) as string[];
    expect(problem).toMatch(/did you mean "topic"[\s\S]*inputSql:1:8/);
  });

  test.each<[string, string, unknown[]]>([
    ['aws_lambda', "aws_lambda('arn:f', {'a': a})", ['arn:f', { a: 1 }]],
    ['get_dynamodb', "get_dynamodb('t', 'k', a, 'arn:r')", ['t', 'k', 1, 'arn:r']],
    ['get_dynamodb', "get_dynamodb('t', 'k', a, 's', 'x', 'arn:r')", ['t', 'k', 1, 's', 'x', 'arn:r']],
    ['get_thing_shadow', "get_thing_shadow('t', 'arn:r')", ['t', 'arn:r']],
    ['get_thing_shadow', "get_thing_shadow('t', 'n', 'arn:r')", ['t', 'n', 'arn:r']],
    ['get_secret', "get_secret('s', 'SecretString', 'k', 'arn:r')", ['s', 'SecretString', 'k', 'arn:r']],
    [
      'get_registry_data',
      "get_registry_data('DescribeThing', 't', 'arn:r')",
      ['DescribeThing', 't', 'arn:r'],
    ],
    ['machinelearning_predict', "machinelearning_predict('m', 'arn:r', {'a': a})", ['m', 'arn:r', { a: 1 }]],
    [
      'decode',
      "decode(encode(*, 'base64'), 'proto', 'b', 'd', 'f', 'M')",
      ['eyJhIjoxfQ==', 'proto', 'b', 'd', 'f', 'M'],
    ],
  ])('answers %s with its arguments in the order of the SQL', async (name, call, given) => {
    const ruleCase = {
      inputSql: `SELECT ${call} AS x FROM '#'`,
      inputPayload: { a: 1 },
      expectedOutput: { x: { y: 2 } },
    };
    const answer = { function: name, arguments: given as RuleCase['expectedOutput'][], result: { y: 2 } };
    expect(await resultOf({ ...ruleCase, externals: [{ ...answer, arguments: ['other'] }, answer] })).toBe(
      'passed',
    );
    expect(await resultOf({ ...ruleCase, externals: [{ function: name, result: { y: 2 } }] })).toBe('passed');
    const printed = given.map((each) => JSON.stringify(each)).join(', ');
    expect(await resultOf(ruleCase)).toEqual([
      '$.x: {"y":2} → absent',
      `no answer in "externals" for ${name}(${printed})`,
    ]);
  });
});
