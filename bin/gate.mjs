import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { installWhatIsMissing, node24, projectFolder } from './install.mjs';

/** The gate: what `npm test` runs and CI calls. Each step is a command; the tests' own counts are added up at the end. */
const bin = (name) => join(projectFolder, 'node_modules', ...name.split('/'));

/** How much of a failed test's message the end repeats. */
const MESSAGE_LINES = 12;

/** A step of tests: it counts by its own report. */
function tests(name, reportName, args) {
  const report = join(projectFolder, '.mesonet', reportName);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name, report, args: [bin('vitest/vitest.mjs'), 'run', ...args, ...reporters] };
}

/** What loads the machine by itself: beside other tests it would only make both slower. */
const alone = {
  'nothing lost': ['tests/delivery', 'tests/faults', 'tests/fuzz', 'tests/simulation', 'tests/soak'],
  'on a Flink cluster': ['tests/flink'],
  // One emulator at a time: each looks for port 443 too, beside its own.
  'deploy on an emulator': ['tests/deploy', '--no-file-parallelism'],
};
const elsewhere = Object.values(alone)
  .flat()
  .filter((argument) => !argument.startsWith('--'))
  .flatMap((folder) => ['--exclude', `${folder}/**`]);

const steps = [
  { name: 'format and lint', args: [bin('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings'] },
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'types of the page', args: [bin('typescript/bin/tsc'), '-p', 'dashboard'] },
  { name: 'page', args: [bin('vite/bin/vite.js'), 'build', 'dashboard', '--logLevel', 'error'] },
  { name: 'package', args: [bin('serverless/bin/serverless.js'), 'package'] },
  tests('tests', 'test-report.json', elsewhere),
  ...Object.entries(alone).map(([name, args], at) => tests(name, `alone-report-${at}.json`, args)),
];

function run({ name, args }) {
  console.log(`\n── ${name}`);
  const path = `${join(projectFolder, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  return new Promise((resolve) => {
    const child = spawn(node24, args, {
      cwd: projectFolder,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH: path },
    });
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** Tests of a step that were run, those that were not, and which failed with what. */
function testResults({ report }) {
  if (report === undefined || !existsSync(report)) return { passed: 0, failed: 0, skipped: 0, failures: [] };
  const {
    numPassedTests,
    numFailedTests,
    numPendingTests,
    testResults: files,
  } = JSON.parse(readFileSync(report, 'utf8'));
  const failures = files.flatMap((file) =>
    failuresOf(file).map((text) => `${relative(projectFolder, file.name)}: ${text}`),
  );
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests, failures };
}

/** A file that could not even be loaded fails as a whole. */
function failuresOf({ assertionResults, status, message }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [message] : [];
  return failed.map(
    ({ fullName, failureMessages }) => `${fullName}\n    ${firstLines(failureMessages.join('\n'))}`,
  );
}

function firstLines(text) {
  return text.split('\n').slice(0, MESSAGE_LINES).join('\n    ');
}

installWhatIsMissing();
mkdirSync(join(projectFolder, '.mesonet'), { recursive: true });
for (const { report } of steps) if (report !== undefined) rmSync(report, { force: true });
const results = [];
for (const step of steps) {
  const startedAt = Date.now();
  const ok = await run(step);
  results.push({ name: step.name, ok, seconds: (Date.now() - startedAt) / 1000, ...testResults(step) });
}

const sum = (kind) => results.reduce((total, each) => total + each[kind], 0);
const broken = results.filter(({ ok }) => !ok);
for (const failure of results.flatMap(({ failures }) => failures)) console.log(`\nFAILED  ${failure}`);
console.log('');
for (const { name, ok, seconds } of results)
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(20)} ${seconds.toFixed(0).padStart(5)} s`);
// A step that failed by its tests is counted by them already.
const brokenSteps = broken.filter(({ failed }) => failed === 0).length;
const passed = sum('passed') + results.length - broken.length;
const skipped = sum('skipped') ? `, ${sum('skipped')} skipped` : '';
console.log(`\n${passed} passed, ${sum('failed') + brokenSteps} failed${skipped}`);
process.exit(broken.length ? 1 : 0);
