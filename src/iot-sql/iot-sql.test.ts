// biome-ignore-all lint/suspicious/noTemplateCurlyInString: substitution templates are written this way
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileRule,
  compileTemplate,
  createMessage,
  type ExplainedOperand,
  type MessageInput,
} from './index.ts';

const READINGS = `SELECT *, topic(6) AS sensor_id, topic(4) AS station_id, topic(5) AS sensor, topic(2) AS state,
  topic(3) AS city, sensor_timestamp, cast(sensor_value AS float) AS sensor_value,
  cast(sensor_value_smoothed AS float) AS sensor_value_smoothed, cast(direction AS int) AS direction
FROM 'weather/#'
WHERE NOT isUndefined(topic(6)) AND NOT isUndefined(cast(sensor_value AS float))
  AND NOT isUndefined(cast(sensor_timestamp AS int))`;
const TOPIC = 'weather/WA/seattle/s7/temperature/t-1';

function message(payload: string | Uint8Array | object, topic = TOPIC): MessageInput {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(textOf(payload));
  return { topic, payload: bytes, clientId: 'device-1', timestampMillis: 1_700_000_000_123 };
}

function textOf(payload: string | object): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

describe('the readings rule', () => {
  const rule = compileRule(READINGS, { file: 'rules/readings.sql' });
  const payload = {
    sensor_timestamp: 1472611226005,
    sensor_value: 0.61,
    sensor_value_smoothed: 0.98,
    direction: -1,
  };
  const columns = { sensor_id: 't-1', station_id: 's7', sensor: 'temperature', state: 'WA', city: 'seattle' };

  it('adds the topic levels to the payload', () => {
    expect(rule.evaluate(message(payload))).toEqual({ fired: true, output: { ...payload, ...columns } });
    expect(rule.topicFilter).toBe('weather/#');
    expect(rule.warnings).toEqual([]);
  });

  it('writes the same as text, appended to the payload as it came', () => {
    expect(rule.evaluateText(message(payload))).toBe(
      `${JSON.stringify(payload).slice(0, -1)},"sensor_id":"t-1","station_id":"s7","sensor":"temperature","state":"WA","city":"seattle"}`,
    );
  });

  it('hides the prefix of Basic Ingest', () => {
    expect(rule.evaluate(message(payload, `$aws/rules/readings/${TOPIC}`))).toEqual(
      rule.evaluate(message(payload)),
    );
  });

  it('turns numbers written as text into numbers', () => {
    const text = rule.evaluateText(message({ ...payload, sensor_value: '0.61' })) as string;
    expect(JSON.parse(text)).toEqual({ ...payload, ...columns });
  });

  it.each([
    ['{"sensor_value":1}', 'WHERE NOT isUndefined(cast(sensor_timestamp AS int)) is false'],
    [
      '{"sensor_value":"high","sensor_timestamp":1}',
      'WHERE NOT isUndefined(cast(sensor_value AS float)) is false',
    ],
    ['[1]', 'WHERE NOT isUndefined(cast(sensor_value AS float)) is false'],
  ])('does not fire on %s and says why', (text, reason) => {
    expect(rule.evaluate(message(text))).toEqual({ fired: false });
    expect(rule.evaluateText(message(text))).toBeUndefined();
    expect(rule.reasonNotFired(message(text))).toBe(reason);
  });

  it('says that a payload is not JSON, too deep or no UTF-8', () => {
    expect(rule.reasonNotFired(message('{"a":'))).toMatch(/ is false; the payload is not JSON$/);
    expect(rule.reasonNotFired(message('['.repeat(65)))).toMatch(
      /the payload is nested deeper than 64 levels$/,
    );
    expect(rule.reasonNotFired(message(Uint8Array.of(0x22, 0xff, 0x22)))).toMatch(
      /the payload is not valid UTF-8$/,
    );
    expect(rule.reasonNotFired(message(''))).toMatch(/the payload is empty$/);
    expect(rule.reasonNotFired(message('{"a":1e999}'))).toMatch(
      /the payload is holding a number out of range$/,
    );
    expect(rule.explain(message('{"a":')).payloadProblem).toMatch(/^not JSON: .*JSON/);
  });

  it('does not fire on other topics and says why', () => {
    expect(rule.reasonNotFired(message(payload, 'weather'))).toBe('topic does not match filter "weather/#"');
    expect(rule.reasonNotFired(message(payload, 'weather/WA'))).toBe(
      'WHERE NOT isUndefined(topic(6)) is false',
    );
  });
});

