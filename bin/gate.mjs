import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installWhatIsMissing, node24, projectFolder } from './install.mjs';

/** The gate: what `npm test` runs and CI calls. Each step is a command; the tests' own counts are added up at the end. */
const bin = (name) => join(projectFolder, 'node_modules', ...name.split('/'));

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

/** Tests of a step that were run, and those that were not. */
function testCounts({ report }) {
  if (report === undefined || !existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

installWhatIsMissing();
mkdirSync(join(projectFolder, '.mesonet'), { recursive: true });
for (const { report } of steps) if (report !== undefined) rmSync(report, { force: true });
const results = [];
for (const step of steps) results.push({ ...step, ok: await run(step) });

const counts = results.map(testCounts);
const sum = (kind) => counts.reduce((total, each) => total + each[kind], 0);
const broken = results.filter(({ ok }) => !ok);
console.log(`\n${results.map(({ name, ok }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}`).join('\n')}\n`);
// A step that failed by its tests is counted by them already.
const brokenSteps = results.filter(({ ok }, i) => !ok && counts[i].failed === 0).length;
const passed = sum('passed') + results.length - broken.length;
const skipped = sum('skipped') ? `, ${sum('skipped')} skipped` : '';
console.log(`${passed} passed, ${sum('failed') + brokenSteps} failed${skipped}`);
process.exit(broken.length ? 1 : 0);
