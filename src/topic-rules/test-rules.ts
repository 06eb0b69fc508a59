import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileRule, IotSqlError, type RuleBranch } from '../iot-sql/index.ts';
import { didYouMean } from '../sql/index.ts';
import { parseRuleCases } from './parse-rule-cases.ts';
import type { RuleCase } from './rule-case.ts';
import { coverageOf, type RuleCoverage } from './rule-coverage.ts';
import { readRuleFiles } from './rule-file.ts';
import { type CaseResult, type RuleUnderTest, runRuleCase } from './run-rule-case.ts';
import { StubbedExternals } from './stubbed-externals.ts';
import { TopicRuleError } from './topic-rule-error.ts';

/** What came of the cases of one rule. */
export interface RuleTestResult {
  readonly rule: string;
  /** `rules/<rule>.cases.json` */
  readonly file: string;
  readonly cases: readonly CaseResult[];
  readonly coverage: RuleCoverage;
  /** Why its cases could not be run: a malformed file, or a rule that does not compile. */
  readonly error?: string;
}

/** What came of a whole run. */
export interface RuleTestReport {
  readonly rules: readonly RuleTestResult[];
  /** Rules that were asked for and have no cases. */
  readonly withoutCases: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly durationMillis: number;
}

const CASES = '.cases.json';
const NO_COVERAGE: RuleCoverage = { outcomes: 0, notReached: [] };

/**
 * Runs the cases of all rules in `<projectFolder>/rules`, or of the named ones.
 * @throws TopicRuleError when there is no such folder, or no rule and no cases of a name
 */
export async function testRules(
  projectFolder: string,
  names: readonly string[] = [],
): Promise<RuleTestReport> {
  const start = performance.now();
  const found = readRuleFolder(projectFolder);
  const chosen = names.length === 0 ? found : names.map((name) => choose(found, name));
  const rules: RuleTestResult[] = [];
  for (const each of chosen) if (each.casesFile !== undefined) rules.push(await testRule(each));
  const cases = rules.flatMap((rule) => rule.cases);
  const passed = cases.filter((each) => each.passed).length;
  return {
    rules,
    withoutCases: chosen.filter(({ casesFile }) => casesFile === undefined).map(({ name }) => name),
    passed,
    failed: cases.length - passed + rules.filter(({ error }) => error !== undefined).length,
    durationMillis: performance.now() - start,
  };
}

interface TestedRule extends RuleUnderTest {
  /** The path of the file with its cases; undefined when there is none. */
  readonly casesFile: string | undefined;
}

/** Every rule and every file of cases of a folder, by name. */
function readRuleFolder(projectFolder: string): readonly TestedRule[] {
  const folder = join(projectFolder, 'rules');
  try {
    const files = readRuleFiles(folder);
    const caseFiles = readdirSync(folder).filter((file) => file.endsWith(CASES));
    const names = new Set([
      ...files.map(({ name }) => name),
      ...caseFiles.map((file) => basename(file, CASES)),
    ]);
    return [...names].sort().map((name) => ({
      name,
      file: `rules/${name}.sql`,
      sql: files.find((each) => each.name === name)?.sql,
      casesFile: caseFiles.includes(name + CASES) ? join(folder, name + CASES) : undefined,
    }));
  } catch (cause) {
    throw new TopicRuleError(`Cannot read the rules in '${folder}': ${(cause as Error).message}`, { cause });
  }
}

/** A rule by its name, or by the path of one of its files. */
function choose(rules: readonly TestedRule[], asked: string): TestedRule {
  const name = basename(asked).replace(/\.(sql|cases\.json)$/, '');
  const rule = rules.find((each) => each.name === name);
  if (rule) return rule;
  const suggestion = didYouMean(
    name,
    rules.map((each) => each.name),
  );
  throw new TopicRuleError(`Cannot test rule '${asked}': there is no rules/${name}.sql${suggestion}`);
}

async function testRule(rule: TestedRule): Promise<RuleTestResult> {
  const file = `rules/${rule.name}${CASES}`;
  try {
    const branches = rule.sql === undefined ? [] : compiledBranches(rule);
    const ruleCases = parseRuleCases(readFileSync(rule.casesFile!, 'utf8'), file);
    checkSql(rule, ruleCases, file);
    const cases: CaseResult[] = [];
    for (const [at, each] of ruleCases.entries()) cases.push(await runRuleCase(rule, each, at));
    const coverage = coverageOf(
      branches,
      cases.map(({ taken }) => taken),
    );
    return { rule: rule.name, file, cases, coverage };
  } catch (error) {
    if (!(error instanceof TopicRuleError || error instanceof IotSqlError)) throw error;
    return { rule: rule.name, file, cases: [], coverage: NO_COVERAGE, error: error.message };
  }
}

function compiledBranches({ name, file, sql }: TestedRule): readonly RuleBranch[] {
  const { port } = new StubbedExternals();
  return compileRule(sql!, { file, ruleName: name, external: port }).branches;
}

function checkSql({ name, sql }: TestedRule, cases: readonly RuleCase[], file: string): void {
  const at = sql === undefined ? cases.findIndex(({ inputSql }) => inputSql === undefined) : -1;
  if (at >= 0)
    throw new TopicRuleError(
      `Cannot run ${file}, case ${at + 1}: it has no "inputSql" and there is no rules/${name}.sql`,
    );
}
