import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installWhatIsMissing, node24, projectFolder } from './install.mjs';

/** The gate: what `npm test` runs and CI calls. Each step is a command; the tests' own counts are added up at the end. */
const report = join(projectFolder, '.mesonet', 'test-report.json');
const bin = (name) => join(projectFolder, 'node_modules', ...name.split('/'));

const steps = [
  { name: 'format and lint', args: [bin('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings'] },
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'types of the page', args: [bin('typescript/bin/tsc'), '-p', 'dashboard'] },
  { name: 'page', args: [bin('vite/bin/vite.js'), 'build', 'dashboard', '--logLevel', 'error'] },
  { name: 'package', args: [bin('serverless/bin/serverless.js'), 'package'] },
  {
    name: 'tests',
    args: [
      bin('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
  },
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

/** Tests that were run, and the reasons of those that were not. */
function testCounts() {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

installWhatIsMissing();
mkdirSync(join(projectFolder, '.mesonet'), { recursive: true });
rmSync(report, { force: true });
const results = [];
for (const step of steps) results.push({ name: step.name, ok: await run(step) });

const counts = testCounts();
const broken = results.filter(({ ok }) => !ok);
console.log(`\n${results.map(({ name, ok }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}`).join('\n')}\n`);
const brokenSteps = broken.filter(({ name }) => name !== 'tests' || counts.failed === 0).length;
const passed = counts.passed + results.length - broken.length;
const skipped = counts.skipped ? `, ${counts.skipped} skipped` : '';
console.log(`${passed} passed, ${counts.failed + brokenSteps} failed${skipped}`);
process.exit(broken.length ? 1 : 0);
