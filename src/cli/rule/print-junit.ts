import type { CaseResult } from '../../topic-rules/run-rule-case.ts';
import type { RuleTestReport, RuleTestResult } from '../../topic-rules/test-rules.ts';

/** The report of a run as JUnit XML: one suite for each rule. A file that could not be read is one case with an error. */
export function printJunit({ rules, passed, failed, durationMillis }: RuleTestReport): string {
  const errors = rules.filter(({ error }) => error !== undefined).length;
  const totals = attributes({
    name: 'rules',
    tests: passed + failed,
    failures: failed - errors,
    errors,
    time: seconds(durationMillis),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${totals}>\n${rules.map(printSuite).join('')}</testsuites>\n`;
}

function printSuite({ rule, file, cases, error }: RuleTestResult): string {
  const totals = attributes({
    name: rule,
    tests: cases.length + (error === undefined ? 0 : 1),
    failures: cases.filter(({ passed }) => !passed).length,
    errors: error === undefined ? 0 : 1,
    skipped: 0,
    time: seconds(cases.reduce((sum, { durationMillis }) => sum + durationMillis, 0)),
  });
  const body = cases.map((each) => printCase(rule, file, each));
  if (error !== undefined) body.push(printError(rule, file, error));
  return `  <testsuite${totals}>\n${body.join('')}  </testsuite>\n`;
}

function printCase(rule: string, file: string, result: CaseResult): string {
  const opening = `    <testcase${attributes({
    name: result.name,
    classname: rule,
    file,
    time: seconds(result.durationMillis),
  })}`;
  if (result.passed) return `${opening}/>\n`;
  const lines = [
    ...result.differences.map(({ path, expected, actual }) => `${path}: expected ${expected}, got ${actual}`),
    ...result.problems,
  ];
  return `${opening}>\n      <failure${attributes({ message: lines[0] ?? '' })}>${escapeXml(lines.join('\n'))}</failure>\n    </testcase>\n`;
}

function printError(rule: string, file: string, error: string): string {
  const [message = ''] = error.split('\n');
  return `    <testcase${attributes({ name: file, classname: rule, file, time: seconds(0) })}>\n      <error${attributes({ message })}>${escapeXml(error)}</error>\n    </testcase>\n`;
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(6);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 cannot hold at all, such as most control characters and halves of surrogate pairs, becomes U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