describe('the batches rule', () => {
  const rule = compileRule(
    "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client_id FROM 'weather/+/+/+/batch'",
  );

  it('wraps a compressed payload', () => {
    const bytes = gzipSync('{"readings":[]}');
    const output = {
      payload: bytes.toString('base64'),
      topic: 'weather/WA/seattle/s7/batch',
      client_id: 'device-1',
    };
    expect(rule.evaluate(message(bytes, output.topic))).toEqual({ fired: true, output });
    expect(rule.evaluateText(message(bytes, output.topic))).toBe(JSON.stringify(output));
  });
});

describe('compileTemplate()', () => {
  it('fills in expressions over the original payload', () => {
    const template = compileTemplate('a/${topic(2)}/${sensor_id}/${ {"x": \'}\'}.x }');
    expect(template.evaluate(message({ sensor_id: 7 }, 'weather/WA'))).toBe('a/WA/7/}');
    expect(compileTemplate('plain').isConstant).toBe(true);
  });

  it('names the parts that have no value', () => {
    expect(compileTemplate('${a}-${b}').missingParts(message({ a: 1 }))).toEqual(['b']);
  });

  it('reports the place of an error in the whole template', () => {
    expect(() => compileTemplate('abc/${topc(2)}')).toThrow(
      /Unknown function "topc", did you mean "topic"\?\n\ntemplate:1:7/,
    );
    expect(() => compileTemplate('abc/${a')).toThrow(
      /Substitution opened by "\$\{" is not closed\n\ntemplate:1:5/,
    );
  });

  it('sees the variables of its rule', () => {
    const rule = compileRule("SET @x = a + 1 SELECT * FROM 'a/#'");
    expect(rule.compileTemplate('t-${@x}').evaluate(message({ a: 1 }))).toBe('t-2');
  });
});

describe('evaluateText()', () => {
  const rule = compileRule("SELECT *, topic(1) AS top, a + 1 AS b FROM '#'");

  /** The text must mean exactly what evaluate() gives, whatever the spelling of the payload. */
  function expectSame(text: string): void {
    const input = message(text);
    expect(JSON.parse(rule.evaluateText(input) as string)).toEqual(
      JSON.parse(JSON.stringify(rule.evaluate(input).output)),
    );
  }

  it.each([
    '{}',
    '{"a":1}',
    '{ "a" : 1 }',
    '{"a":1,"a":2}',
    '{"a":1,"b":5}',
    '{"top":1,"a":2}',
    '{"a":36.903999599999999}',
    '{"a":1.50,"c":-0,"d":1e3,"e":0.0000001}',
    '{"a":{"x":1,"x":2}}',
    '{"__proto__":{"polluted":true},"a":1}',
    '{"constructor":1,"a":2}',
    '{"2":"two","1":"one","a":1}',
    '{"a":"\\u0041\\/"}',
    '{"a":"é😀"}',
  ])('agrees with evaluate() on %s', expectSame);

  it('agrees with evaluate() on any payload', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'small' }), (text) => expectSame(text)),
      { numRuns: 300 },
    );
  });

  it('keeps every digit of large integers', () => {
    const text = '{"a":12345678901234567890}';
    expect(rule.evaluateText(message(text, 't'))).toBe(
      '{"a":12345678901234567890,"top":"t","b":12345678901234567891}',
    );
  });

  it('leaves prototypes alone', () => {
    const alias = compileRule(
      "SELECT *, 1 AS __proto__, topic(1) AS constructor, {'__proto__': 2} AS toString FROM '#'",
    );
    expect(alias.evaluateText(message('{"a":0}', '__proto__'))).toBe(
      '{"a":0,"__proto__":1,"constructor":"__proto__","toString":{"__proto__":2}}',
    );
    expect(compileRule("SELECT VALUE constructor FROM '#'").evaluate(message({}))).toEqual({ fired: true });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('gives an empty text for Undefined alone', () => {
    expect(compileRule("SELECT VALUE missing FROM '#'").evaluateText(message({}))).toBe('');
  });
});

