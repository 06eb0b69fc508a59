import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/iot-sql/functions/function-table.ts';
import { parseStatement } from '../../src/iot-sql/parser.ts';
import { Source } from '../../src/sql/index.ts';
import { CONSTRUCTS, constructsOf } from './iot-sql-constructs.ts';
import { ANSWERED_DIFFERENTLY } from './iot-sql-differences.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

const page = read('../../docs/iot-sql.md');

const given = JSON.parse(read('./iot-sql.json')) as {
  readonly kind: string;
  readonly sql_or_expr: string;
  readonly expected: unknown;
}[];

const written = readdirSync(new URL('./iot-sql/rules', import.meta.url)).flatMap(
  (file) => JSON.parse(read(`./iot-sql/rules/${file}`)) as { readonly inputSql: string }[],
);

/** What the cases test; every one of them passes, or it would stand among the differences. */
const texts = [...given.map(({ sql_or_expr }) => sql_or_expr), ...written.map(({ inputSql }) => inputSql)];

function casesOfFunction(name: string): number {
  const call = new RegExp(`\\b${name}\\s*\\(`, 'i');
  return texts.filter((text) => call.test(text)).length;
}

/** The statements of the cases that compile; expressions count without the SELECT VALUE and FROM wrapped around them. */
function statementsOfCases(): { readonly sql: string; readonly isExpression: boolean }[] {
  const ofGiven = given
    .filter(({ kind, expected }) => {
      const isRefused = JSON.stringify(expected) === '{"$parse_error":true}';
      return (kind === 'expr' || kind === 'statement') && !isRefused;
    })
    .map(({ kind, sql_or_expr }) => ({
      sql: kind === 'expr' ? `SELECT VALUE ${sql_or_expr}` : sql_or_expr,
      isExpression: kind === 'expr',
    }));
  const ofWritten = written.map(({ inputSql }) => {
    const expression = /^SELECT VALUE ([\s\S]*) FROM 'a\/b'$/.exec(inputSql)?.[1];
    return { sql: expression ? `SELECT VALUE ${expression}` : inputSql, isExpression: !!expression };
  });
  return [...ofGiven, ...ofWritten];
}

/** How many cases use each construct. */
function countConstructs(): Map<string, number> {
  const counts = new Map(Object.keys(CONSTRUCTS).map((name) => [name, 0]));
  for (const { sql, isExpression } of statementsOfCases()) {
    for (const name of constructsOf(parseStatement(new Source(sql)))) {
      if (!isExpression || name !== 'SELECT VALUE') counts.set(name, counts.get(name)! + 1);
    }
  }
  return counts;
}

function rowsBetween(heading: string, next: string): string[] {
  const section = page.slice(page.indexOf(heading), page.indexOf(next));
  return section.split('\n').filter((line) => line.startsWith('| `'));
}

it('docs/iot-sql.md lists every clause and operator with its conformance cases', () => {
  const rows = [...countConstructs()].map(([name, count]) => `| \`${name}\` | done | ${count} |`);
  expect(rowsBetween('## Clauses and operators', '## Functions')).toEqual(rows);
});

it('docs/iot-sql.md lists every function with its version and its conformance cases', () => {
  const rows = Object.entries(FUNCTIONS)
    .map(([name, spec]) => {
      const support = spec.isExternal ? 'through a port' : 'done';
      return `| \`${name}\` | ${spec.since ?? 'both'} | ${support} | ${casesOfFunction(name)} |`;
    })
    .sort();
  expect(rows).toHaveLength(82);
  expect(page).toContain(`All ${rows.length} of them`);
  expect(rowsBetween('## Functions', '## Testing rules')).toEqual(rows);
});

it('every clause, operator and function has a case', () => {
  const without = [
    ...[...countConstructs()].filter(([, count]) => count === 0).map(([name]) => name),
    ...Object.keys(FUNCTIONS).filter((name) => casesOfFunction(name) === 0),
  ];
  expect(without).toEqual([]);
});

it('docs/iot-sql.md states how many conformance cases there are and how many are answered differently', () => {
  const passed = given.length - ANSWERED_DIFFERENTLY.length;
  expect(page).toContain(
    `${passed} of ${given.length} conformance cases pass as they stand, and so do ${written.length} more`,
  );
});
