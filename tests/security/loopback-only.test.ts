import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startMesonet } from '../../src/local/start-mesonet.ts';
import { projectFolder, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

describe('the runtime', () => {
  it.each(['0.0.0.0', '::', '', '10.0.0.1', '127.0.0.1.evil.example', 'evil.example', '::ffff:0:0'])(
    'does not start where others could reach it: %j',
    async (host) => {
      const dataFolder = mkdtempSync(join(tmpdir(), 'mesonet-bind-'));
      await expect(startMesonet({ projectFolder, dataFolder, version: 'test', host })).rejects.toThrow(
        `Cannot listen on '${host}': the runtime is for this machine only`,
      );
      expect(readdirSync(dataFolder)).toEqual([]);
      rmSync(dataFolder, { recursive: true });
    },
  );

  it('listens on no address but loopback', { timeout: 60_000 }, async () => {
    const pipeline = await RunningPipeline.start({ withFunctions: false });
    const { mqtt, mqtts, http, awsEndpoint } = pipeline.mesonet;
    const ports = [mqtt.port, mqtts.port, Number(new URL(http).port), Number(new URL(awsEndpoint).port)];
    const others = Object.values(networkInterfaces()).flatMap((each) =>
      (each ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
    );
    for (const port of ports.filter((each) => each !== 0)) {
      expect([port, await isOpen('127.0.0.1', port)]).toEqual([port, true]);
      for (const address of others)
        expect([address, port, await isOpen(address, port)]).toEqual([address, port, false]);
    }
    await pipeline.end();
  });
});

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (isConnected: boolean) => () => {
      socket.destroy();
      resolve(isConnected);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