describe('version 2015-10-08', () => {
  it('keeps whole Decimals apart from Ints', () => {
    const rule = (sql: string) =>
      compileRule(sql, { version: '2015-10-08' }).evaluateText(message('{"d":10.0,"i":3}'));
    expect(
      rule(
        `SELECT d, d * i AS p, i + 1 AS s, power(2, 5) AS q, cast(i AS double) AS c, cast(true AS double) AS t,
          cast(d AS double) AS e, '5' - i AS m FROM '#'`,
      ),
    ).toBe('{"d":10.0,"p":30.0,"s":4,"q":32.0,"c":3,"t":1.0,"e":10.0,"m":2.0}');
    expect(rule("SELECT * FROM '#'")).toBe('{"d":10.0,"i":3}');
  });

  it('has no array as the whole result', () => {
    const rule = compileRule("SELECT VALUE a FROM '#'", { version: '2015-10-08' });
    expect(rule.evaluate(message({ a: [1] }))).toEqual({ fired: false });
    expect(rule.evaluateText(message({ a: [1] }))).toBeUndefined();
    expect(rule.reasonNotFired(message({ a: [1] }))).toBe(
      'result is an array, which needs version 2016-03-23',
    );
  });
});

describe('explain()', () => {
  it('gives the value of every part', () => {
    const rule = compileRule(
      "SET @t = (a + 0) * 2 SELECT @t AS twice, missing AS m FROM 'w/#' WHERE a > 1 AND b = 'x'",
    );
    expect(rule.explain(message({ a: 2, b: 'y' }, 'w/1'))).toEqual({
      fired: false,
      reason: `WHERE b = 'x' is false`,
      topic: { name: 'w/1', filter: 'w/#', matches: true },
      set: [{ name: '@t', source: '(a + 0) * 2', value: 4, text: '4' }],
      where: [
        {
          source: 'a > 1',
          value: true,
          text: 'true',
          isTrue: true,
          parts: [{ source: 'a', value: 2, text: '2', parts: [] }],
        },
        {
          source: `b = 'x'`,
          value: false,
          text: 'false',
          isTrue: false,
          parts: [{ source: 'b', value: 'y', text: '"y"', parts: [] }],
        },
      ],
      select: [
        { name: 'twice', source: '@t', value: 4, text: '4' },
        { name: 'm', source: 'missing', text: 'Undefined' },
      ],
    });
  });

  it('takes conditions apart, but no further than one value each goes', () => {
    const where = 'NOT (a.b = 1 OR EXISTS (SELECT * FROM list WHERE v > 2)) OR floor((a.b + 1)) > 3';
    const rule = compileRule(`SELECT * FROM 'w' WHERE ${where}`);
    const [condition] = rule.explain(message({ a: { b: 1 }, list: [{ v: 3 }] }, 'w')).where;
    const print = (parts: readonly ExplainedOperand[]): unknown[] =>
      parts.map(({ source, text, parts: inner }) => [`${source} → ${text}`, ...print(inner)]);
    expect(print(condition!.parts)).toEqual([
      [
        'NOT (a.b = 1 OR EXISTS (SELECT * FROM list WHERE v > 2)) → false',
        [
          '(a.b = 1 OR EXISTS (SELECT * FROM list WHERE v > 2)) → true',
          ['a.b = 1 → true', ['a.b → 1']],
          ['EXISTS (SELECT * FROM list WHERE v > 2) → true', ['list → [{"v":3}]']],
        ],
      ],
      ['floor((a.b + 1)) > 3 → false', ['floor((a.b + 1)) → 2', ['(a.b + 1) → 2', ['a.b → 1']]]],
    ]);
  });
});

