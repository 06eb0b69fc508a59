import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  compileRule,
  compileTemplate,
  IotSqlError,
  type IotSqlVersion,
  type MessageInput,
  matchesTopicFilter,
} from '../../src/iot-sql/index.ts';
import { ANSWERED_DIFFERENTLY } from './iot-sql-differences.ts';

interface ConformanceCase {
  readonly source: string;
  readonly section: string;
  readonly kind: 'expr' | 'statement' | 'topic_match' | 'template';
  readonly sql_or_expr: string;
  readonly topic: string | null;
  readonly payload: unknown;
  readonly expected: unknown;
  readonly sql_version: IotSqlVersion;
  readonly context?: {
    readonly clientId?: string;
    readonly mqtt?: boolean;
    readonly timestamp?: number;
    readonly set?: Readonly<Record<string, string>>;
  };
}

const cases = JSON.parse(
  readFileSync(new URL('./iot-sql.json', import.meta.url), 'utf8'),
) as readonly ConformanceCase[];

describe('AWS IoT SQL conformance', () => {
  it.each(cases.map((testCase, index) => ({ index, title: titleOf(testCase), testCase })))(
    '$index $title',
    ({ testCase }) => {
      const different = ANSWERED_DIFFERENTLY.find(({ expression }) => expression === testCase.sql_or_expr);
      const expected = different === undefined ? testCase.expected : different.answer;
      expectAnswer(answerOf(testCase), expected);
    },
  );

  it('every difference belongs to a case and is a difference', () => {
    for (const { expression, answer } of ANSWERED_DIFFERENTLY) {
      const found = cases.find((candidate) => candidate.sql_or_expr === expression);
      expect(found?.expected, expression).not.toEqual(answer);
    }
  });
});

function titleOf({ kind, sql_or_expr, payload, topic, sql_version }: ConformanceCase): string {
  return `${kind} ${sql_or_expr} on ${JSON.stringify(payload)} at ${topic} (${sql_version})`;
}

function answerOf(testCase: ConformanceCase): unknown {
  switch (testCase.kind) {
    case 'topic_match':
      return matchesTopicFilter(testCase.sql_or_expr, testCase.topic ?? '');
    case 'template':
      return answerTemplate(testCase);
    case 'expr':
      return answerStatement(`SELECT VALUE ${testCase.sql_or_expr} FROM '#'`, testCase);
    default:
      return answerStatement(testCase.sql_or_expr, testCase);
  }
}

function answerStatement(sql: string, testCase: ConformanceCase): unknown {
  try {
    const rule = compileRule(sql, { version: testCase.sql_version });
    const { fired, output } = rule.evaluate(messageOf(testCase));
    if (!fired) return { $no_fire: true };
    if (output instanceof Uint8Array) return { $raw_b64: Buffer.from(output).toString('base64') };
    return output === undefined ? { $undefined: true } : output;
  } catch (error) {
    if (error instanceof IotSqlError) return { $parse_error: true };
    throw error;
  }
}

function answerTemplate(testCase: ConformanceCase): unknown {
  const set = Object.entries(testCase.context?.set ?? {}).map(
    ([name, expression]) => `${name} = ${expression}`,
  );
  const message = messageOf(testCase);
  if (set.length === 0) return compileTemplate(testCase.sql_or_expr).evaluate(message);
  return compileRule(`SET ${set.join(', ')} SELECT * FROM '#'`)
    .compileTemplate(testCase.sql_or_expr)
    .evaluate(message);
}

function messageOf({ topic, payload, context }: ConformanceCase): MessageInput {
  return {
    topic: topic ?? 'a/b',
    payload: bytesOf(payload ?? {}),
    clientId: context?.mqtt === false ? undefined : context?.clientId,
    timestampMillis: context?.timestamp ?? 1_700_000_000_000,
  };
}

function bytesOf(payload: unknown): Uint8Array {
  const special = payload as { $raw?: string; $raw_b64?: string; $json_text?: string };
  if (special.$raw_b64 !== undefined) return Buffer.from(special.$raw_b64, 'base64');
  return Buffer.from(special.$raw ?? special.$json_text ?? JSON.stringify(payload));
}

/** Numbers by value, doubles within 1e-12; `$pattern` matches the text of the value, wherever it stands. */
function expectAnswer(actual: unknown, expected: unknown): void {
  if (typeof expected === 'number') {
    expect(Math.abs(Number(actual) - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
  } else if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    for (const [index, element] of expected.entries()) expectAnswer((actual as unknown[])[index], element);
  } else if (typeof expected === 'object' && expected !== null) {
    expectObject(actual, expected as Record<string, unknown>);
  } else {
    expect(actual).toEqual(expected);
  }
}

function expectObject(actual: unknown, expected: Readonly<Record<string, unknown>>): void {
  if (typeof expected.$pattern === 'string') {
    expect(String(actual)).toMatch(new RegExp(expected.$pattern));
    return;
  }
  expect(Object.keys(actual as object).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, member] of Object.entries(expected)) {
    expectAnswer((actual as Record<string, unknown>)[key], member);
  }
}
