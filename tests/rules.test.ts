import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { compileStack } from '../src/stack/compile-stack.ts';
import { LOCAL_PLACE } from '../src/stack/local-place.ts';
import { readStack } from '../src/stack/read-stack.ts';
import { parseRuleCases } from '../src/topic-rules/parse-rule-cases.ts';
import { readRuleFiles } from '../src/topic-rules/rule-file.ts';
import { testRules } from '../src/topic-rules/test-rules.ts';

const projectFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');
/** The stack may have to be compiled first. */
vi.setConfig({ testTimeout: 120_000 });

const report = await testRules(projectFolder);

for (const { rule, error, cases, coverage } of report.rules) {
  describe(`the cases of rule ${rule}`, () => {
    it('can be run', () => {
      expect(error).toBeUndefined();
      expect(cases.length).toBeGreaterThan(0);
    });

    for (const { number, name, differences, problems } of cases) {
      it(`${number} ${name}`, () => {
        expect({ differences, problems }).toEqual({ differences: [], problems: [] });
      });
    }

    it('reach every branch of the rule', () => {
      expect(coverage.notReached).toEqual([]);
    });
  });
}

describe('the rules of the stack', () => {
  it('all have cases', () => {
    expect(report.withoutCases).toEqual([]);
  });

  it('are tested in the version they are deployed with', async () => {
    const cacheFolder = join(projectFolder, '.mesonet', 'stack');
    const stack = readStack(await compileStack({ projectFolder, cacheFolder }), projectFolder, LOCAL_PLACE);
    const files = readRuleFiles(join(projectFolder, 'rules'));
    for (const { name, sql, sqlVersion } of stack.topicRules) {
      expect(files.find((file) => file.name === name)?.sql, name).toBe(sql.trim());
      const cases = parseRuleCases(
        readFileSync(join(projectFolder, `rules/${name}.cases.json`), 'utf8'),
        name,
      );
      for (const { inputSql, sqlVersion: tested = '2016-03-23' } of cases)
        if (inputSql === undefined) expect(tested, name).toBe(sqlVersion);
    }
  });
});
