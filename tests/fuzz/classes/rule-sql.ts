import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type CompiledRule, compileRule, IotSqlError } from '../../../src/iot-sql/index.ts';
import { parseStatement } from '../../../src/iot-sql/parser.ts';
import { printStatement } from '../../../src/iot-sql/printer.ts';
import { Source } from '../../../src/sql/index.ts';
import { statements } from '../../conformance/iot-sql-generator.ts';
import { interpret } from '../../conformance/iot-sql-interpreter.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const TOPIC = 'a/b/c';
const CASES = new URL('../../conformance/iot-sql.json', import.meta.url);
const corpus = (JSON.parse(readFileSync(CASES, 'utf8')) as { kind: string; sql_or_expr: string }[])
  .filter(({ kind }) => kind === 'statement' || kind === 'expr')
  .map(({ kind, sql_or_expr: text }) =>
    Buffer.from(kind === 'expr' ? `SELECT VALUE ${text} FROM 'a/#'` : text),
  );
const PIECES = [
  ...piecesOf(
    `( ) [ ] { } , ; . * + - / % = <> <= || ' " -- /* */ @x @ SELECT VALUE FROM WHERE SET AS AND OR NOT IN CASE WHEN THEN ELSE END EXISTS NULL TRUE
     1e999 9007199254740993 0x1F '' 'a/#' "a" __proto__ constructor topic(1) get(*,'a') cast(a AS int) regexp_matches(a,'(a+)+$') encode(*,'base64')`,
  ),
  Buffer.from(' '),
  Buffer.from('\u0000'),
  Buffer.from('\u{1f600}'),
  Buffer.from([0xff]),
];
const message = {
  topic: TOPIC,
  payload: Buffer.from('{"a":[1,{"b":"x"}],"__proto__":{"c":1},"constructor":2,"list":[1,2,3]}'),
};

function compileOrRefuse(sql: string): CompiledRule | undefined {
  try {
    return compileRule(sql);
  } catch (error) {
    if (!(error instanceof IotSqlError)) throw error;
    holds(error.line >= 1 && error.column >= 1, () => `'${error.message}' has no place`);
    return undefined;
  }
}

/** Broken rules: refused with a place, or compiled, run without throwing, and printed to themselves. */
export const ruleSql: FuzzClass = {
  name: 'rule-sql',
  counts: { ci: 15_000, long: 2_000_000 },
  open: () => ({
    generate: (random) =>
      mutate(random.pick(corpus), random, random.chance(0.5) ? PIECES : [random.pick(corpus)]),
    check: (input) => {
      const rule = compileOrRefuse(input.toString());
      if (!rule) return;
      const { fired } = rule.evaluate(message);
      rule.evaluateText(message);
      holds(
        (rule.reasonNotFired(message) === '') === fired,
        () => `fired: ${fired}, but says '${rule.reasonNotFired(message)}'`,
      );
      rule.explain(message);
      const text = printStatement(rule.statement);
      holds(
        printStatement(parseStatement(new Source(text))) === text,
        () => `${text} prints to another text`,
      );
    },
  }),
};

const PAYLOADS: readonly unknown[] = [
  {},
  { a: 7, b: -3, list: [1, 2, { a: 3 }], object: { a: 'one', b: [0] }, value: 'v' },
  { a: 'true', b: 0.5, list: [], object: { a: null, b: [] }, value: [1, 2] },
  { a: null, b: 'x', list: [{ a: 0 }], value: 3 },
];

/** Whole rules out of the grammar: they print to themselves, and give what a naive interpreter gives. */
export const ruleSqlEqual: FuzzClass = {
  name: 'rule-sql-equal',
  counts: { ci: 4000, long: 200_000 },
  isWhole: true,
  open: () => ({
    generate: (random) => {
      const [statement] = fc.sample(statements, { numRuns: 1, seed: random.between(0, 2 ** 31 - 1) });
      return Buffer.from(printStatement(statement!));
    },
    check: (input) => {
      const sql = input.toString();
      const statement = parseStatement(new Source(sql));
      holds(printStatement(statement) === sql, () => 'it prints to another text');
      const rule = compileRule(sql);
      for (const payload of PAYLOADS) checkEqual(rule, interpret(statement, TOPIC, payload), payload);
    },
  }),
};

function checkEqual(rule: CompiledRule, expected: { output: unknown } | undefined, payload: unknown): void {
  const given = { topic: TOPIC, payload: Buffer.from(JSON.stringify(payload)) };
  const { fired, output } = rule.evaluate(given);
  const said = `with ${JSON.stringify(payload)}`;
  holds(fired === (expected !== undefined), () => `${said}: fired ${fired}`);
  if (!expected) return;
  const [found, wanted] = [output, expected.output].map((value) => canonical(value));
  holds(found === wanted, () => `${said}: gave ${found}, not ${wanted}`);
}

/** JSON with sorted keys; -0 has no JSON of its own. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
