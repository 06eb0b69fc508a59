import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileRule,
  compileTemplate,
  createMessage,
  IotSqlError,
  type MessageInput,
  TopicMatcher,
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

function errorOf(sql: string, version?: '2015-10-08' | '2016-03-23'): IotSqlError {
  try {
    compileRule(sql, { version });
  } catch (error) {
    if (error instanceof IotSqlError) return error;
    throw error;
  }
  throw new Error(`expected ${sql} not to compile`);
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

describe('compileRule() refuses', () => {
  it.each([
    ["SELECT timestmp() AS t FROM 'a'", '1:8', 'Unknown function "timestmp", did you mean "timestamp"?'],
    [
      "SELECT a FROM 'a/#/b'",
      '1:18',
      '"#" must be the last level of topic filter "a/#/b" and stand alone in it',
    ],
    [
      "SELECT a FROM 'a' WHERE b LIKE 'x'",
      '1:27',
      '"LIKE" is not part of AWS IoT rules SQL, use regexp_matches(), startswith() or indexof()',
    ],
    ["SELECT a FROM 'a' -- x", '1:19', '"--" is not part of AWS IoT rules SQL, comments are not supported'],
    ["SELECT cast(a AS flot) AS b FROM 'a'", '1:8', 'Unknown type "FLOT" in cast, did you mean "FLOAT"?'],
    ['SELECT * FROM weather/x', '1:15', 'Expected a topic filter in quotes, found "weather"'],
    ["SELECT @a AS a FROM 'x'", '1:8', 'Unknown variable @a'],
    [
      "SELECT aws_lambda('arn', *) AS a FROM 'x'",
      '1:8',
      'Function "aws_lambda" needs a service that is not available here, no "awsLambda" port is given',
    ],
    [
      "SELECT CASE WHEN a THEN 1 END AS b FROM 'x'",
      '1:13',
      'Expected a value after CASE, a CASE without one is not supported',
    ],
  ])('%s', (sql, place, reason) => {
    const error = errorOf(sql);
    expect([`${error.line}:${error.column}`, error.reason]).toEqual([place, reason]);
    expect(error.message).toContain('^');
  });

  it.each(['LIKE', 'BETWEEN', 'IS', 'NOT', 'GROUP', 'ORDER', 'LIMIT', 'JOIN', 'UNION'])(
    '%s after an operand, wherever it stands',
    (word) => {
      for (const sql of [
        `SELECT (a ${word} b) AS c`,
        `SELECT a FROM 'x' WHERE a ${word} b`,
        `SELECT a FROM 'x' WHERE f(a ${word} b)`,
      ]) {
        expect(errorOf(sql).reason, sql).toMatch(/ is not part of AWS IoT rules SQL, /);
      }
    },
  );

  it('SELECT DISTINCT, but not attributes named like words of other dialects', () => {
    expect(errorOf("SELECT DISTINCT a FROM 'x'").reason).toMatch(/^"DISTINCT" is not part/);
    const rule = compileRule("SELECT distinct, limit, order AS o, a.group AS g FROM '#' WHERE is > 1");
    expect(rule.evaluate(message({ distinct: 1, limit: 2, order: 3, a: { group: 4 }, is: 5 }))).toEqual({
      fired: true,
      output: { distinct: 1, limit: 2, o: 3, g: 4 },
    });
  });

  it('a thousand parentheses and chains of thousands of operators', () => {
    expect(errorOf(`SELECT ${'('.repeat(1000)}1${')'.repeat(1000)} AS a`).message).toMatch(
      /^Statement is nested deeper than 100 levels\n\nrule:1:108\n/,
    );
    expect(errorOf(`SELECT ${'1+'.repeat(5000)}1 AS a`).reason).toBe(
      'Statement holds more than 2000 operators',
    );
    expect(errorOf(`SELECT ${'a.'.repeat(5000)}b AS a`).reason).toBe(
      'Statement holds more than 2000 operators',
    );
  });

  it.each([
    ['(?=a)', 'look-ahead'],
    ['(a)\\1', 'a back-reference'],
    ['a++', 'possessive repetition'],
  ])('the pattern %s, which only Java runs', (pattern, feature) => {
    expect(errorOf(`SELECT regexp_matches(a, '${pattern}') AS m FROM 'x'`).reason).toBe(
      `Pattern uses ${feature}, which is not supported`,
    );
  });

  it('what only version 2016-03-23 has in a rule of 2015-10-08, and beta altogether', () => {
    expect(errorOf("SELECT (SELECT a FROM b) AS c FROM 'x'", '2015-10-08').reason).toBe(
      'A nested SELECT needs AWS IoT SQL version 2016-03-23, this rule has 2015-10-08',
    );
    expect(() => compileRule("SELECT * FROM 'x'", { version: 'beta' as '2016-03-23' })).toThrow(
      /AWS IoT SQL version "beta" is not supported, its meaning may change at any time; use 2016-03-23/,
    );
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
      "SET @t = a * 2 SELECT @t AS twice, missing AS m FROM 'w/#' WHERE a > 1 AND b = 'x'",
    );
    expect(rule.explain(message({ a: 2, b: 'y' }, 'w/1'))).toEqual({
      fired: false,
      reason: `WHERE b = 'x' is false`,
      topic: { name: 'w/1', filter: 'w/#', matches: true },
      set: [{ name: '@t', source: 'a * 2', value: 4, text: '4' }],
      where: [
        { source: 'a > 1', value: true, text: 'true', isTrue: true },
        { source: `b = 'x'`, value: false, text: 'false', isTrue: false },
      ],
      select: [
        { name: 'twice', source: '@t', value: 4, text: '4' },
        { name: 'm', source: 'missing', text: 'Undefined' },
      ],
    });
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
    expect(calls).toEqual([['arn:f', { a: 1 }]]);
  });
});

describe('TopicMatcher', () => {
  const filters = ['#', 'a/#', 'a/+', '+/b', 'a/b', '+/+/c', '$aws/#'];
  const matcher = new TopicMatcher(
    filters.map((topicFilter) => ({ topicFilter, ruleName: `rule-${topicFilter}`, value: topicFilter })),
    4,
  );

  it.each([
    ['a/b', ['#', 'a/#', 'a/+', '+/b', 'a/b']],
    ['a', ['#']],
    ['a/x/c', ['#', 'a/#', '+/+/c']],
    ['$aws/things', ['$aws/#']],
    ['$aws/rules/rule-a/b/x', []],
    ['$aws/rules/rule-#/x', ['#']],
  ])('finds the filters of %s', (topic, expected) => {
    expect(matcher.match(topic).values).toEqual(expected);
    expect(matcher.match(topic).values).toEqual(expected);
  });

  it('agrees with matching every filter on its own', () => {
    const level = fc.constantFrom('a', 'b', 'c', '');
    const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    fc.assert(
      fc.property(topics, (topic) => {
        const expected = filters.filter(
          (filter) => compileRule(`SELECT * FROM '${filter}'`).evaluate(message({}, topic)).fired,
        );
        expect(matcher.match(topic).values).toEqual(expected);
      }),
    );
  });
});
