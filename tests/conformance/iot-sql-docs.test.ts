import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/iot-sql/functions/function-table.ts';
import { parseStatement } from '../../src/iot-sql/parser.ts';
import { Source } from '../../src/sql/index.ts';
import { CONSTRUCTS, constructsOf } from './iot-sql-constructs.ts';
import { ANSWERED_DIFFERENTLY } from './iot-sql-differences.ts';

const page = readFileSync(new URL('../../docs/iot-sql.md', import.meta.url), 'utf8');

const cases = JSON.parse(readFileSync(new URL('./iot-sql.json', import.meta.url), 'utf8')) as {
  readonly kind: string;
  readonly sql_or_expr: string;
  readonly expected: unknown;
}[];

/** Conformance cases that call a function; every one of them passes, or it would stand among the differences. */
function casesOfFunction(name: string): number {
  const call = new RegExp(`\\b${name}\\s*\\(`, 'i');
  return cases.filter(({ sql_or_expr }) => call.test(sql_or_expr)).length;
}

/** How many cases use each construct; expressions count without the SELECT VALUE and FROM wrapped around them. */
function countConstructs(): Map<string, number> {
  const counts = new Map(Object.keys(CONSTRUCTS).map((name) => [name, 0]));
  for (const { kind, sql_or_expr, expected } of cases) {
    const isRefused = JSON.stringify(expected) === '{"$parse_error":true}';
    if ((kind !== 'expr' && kind !== 'statement') || isRefused) continue;
    const sql = kind === 'expr' ? `SELECT VALUE ${sql_or_expr}` : sql_or_expr;
    for (const name of constructsOf(parseStatement(new Source(sql)))) {
      if (kind !== 'expr' || name !== 'SELECT VALUE') counts.set(name, counts.get(name)! + 1);
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
  expect(rowsBetween('## Functions', '## Where we differ')).toEqual(rows);
});

it('docs/iot-sql.md states how many conformance cases there are and how many are answered differently', () => {
  const passed = cases.length - ANSWERED_DIFFERENTLY.length;
  expect(page).toContain(`${passed} of ${cases.length} conformance cases pass as they stand`);
});
