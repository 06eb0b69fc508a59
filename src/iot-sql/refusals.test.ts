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