describe('branches', () => {
  const taken = (rule: ReturnType<typeof compileRule>, payload: object, topic = 'w') =>
    rule.branchesTaken(message(payload, topic)).map(({ branch, outcome }) => {
      const { source, outcomes } = rule.branches[branch]!;
      return `${source}: ${outcomes[outcome]}`;
    });

  it('are the conditions that AND, OR and NOT join, reached where they decide', () => {
    const rule = compileRule("SELECT * FROM 'w' WHERE a AND NOT (b OR c) AND d");
    expect(rule.branches.map(({ source }) => source)).toEqual(['a', 'b', 'c', 'd']);
    expect(taken(rule, { a: true, b: false, c: false, d: true })).toEqual([
      'a: true',
      'b: false or Undefined',
      'c: false or Undefined',
      'd: true',
    ]);
    expect(taken(rule, { a: true, b: true, c: true, d: true })).toEqual(['a: true', 'b: true']);
    expect(taken(rule, { a: true, c: true, d: true })).toEqual(['a: true', 'b: false or Undefined']);
    expect(taken(rule, { a: true, b: true })).toEqual(['a: true', 'b: true', 'c: false or Undefined']);
    expect(taken(rule, { a: 1 })).toEqual(['a: false or Undefined']);
    expect(taken(rule, { a: true }, 'elsewhere')).toEqual([]);
  });

  it('are the ways through every CASE, those of SELECT only when the rule fires', () => {
    const rule = compileRule(
      "SET @s = CASE a WHEN 1 THEN 'x' END SELECT CASE @s WHEN 'x' THEN 1 WHEN 'y' THEN 2 ELSE 3 END AS n FROM 'w' WHERE b",
    );
    expect(rule.branches.map(({ clause, outcomes }) => [clause, ...outcomes])).toEqual([
      ['WHERE', 'true', 'false or Undefined'],
      ['SET', 'WHEN 1', 'ELSE'],
      ['SELECT', `WHEN 'x'`, `WHEN 'y'`, 'ELSE'],
    ]);
    expect(taken(rule, { a: 1, b: true })).toEqual(['b: true', 'CASE a: WHEN 1', `CASE @s: WHEN 'x'`]);
    expect(taken(rule, { a: 2, b: false })).toEqual(['b: false or Undefined', 'CASE a: ELSE']);
    expect(taken(rule, { b: true })).toEqual(['b: true']);
  });
});

describe('warnings', () => {
  it('point at what AWS accepts but is hardly meant', () => {
    const rule = compileRule("SELECT a + 1, abs(1, 2) AS b, regexp_matches(a, '(') AS c, x FROM 'w'");
    expect(rule.warnings.map(({ line, column, reason }) => `${line}:${column} ${reason}`)).toEqual([
      '1:15 Function "abs" is always Undefined with 2 arguments, it takes 1',
      '1:49 Pattern ( is no regular expression, the result is always Undefined',
      '1:8 Item a + 1 has no alias, name it with AS',
    ]);
  });
});

describe('external functions', () => {
  it('are awaited before the rule is evaluated', async () => {
    const calls: unknown[] = [];
    const external = {
      awsLambda: async (functionArn: string, input: unknown) => {
        calls.push([functionArn, input]);
        return { answer: 42 };
      },
    };
    const rule = compileRule("SELECT aws_lambda('arn:f', {'a': a}).answer AS answer FROM '#'", { external });
    const shared = createMessage(message({ a: 1 }));
    await rule.resolveExternal(shared);
    expect(rule.evaluate(shared)).toEqual({ fired: true, output: { answer: 42 } });
    expect(rule.evaluateText(shared)).toBe('{"answer":42}');
    expect(calls).toEqual([['arn:f', { a: 1 }]]);
  });

  it.each([
    "SELECT aws_lambda('arn:f', {'id': newuuid()}) AS x FROM '#'",
    "SET @id = rand() SELECT aws_lambda('arn:f', {'id': @id}) AS x FROM '#'",
  ])('refuse arguments that change with every evaluation: %s', (sql) => {
    const external = { awsLambda: () => 1 };
    expect(() => compileRule(sql, { external })).toThrow(/"aws_lambda" use newuuid\(\) or rand\(\)/);
  });

  it('end when each answer leads to another call', async () => {
    let calls = 0;
    const awsLambda = async () => {
      calls += 1;
      return calls;
    };
    const rule = compileRule("SET @id = newuuid() SELECT a FROM '#'", { external: { awsLambda } });
    const template = rule.compileTemplate("${aws_lambda('arn:f', @id)}");
    const shared = createMessage(message({ a: 1 }));
    do template.evaluate(shared);
    while (await shared.externalCalls.settle());
    expect(calls).toBe(10);
  });
});
