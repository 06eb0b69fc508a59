import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { selfSignedPair } from '../../src/local/iot-core/tls/certificates.test-support.ts';
import { closed, type DeviceCredentials } from './device-fleet.test-support.ts';
import { eventually } from './running-pipeline.test-support.ts';
import { start } from './runtime-process.test-support.ts';
import {
  a,
  ended,
  expectRefused,
  fleet,
  pipeline,
  reading,
  refusedCount,
  restart,
  weather,
} from './two-devices.test-support.ts';

describe('the TLS listener', () => {
  const hour = 3_600_000;

  it('refuses who shows no certificate, or a foreign, expired or future one', async () => {
    const expired = await fleet.register('expired', {
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() - hour),
    });
    const future = await fleet.register('future', {
      notBefore: new Date(Date.now() + hour),
      notAfter: new Date(Date.now() + 2 * hour),
    });
    const foreign = await selfSignedPair('CN=stA');
    for (const [reason, credentials] of [
      ['certificate has expired', expired],
      ['certificate is not valid yet', future],
      ['certificate is not registered', { name: 'stA', ...foreign }],
    ] as const)
      await expectRefused(reason, async () => {
        await expect(fleet.connect(credentials)).rejects.toThrow();
      });
    await expectRefused('no client certificate', () => ended(tls({})));
  });

  it('refuses a certificate whose key the client does not have', async () => {
    const stolen = { ...(await selfSignedPair('CN=stA')), cert: a.cert };
    await expect(fleet.connect({ name: 'stA', ...stolen })).rejects.toThrow();
  });

  it('refuses TLS 1.1, and an ALPN name that is not its own', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    await expectRefused('TLS version below 1.2', () => ended(tls({ ...credentialsOf(a), ...old })));
    await expectRefused('no ALPN protocol in common', () =>
      ended(tls({ ...credentialsOf(a), ALPNProtocols: ['h2'] })),
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'asks for the certificate again when a client would resume a session of %s',
    async (maxVersion) => {
      const first = tls({ ...credentialsOf(a), maxVersion });
      let session: Buffer | undefined;
      first.on('session', (each) => {
        session = each;
      });
      await new Promise((resolve) => first.once('secureConnect', resolve));
      await setTimeout(100);
      session ??= first.getSession();
      first.destroy();
      await expectRefused('no client certificate', () => ended(tls({ maxVersion, session })));
    },
  );

  it('cuts a client that announces 256 MB before it has said who it is', async () => {
    for (const socket of [tls(credentialsOf(a)), plain()]) {
      const huge = Buffer.concat([Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(64 * 1024)]);
      await expectRefused('packet over the size limit', () => {
        socket.write(huge);
        return ended(socket);
      });
    }
  });

  it('cuts a client that stays silent before, in and after the handshake', { timeout: 20_000 }, async () => {
    const before = [refusedCount('no TLS handshake in time'), refusedCount('no CONNECT in time')];
    const silent = connectTcp(pipeline.mesonet.mqtts.port, '127.0.0.1');
    const half = connectTcp(pipeline.mesonet.mqtts.port, '127.0.0.1');
    half.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    await Promise.all([ended(silent), ended(half), ended(tls(credentialsOf(a)))]);
    expect([refusedCount('no TLS handshake in time'), refusedCount('no CONNECT in time')]).toEqual([
      before[0]! + 2,
      before[1]! + 1,
    ]);
  });

  function credentialsOf({ cert, key }: DeviceCredentials): ConnectionOptions {
    return { cert, key };
  }

  function tls(options: ConnectionOptions): TLSSocket {
    const { host, port } = pipeline.mesonet.mqtts;
    return connectTls({ host, port, rejectUnauthorized: false, ...options });
  }

  function plain(): Socket {
    return connectTcp(pipeline.mesonet.mqtt.port, '127.0.0.1');
  }
});

describe('names that every object has', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

  it('are client ids, topics and filters like any other', async () => {
    for (const name of names) {
      const client = await pipeline.connect({ clientId: name, protocolVersion: 5 });
      const messages: string[] = [];
      client.on('message', (topic) => messages.push(topic));
      await client.subscribeAsync(name, { qos: 1 });
      await client.subscribeAsync(name, { qos: 0 });
      await client.publishAsync(name, '{"__proto__":{"polluted":1}}', {
        qos: 1,
        properties: { userProperties: { constructor: 'x' } },
      });
      await eventually(
        () => messages,
        ({ length }) => length > 0,
        5,
      );
      await client.unsubscribeAsync(name);
      const twin = await pipeline.connect({ clientId: name });
      await closed(client);
      expect(twin.connected).toBe(true);
      await twin.endAsync(true);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('are things with certificates like any other', async () => {
    for (const name of names) {
      const client = await fleet.connect(await fleet.provision(name));
      await client.publishAsync(weather(name), reading(), { qos: 1 });
      await client.endAsync(true);
    }
  });

  it('cannot be mixed into a SUBSCRIBE of several filters', async () => {
    const client = await pipeline.connect({ protocolVersion: 4 });
    await expectRefused('filter that cannot be kept', async () => {
      client.subscribe(['__proto__', 'a'], () => {});
      await closed(client);
    });
  });
});

describe('limits', () => {
  it('on client ids and filters cut whoever is over them', async () => {
    await expectRefused('client id over 128 bytes', async () => {
      await expect(pipeline.connect({ clientId: 'x'.repeat(129) })).rejects.toThrow();
    });
    await expectRefused('client id that begins with $', async () => {
      await expect(pipeline.connect({ clientId: '$aws' })).rejects.toThrow();
    });
    const client = await pipeline.connect();
    await expectRefused('more than 8 filters in one SUBSCRIBE', async () => {
      client.subscribe(
        Array.from({ length: 9 }, (_, index) => `f${index}`),
        () => {},
      );
      await closed(client);
    });
  });
});

it('the command line says where devices connect, and whom they trust', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-identity-'));
  const { child, ready } = await start(folder);
  expect(ready.mqtts.port).toBeGreaterThan(0);
  expect(readFileSync(ready.caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

it('without plain MQTT nobody comes in but by a certificate', { timeout: 60_000 }, async () => {
  await restart({ insecureLocal: false });
  expect(pipeline.mesonet.mqtt.port).toBe(0);
  const client = await fleet.connect(a);
  await client.publishAsync(weather('stA'), reading(), { qos: 1 });
  expect(client.connected).toBe(true);
});
