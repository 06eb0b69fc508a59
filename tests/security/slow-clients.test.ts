import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { payloadOf, RunningPipeline, topicOf } from '../pipeline/running-pipeline.test-support.ts';
import { ended } from '../pipeline/two-devices.test-support.ts';

/** Silence before and after a TLS handshake is in tests/pipeline/tls-listener.test.ts. */
let pipeline: RunningPipeline;
beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false, insecureLocal: true });
}, 60_000);
afterAll(() => pipeline.end());

const page = (): Socket => connect(Number(new URL(pipeline.mesonet.http).port), '127.0.0.1');
const mqtt = (): Socket => connect(pipeline.mesonet.mqtt.port, '127.0.0.1');

async function secondsUntilEnd(socket: Socket): Promise<number> {
  const started = performance.now();
  await ended(socket);
  return (performance.now() - started) / 1000;
}

/** Sends one byte after the other, slowly. */
function drip(socket: Socket, text: string, millis: number): Socket {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length]!), millis);
  socket.once('close', () => clearInterval(timer));
  return socket;
}

describe('who is slow', { timeout: 60_000 }, () => {
  it('is cut, by every door, while others are answered', { timeout: 60_000 }, async () => {
    const host = `host: 127.0.0.1\r\n`;
    const silent = mqtt();
    const half = mqtt();
    half.write(Buffer.from([0x10, 0x20, 0x00]));
    const slowConnect = drip(mqtt(), '\x10\x7f\x00\x04MQTT', 700);
    const slowHeaders = drip(
      page(),
      `GET /v1/health HTTP/1.1\r\n${host}`.concat('x: '.padEnd(500, 'a')),
      300,
    );
    const endlessHeaders = page();
    endlessHeaders.write(`GET /v1/health HTTP/1.1\r\n${host}`);
    const unanswered = page();
    const cut = Promise.all(
      [silent, half, slowConnect, slowHeaders, endlessHeaders, unanswered].map(secondsUntilEnd),
    );
    let longest = 0;
    const client = await pipeline.connect();
    for (let index = 0; index < 40; index++) {
      const started = performance.now();
      await client.publishAsync(topicOf('brisk'), payloadOf(index, pipeline.nowMillis), { qos: 1 });
      expect((await fetch(`${pipeline.mesonet.http}/v1/health`)).status).toBe(200);
      longest = Math.max(longest, performance.now() - started);
      await setTimeout(50);
    }
    expect(longest).toBeLessThan(3000);
    for (const seconds of await cut) expect(seconds).toBeLessThan(25);
  });

  it('with the body of a request is cut after a minute at most', () => {
    // node:http looks for requests that take longer each second; a minute is too long for a test.
    return import('../../src/local/http/http-guard.ts').then(({ SERVER_LIMITS }) => {
      expect(SERVER_LIMITS.requestTimeout).toBeLessThanOrEqual(60_000);
      expect(SERVER_LIMITS.connectionsCheckingInterval).toBeLessThanOrEqual(1000);
    });
  });

  it('to read the live events is cut once 4 MiB wait for it', { timeout: 60_000 }, async () => {
    const reader = page();
    reader.write('GET /v1/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await new Promise((resolve) => reader.once('data', resolve));
    reader.pause();
    const before = process.memoryUsage().rss;
    const client = await pipeline.connect();
    let isOpen = true;
    reader.once('close', () => {
      isOpen = false;
    });
    reader.on('error', () => {});
    for (let index = 0; index < 2000 && isOpen; index++)
      client.publish(topicOf(`live-${index % 500}`), payloadOf(index, pipeline.nowMillis), { qos: 1 });
    await setTimeout(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect((await fetch(`${pipeline.mesonet.http}/v1/health`)).status).toBe(200);
    reader.destroy();
  });
});
