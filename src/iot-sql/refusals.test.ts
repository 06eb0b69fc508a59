// biome-ignore-all lint/suspicious/noTemplateCurlyInString: substitution templates are written this way
import { describe, expect, it } from 'vitest';
import { compileRule, IotSqlError } from './index.ts';

function errorOf(sql: string, version?: '2015-10-08' | '2016-03-23'): IotSqlError {
  try {
    compileRule(sql, { version });
  } catch (error) {
    if (error instanceof IotSqlError) return error;
    throw error;
  }
  throw new Error(`expected ${sql} not to compile`);
}

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
    ["SELECT (temperature – 32) AS celsius FROM 'a'", '1:21', 'Unexpected character "–", write -'],
    ['SELECT “a” AS b', '1:8', 'Unexpected character "“", write "'],
    [
      "SELECT count(*) FROM 'x'",
      '1:8',
      'Function "count" is not part of AWS IoT rules SQL, a rule sees one message at a time; aggregate in a streaming application',
    ],
    ["SELECT * FROM 'x' WHERE a IN (1, 2)", '1:32', 'A list is written in brackets, as in a IN [1, 2]'],
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
    const message = { distinct: 1, limit: 2, order: 3, a: { group: 4 }, is: 5 };
    const rule = compileRule("SELECT distinct, limit, order AS o, a.group AS g FROM '#' WHERE is > 1");
    expect(rule.evaluate({ topic: 'x', payload: Buffer.from(JSON.stringify(message)) })).toEqual({
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

describe('hostile input', () => {
  const long = 128 * 1024;
  const [prototypeNames, depth] = [Object.getOwnPropertyNames(Object.prototype), 1000];

  /** Time this process spent computing, which other work on the machine does not lengthen. */
  function cpuMillisOf(act: () => void): number {
    const start = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  }

  it.each([
    ['parentheses', '('.repeat(depth) + ')'.repeat(depth)],
    ['parentheses around a value', `${'('.repeat(depth)}1${')'.repeat(depth)}`],
    ['brackets', '['.repeat(long)],
    ['braces', "{'a':".repeat(depth)],
    ['calls', 'abs('.repeat(depth)],
    ['minus signs', `${'- '.repeat(long / 2)}1`],
    ['NOTs', `${'NOT '.repeat(long / 4)}a`],
    ['additions', `${'1+'.repeat(long / 2)}1`],
    ['a path', `a${'.b'.repeat(long / 2)}`],
    ['indexes', `a${'[0]'.repeat(long / 3)}`],
    ['nested SELECTs', '(SELECT a FROM '.repeat(depth)],
    ['SELECTs as arguments', 'abs(SELECT a FROM '.repeat(depth)],
    ['CASEs', 'CASE a WHEN '.repeat(depth)],
    ['an unknown function', `${'x'.repeat(long)}()`],
    ['an open string', `'${'x'.repeat(long)}`],
    ['a number', '9'.repeat(long)],
    ['bytes that are no SQL', '\u0000'.repeat(long)],
  ])('of %s is refused with its place, at once', (_, expression) => {
    const sql = `SELECT VALUE ${expression} FROM 'a/#'`;
    const error = errorOf(sql);
    expect(error.line).toBe(1);
    expect(error.column).toBeGreaterThan(1);
    expect(error.message.length).toBeLessThan(1000);
    // the first try finds the code not yet optimised, and other work slows everything: the best tells about the text
    const tries = Array.from({ length: 4 }, () => cpuMillisOf(() => errorOf(sql)));
    expect(Math.min(...tries)).toBeLessThan(100);
  });

  it.each(['(a+)+$', '(a|a)*$', '(.*)*x', '([a-zA-Z]+)*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'of the pattern %s, whether written or sent, takes time in proportion to the text',
    (pattern) => {
      const sql = `SELECT regexp_matches(a, '${pattern}') AS b, regexp_replace(a, p, '') AS c, regexp_substr(a, p) AS d FROM 'a'`;
      const rule = compileRule(sql);
      const payload = Buffer.from(JSON.stringify({ a: `${'a'.repeat(5_000)}!`, p: pattern }));
      expect(cpuMillisOf(() => rule.evaluate({ topic: 'a', payload }))).toBeLessThan(3000);
    },
  );

  it('of names that every object inherits stays data', () => {
    const hostile =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":[{"__proto__":2}]}';
    const rule = compileRule(
      `SET @__proto__ = 3
       SELECT *, 4 AS __proto__.polluted, 5 AS constructor.prototype.polluted, 6 AS toString.call,
         {'__proto__': @__proto__} AS o, transform('enrichArray', *, a) AS t, (SELECT * FROM a) AS n,
         topic(1) AS hasOwnProperty, get(*, topic(1)) AS valueOf, __proto__.polluted AS p, toString AS s
       FROM '__proto__/+' WHERE NOT isUndefined(__proto__) AND isUndefined(toString) AND isUndefined(valueOf)`,
    );
    const message = { topic: '__proto__/constructor', payload: Buffer.from(hostile) };
    expect(JSON.parse(String(rule.evaluateText(message)))).toEqual(
      JSON.parse(
        '{"__proto__":{"polluted":4},"constructor":{"prototype":{"polluted":5}},"a":[{"__proto__":2}],"toString":{"call":6},"o":{"__proto__":3},"t":[{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":[{"__proto__":2}]}],"n":[{"__proto__":2}],"hasOwnProperty":"__proto__","valueOf":{"polluted":1},"p":1}',
      ),
    );
    expect(rule.explain(message).fired).toBe(true);
    expect(rule.compileTemplate('${__proto__.polluted}${constructor.name}').evaluate(message)).toBe('1');
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototypeNames);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
