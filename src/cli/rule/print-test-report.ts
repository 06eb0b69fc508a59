import type { CaseResult } from '../../topic-rules/run-rule-case.ts';
import type { RuleTestReport, RuleTestResult } from '../../topic-rules/test-rules.ts';
import { printTable } from '../print-table.ts';

/** The report of a run, for people. */
export function printTestReport(report: RuleTestReport): string {
  const { rules, withoutCases, passed, failed, durationMillis } = report;
  const sections = [
    printTable(rules.map(summaryOf)),
    ...rules.flatMap(({ rule, cases }) =>
      cases.filter((each) => !each.passed).map((each) => printFailure(rule, each)),
    ),
    ...rules.flatMap(({ rule, error }) => (error === undefined ? [] : [`✗ ${rule}\n${indent(error)}`])),
    printNotReached(rules),
    withoutCases.length > 0 ? `Without cases: ${withoutCases.join(', ')}` : '',
    `${passed} passed, ${failed} failed (${Math.max(1, Math.round(durationMillis))} ms)`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function summaryOf({ rule, cases, coverage, error }: RuleTestResult): readonly string[] {
  const failed = cases.filter(({ passed }) => !passed).length;
  const counts =
    error === undefined
      ? `${cases.length} ${cases.length === 1 ? 'case' : 'cases'}${failed > 0 ? `, ${failed} failed` : ''}`
      : 'not run';
  const reached = coverage.outcomes - coverage.notReached.length;
  return [
    `${failed > 0 || error !== undefined ? '✗' : '✓'} ${rule}`,
    counts,
    coverage.outcomes > 0 ? `${reached} of ${coverage.outcomes} branches reached` : '',
  ];
}

function printFailure(rule: string, { name, number, differences, problems }: CaseResult): string {
  const table = printTable(
    differences.map(({ path, expected, actual }) => [path, `expected ${expected}`, `got ${actual}`]),
  );
  const body = [table, ...problems].filter((part) => part !== '').join('\n');
  return `✗ ${rule}, case ${number}: ${name}\n${indent(body)}`;
}

function printNotReached(rules: readonly RuleTestResult[]): string {
  const rows = rules.flatMap(({ rule, coverage }) =>
    coverage.notReached.map(({ clause, source, outcome }) => [rule, clause, source, outcome]),
  );
  return rows.length === 0 ? '' : `Reached by no case:\n${indent(printTable(rows))}`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
