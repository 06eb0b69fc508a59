import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runMesonet } from './rule/run-mesonet.test-support.ts';

const servers: Server[] = [];

/** Something else that speaks HTTP on a port where the pipeline is looked for. */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('mesonet trace', { timeout: 30_000 }, () => {
  it('says how to start the pipeline when none runs', async () => {
    const url = await listen(() => {});
    for (const server of servers.splice(0)) server.close();
    expect(await runMesonet(['trace', '--sensor', 't1', '--url', url])).toEqual({
      code: 1,
      stdout: '',
      stderr: `Cannot ask ${url}: nothing listens there; start the pipeline with "mesonet start", or give the address of its page with --url\n`,
    });
  });

  it('says so when something else answers', async () => {
    const url = await listen((_, response) => response.writeHead(404).end('<html>'));
    const { code, stderr } = await runMesonet(['trace', '--topic', 'a/#', '--url', url]);
    expect([code, stderr]).toEqual([
      1,
      `Cannot ask ${url}: what listens there answered 404, which is no trace\n`,
    ]);
  });

  it.each([
    [[], 'error: give exactly one of --sensor, --event and --topic'],
    [['--sensor', 'a', '--topic', 'b'], 'error: give exactly one of --sensor, --event and --topic'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await runMesonet(['trace', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each(['0', '51', 'all'])('refuses --last %s', async (last) => {
    const { code, stderr } = await runMesonet(['trace', '--sensor', 'a', '--last', last]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('expected a whole number from 1 to 50');
  });

  it('explains itself', async () => {
    const { code, stdout } = await runMesonet(['trace', '--help']);
    expect(code).toBe(0);
    for (const option of ['--sensor', '--event', '--topic', '--last', '--json', '--url'])
      expect(stdout).toContain(option);
  });
});
