import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseXml } from './parse-xml.test-support.ts';
import { makeProject, runMesonet, spawnMesonet, type TestProject } from './run-mesonet.test-support.ts';

const HOT = "SELECT temp, topic(2) AS room FROM 'rooms/+' WHERE temp > 30 OR alarm = true";
const PASSES = {
  name: 'hot',
  topic: 'rooms/a',
  inputPayload: { temp: 31, alarm: false },
  expectedOutput: { temp: 31, room: 'a' },
};
const FAILS = {
  name: 'a <wrong> & "bad" one\u0001',
  topic: 'rooms/b',
  inputPayload: { temp: 32, alarm: false },
  expectedOutput: { temp: 33, room: 'b', extra: [1] },
};

const page = readFileSync(new URL('../../../docs/iot-sql.md', import.meta.url), 'utf8');

const projects: TestProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function project(files: Readonly<Record<string, unknown>>): TestProject {
  const made = makeProject(files);
  projects.push(made);
  return made;
}

const run = (made: TestProject, ...args: readonly string[]) =>
  runMesonet(['rule', 'test', '--project', made.folder, ...args]);

/** Durations differ from run to run. */
const steady = (text: string) => text.replace(/\(\d+ ms\)/, '(1 ms)');

describe('mesonet rule test', () => {
  test('prints where the output differs, what no case reaches, and ends with 1', async () => {
    const made = project({
      'hot.sql': HOT,
      'hot.cases.json': [PASSES, FAILS],
      'all.sql': "SELECT * FROM '#'",
      'cold.sql': "SELECT * FROM 'rooms/+'",
      'cold.cases.json': [{ topic: 'rooms/a', inputPayload: {}, expectedOutput: {} }],
    });
    const { code, stdout, stderr } = await run(made);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(steady(stdout)).toBe(`✓ cold  1 case
✗ hot   2 cases, 1 failed  1 of 4 branches reached

✗ hot, case 2: ${FAILS.name}
    $.temp   expected 33   got 32
    $.extra  expected [1]  got absent

Reached by no case:
    hot  WHERE  temp > 30     false or Undefined
    hot  WHERE  alarm = true  true
    hot  WHERE  alarm = true  false or Undefined

Without cases: all

2 passed, 1 failed (1 ms)
`);
    expect(page).toContain(steady(stdout).replace(FAILS.name, 'a wrong one'));
  });

  test('runs only the rules that are named, by name or file, and ends with 0', async () => {
    const made = project({ 'hot.sql': HOT, 'hot.cases.json': [PASSES], 'bad.cases.json': '[' });
    for (const name of ['hot', 'rules/hot.sql', 'hot.cases.json']) {
      const { code, stdout } = await run(made, name);
      expect({ code, name }).toEqual({ code: 0, name });
      expect(stdout).toMatch(/^✓ hot {2}1 case {2}1 of 4 branches reached\n/);
    }
  });

  test('goes on after a file that cannot be read and a rule that does not compile', async () => {
    const made = project({
      'broken.sql': "SELECT FROM 'x'",
      'broken.cases.json': [PASSES],
      'hot.sql': HOT,
      'hot.cases.json': [{ ...PASSES, inputpayload: {} }],
      'ok.sql': HOT,
      'ok.cases.json': [PASSES],
    });
    const { code, stdout } = await run(made);
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✗ hot\n    Cannot read rules/hot.cases.json, case 1: unknown member "inputpayload", did you mean "inputPayload" or "inputPayloadHex"?\n',
    );
    expect(stdout).toContain('✗ broken\n');
    expect(stdout).toContain('rules/broken.sql:1:8');
    expect(stdout).toMatch(/\n1 passed, 2 failed /);
  });

  test('prints the report as one line of JSON', async () => {
    const made = project({ 'hot.sql': HOT, 'hot.cases.json': [PASSES, FAILS] });
    const { stdout } = await run(made, '--json');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({
      passed: 1,
      failed: 1,
      withoutCases: [],
      rules: [
        {
          rule: 'hot',
          file: 'rules/hot.cases.json',
          cases: [
            { name: 'hot', number: 1, passed: true, differences: [], problems: [] },
            { number: 2, passed: false, differences: [{ path: '$.temp', expected: '33', actual: '32' }, {}] },
          ],
          coverage: {
            outcomes: 4,
            notReached: [{ source: 'temp > 30', outcome: 'false or Undefined' }, {}, {}],
          },
        },
      ],
    });
  });

  test('writes a JUnit report that holds any text', async () => {
    const made = project({ 'hot.sql': HOT, 'hot.cases.json': [PASSES, FAILS], 'bad.cases.json': '[' });
    const file = join(made.folder, 'reports', 'rules.xml');
    expect((await run(made, '--junit', file)).code).toBe(1);
    const report = parseXml(readFileSync(file, 'utf8'));
    expect(report).toMatchObject({
      name: 'testsuites',
      attributes: { name: 'rules', tests: '3', failures: '1', errors: '1' },
    });
    const [bad, hot] = report.children;
    expect(bad!.children[0]!.children[0]).toMatchObject({
      name: 'error',
      attributes: { message: expect.stringMatching(/^Cannot read rules\/bad.cases.json: not JSON: /) },
    });
    expect(hot!.attributes).toMatchObject({ name: 'hot', tests: '2', failures: '1', errors: '0' });
    expect(
      hot!.children.map(({ name, attributes }) => [name, attributes.classname, attributes.name]),
    ).toEqual([
      ['testcase', 'hot', 'hot'],
      ['testcase', 'hot', 'a <wrong> & "bad" one\uFFFD'],
    ]);
    expect(hot!.children[1]!.children).toMatchObject([
      {
        name: 'failure',
        attributes: { message: '$.temp: expected 33, got 32' },
        text: '$.temp: expected 33, got 32\n$.extra: expected [1], got absent',
      },
    ]);
  });

  test('ends with 2 and one sentence when it is asked for what is not there', async () => {
    const made = project({ 'hot.sql': HOT });
    const missing = join(made.folder, 'rules', 'missing');
    expect(await run(made, 'hott')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: Cannot test rule 'hott': there is no rules/hott.sql, did you mean "hot"?\n`,
    });
    expect(await runMesonet(['rule', 'test', '--project', missing])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: Cannot read the rules in '.*missing\/rules': ENOENT/),
    });
    expect(await run(made, '--junit', join(made.folder, 'rules', 'hot.sql', 'x.xml'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: Cannot write report '.*x\.xml': /),
    });
    expect(await run(made, '--jsn')).toMatchObject({ code: 2, stderr: expect.stringContaining('--json') });
  });

  test('explains itself', async () => {
    const { code, stdout } = await runMesonet(['rule', 'test', '--help']);
    expect(code).toBe(0);
    for (const part of [
      'Usage: mesonet rule test [options] [rule...]',
      '--watch',
      '--junit <file>',
      '--json',
      '--project <folder>',
    ])
      expect(stdout).toContain(part);
    expect((await runMesonet(['--help'])).stdout).toContain('rule');
  });

  test('runs again after every change until Ctrl-C', async () => {
    const made = project({ 'hot.sql': HOT, 'hot.cases.json': [PASSES] });
    const child = spawnMesonet('rule', 'test', '--watch', '--project', made.folder);
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => (output += chunk));
    const waitFor = async (expected: RegExp) => {
      await expect.poll(() => output, { timeout: 10_000 }).toMatch(expected);
      output = '';
    };
    await waitFor(/1 passed, 0 failed[\s\S]*watching rules\/ for changes, Ctrl-C stops\n$/);
    made.write('hot.cases.json', [PASSES, FAILS]);
    await waitFor(/\$\.temp {3}expected 33[\s\S]*1 passed, 1 failed[\s\S]*watching/);
    made.write('hot.cases.json', '[');
    await waitFor(/not JSON[\s\S]*0 passed, 1 failed[\s\S]*watching/);
    made.write('hot.sql', HOT.replace('topic(2)', 'topic(1)'));
    made.write('hot.cases.json', [{ ...PASSES, expectedOutput: { temp: 31, room: 'rooms' } }]);
    await waitFor(/1 passed, 0 failed[\s\S]*watching/);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});
