import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../../devices/start-broker.test-support.ts';

const RUN = `
  import { simulateCommand } from ${JSON.stringify(new URL('./simulate.ts', import.meta.url).href)};
  await simulateCommand().parseAsync(process.argv.slice(1), { from: 'user' });
`;

const open: TestBroker[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.stop();
});

async function broker(): Promise<TestBroker> {
  const started = await startBroker();
  open.push(started);
  return started;
}

function simulate(...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', RUN, '--', ...args]);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const ended = once(child, 'close').then(async ([code]) => ({
    code,
    stdout: await stdout,
    stderr: await stderr,
  }));
  return { child, ended };
}

describe('mesonet simulate', () => {
  test('ends with one line of JSON that agrees with the broker', async () => {
    const { url, received } = await broker();
    const { code, stdout } = await simulate('--url', url, '--count', '100', '--rate', '20', '--json').ended;
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 100, acknowledged: 100, unacknowledged: 0 });
    expect(received).toHaveLength(100);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('stops in order on %s', async (signal) => {
    const { url, received } = await broker();
    const { child, ended } = simulate('--url', url, '--json');
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(50);
    child.kill(signal);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sent: received.length, unacknowledged: 0 });
  });

  test('stops when its parent closes its stdin, if asked', async () => {
    const { url, received } = await broker();
    const { child, ended } = simulate('--url', url, '--exit-with-parent', '--quiet');
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(50);
    child.stdin.end();
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ readings in \d+ publishes over 50 connections/);
  });

  test('says in one sentence that nobody listens', async () => {
    const { url, stop } = await startBroker();
    await stop();
    expect(await simulate('--url', url).ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: Cannot connect to ${url}: connection refused; is the runtime started with "mesonet start --insecure-local"?\n`,
    });
  });

  test.each([
    [['--stations', 'many'], 'Cannot use --stations "many": expected a whole number from 1 to 100000'],
    [
      ['--faults', 'late:2'],
      'Cannot use fault "late:2": expected late[:FRACTION[:MAX_SECONDS]], a fraction from 0 to 1 and 1 to 86400 seconds',
    ],
    [['--storm', '0'], 'Cannot use --storm "0": expected a number from 1 to 86400'],
    [['--qos', '2'], 'Cannot use --qos "2": expected 0 or 1'],
    [['--gzip'], 'Cannot use gzip without packed: only packed publishes are compressed'],
    [['--sed', '1'], "unknown option '--sed'\n(Did you mean --seed?)"],
  ])('refuses %j with a sentence', async (args, sentence) => {
    expect(await simulate(...args).ended).toEqual({ code: 1, stdout: '', stderr: `error: ${sentence}\n` });
  });
});
