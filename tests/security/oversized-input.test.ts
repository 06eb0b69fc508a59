import { request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  a,
  ended,
  expectRefused,
  fleet,
  pipeline,
  reading,
  weather,
} from '../pipeline/two-devices.test-support.ts';

const MEBIBYTE = 1024 * 1024;

/** How much the process grew at most while something ran. */
async function growthOf(run: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  await run().finally(() => clearInterval(watch));
  return most - before;
}

/** Sends until the other side has enough; resolves with how much it took. */
async function flood(socket: Socket, start: Buffer, bytes: number): Promise<number> {
  const closed = ended(socket);
  let isOpen = true;
  void closed.then(() => {
    isOpen = false;
  });
  socket.write(start);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  while (isOpen && sent < bytes) {
    sent += chunk.length;
    if (!socket.write(chunk)) await Promise.race([new Promise((next) => socket.once('drain', next)), closed]);
  }
  if (isOpen) await Promise.race([closed, setTimeout(5000)]);
  expect(isOpen).toBe(false);
  return sent;
}

/** A CONNECT, or a PUBLISH, that announces 256 MB. */
const announced = (type: number): Buffer => Buffer.from([type, 0xff, 0xff, 0xff, 0x7f]);

const plain = (): Socket => connectTcp(pipeline.mesonet.mqtt.port, '127.0.0.1');
const tls = (): Socket =>
  connectTls({ ...pipeline.mesonet.mqtts, cert: a.cert, key: a.key, rejectUnauthorized: false });

describe('before anybody has said who they are', () => {
  it.each([
    ['plain', 0x10, plain],
    ['plain', 0x30, plain],
    ['TLS', 0x10, tls],
    ['TLS', 0x30, tls],
  ])('a packet that announces 256 MB ends the connection: %s, first byte %i', async (_, type, open) => {
    let sent = 0;
    const growth = await growthOf(async () => {
      sent = await flood(open(), announced(type), 100 * MEBIBYTE);
    });
    // What lies in the buffers of sockets was sent too.
    expect(sent).toBeLessThan(20 * MEBIBYTE);
    expect(growth).toBeLessThan(48 * MEBIBYTE);
  });

  it('a length that does not end is no packet', async () => {
    await expectRefused('malformed MQTT packet', () => {
      const socket = plain();
      socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]));
      return ended(socket);
    });
  });

  it('a hundred that announce as much as is allowed, and send none of it, cost nothing', async () => {
    const sockets: Socket[] = [];
    const growth = await growthOf(async () => {
      for (let index = 0; index < 100; index++) {
        const socket = plain();
        sockets.push(socket);
        socket.write(Buffer.from([0x10, 0xff, 0xff, 0x07]));
      }
      await setTimeout(300);
    });
    expect(growth).toBeLessThan(48 * MEBIBYTE);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a body that is too large', () => {
  const post = (headers: object, bytes: number, path = '/v1/readings'): Promise<number> =>
    new Promise((resolve) => {
      const asked = request(`${pipeline.mesonet.http}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${pipeline.mesonet.token}`, ...headers },
      });
      asked.once('response', (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.once('error', () => resolve(0));
      const chunk = Buffer.alloc(64 * 1024, 'x');
      let left = bytes;
      const send = (): void => {
        while (left > 0 && !asked.destroyed) {
          left -= chunk.length;
          if (!asked.write(chunk)) {
            asked.once('drain', send);
            return;
          }
        }
        asked.end();
      };
      send();
    });

  it.each([
    ['is announced: 11 MB', { 'content-length': 11_000_000 }, 64 * 1024],
    ['is announced: 1 TB', { 'content-length': 1e12 }, 64 * 1024],
    ['comes in chunks: 5 MB', { 'transfer-encoding': 'chunked' }, 5 * MEBIBYTE],
    ['comes in chunks: 100 MB', { 'transfer-encoding': 'chunked' }, 100 * MEBIBYTE],
  ])('is refused, and is not kept: %s', { timeout: 60_000 }, async (_, headers, bytes) => {
    let status = -1;
    const growth = await growthOf(async () => {
      status = await Promise.race([post(headers, bytes), setTimeout(20_000, -1)]);
    });
    // API Gateway takes 10 MB, the queue behind it 1 MiB. The connection may be closed before the answer is read.
    expect([0, 400, 413]).toContain(status);
    expect(growth).toBeLessThan(64 * MEBIBYTE);
    expect((await fetch(`${pipeline.mesonet.http}/v1/health`)).status).toBe(200);
  });
});

it('a payload of 128 KiB is taken, and one byte more is not', async () => {
  const client = await fleet.connect(a, { protocolVersion: 5 });
  const { accepted } = pipeline.mesonet.ledger();
  const publish = (bytes: number) =>
    client.publishAsync(weather('stA'), Buffer.alloc(bytes, 'x'), { qos: 1 });
  await publish(128 * 1024);
  expect(pipeline.mesonet.ledger().accepted).toBe(accepted + 1);
  await expectRefused('payload over 128 KiB', () => publish(128 * 1024 + 1).catch(() => {}));
  await client.endAsync(true);
  const again = await fleet.connect(a);
  await again.publishAsync(weather('stA'), reading(), { qos: 1 });
  await again.endAsync(true);
});
