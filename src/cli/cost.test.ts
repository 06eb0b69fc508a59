import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { SMALL_STACK } from '../cost/stack.test-support.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mesonet-cost-'));
const template = join(folder, 'template.json');
writeFileSync(template, JSON.stringify({ Resources: SMALL_STACK }));
afterAll(() => rmSync(folder, { recursive: true }));

function cost(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'cost', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const small = (...args: string[]) => cost('--template', template, ...args);

describe('mesonet cost', () => {
  test('prints each service, the total and the reference design', () => {
    const { status, stdout } = small('--rate', '10', '--devices', '600');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^10 readings\/s from 600 devices/);
    expect(stdout).toMatch(
      /^ {2}rule telemetry, action Kinesis +26\.28 million actions executed .* 0\.15\* +3\.94 +0\.1500$/m,
    );
    expect(stdout).toContain('The reference design, built plainly');
    expect(stdout.match(/^Total/gm)).toHaveLength(2);
  });

  test('prints one line of JSON, the totals and the lines first', () => {
    const { status, stdout } = small('--json');
    expect(status).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stdout).toMatch(/^\{"perMillionUsd":[\d.]+,"perMonthUsd":[\d.]+,"lines":\[\{/);
    const { perMonthUsd, lines, naive } = JSON.parse(stdout);
    expect(
      lines.reduce((sum: number, line: { perMonthUsd: number }) => sum + line.perMonthUsd, 0),
    ).toBeCloseTo(perMonthUsd);
    expect(naive.perMillionUsd).toBeCloseTo(4.91, 2);
  });

  test('fails when a month is over the budget, and says by how much', () => {
    expect(small('--budget', '1000000').status).toBe(0);
    const { status, stdout, stderr } = small('--json', '--budget', '10');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).perMonthUsd).toBeGreaterThan(10);
    expect(stderr).toMatch(
      /^error: Cannot stay within the budget of 10\.00 USD per month: this load costs [\d.]+ USD, [\d.]+ USD too much\n$/,
    );
  });

  test('prices a recorded load', () => {
    const trace = join(folder, 'load.jsonl');
    const publish = { topic: 'weather/a/b/st/t/s', bytes: 200 };
    const lines = [0, 1000, 2000].map((timestampMillis) => JSON.stringify({ timestampMillis, ...publish }));
    writeFileSync(trace, `${lines.join('\n')}\n`);
    const { status, stdout } = small('--trace', trace, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ readingsPerSecond: 1, devices: 1 });
  });

  test('prices the stack of the project itself', () => {
    const { status, stdout } = cost('--json');
    expect(status).toBe(0);
    const { lines, warnings } = JSON.parse(stdout);
    const services = new Set(lines.map(({ service }: { service: string }) => service));
    for (const service of ['AWS IoT Core', 'Kinesis Data Streams', 'Lambda', 'DynamoDB', 'S3', 'CloudWatch'])
      expect(services).toContain(service);
    expect(warnings.filter((warning: string) => warning.includes('no rule takes'))).toEqual([]);
  }, 120_000);

  test('shows what there is', () => {
    const { status, stdout } = cost('--help');
    expect(status).toBe(0);
    for (const option of ['--rate', '--devices', '--trace', '--pack', '--json', '--budget', '--project'])
      expect(stdout).toContain(option);
  });

  test.each([
    [['--rate', '0'], "option '--rate <readings/s>' argument '0' is invalid. Expected a number above 0.", 2],
    [['--pack', '1.5'], "option '--pack <n>' argument '1.5' is invalid. Expected a whole number above 0.", 2],
    [
      ['--pack', '2000'],
      'Cannot pack 2000 readings into one publish: they take 496000 bytes, at most 131072 are allowed',
      1,
    ],
    [['--trace', '/nowhere.jsonl'], 'Cannot read --trace "/nowhere.jsonl": ENOENT', 1],
    [['--trace', 'x', '--rate', '5'], 'Cannot use --rate with --trace: the trace says what is published', 2],
    [['--template', main], `Cannot read --template "${main}": `, 1],
  ])('refuses %j with a sentence', (args, sentence, exitCode) => {
    const { status, stdout, stderr } = small(...args);
    expect({ status, stdout }).toEqual({ status: exitCode, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  test('refuses a folder without serverless.yml', () => {
    const { status, stderr } = cost('--project', folder);
    expect(status).toBe(1);
    expect(stderr).toContain(`error: Cannot price --project "${folder}": the folder has no serverless.yml`);
  });
});
