import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ClockError } from '../device-error.ts';
import { ShadowService } from '../shadow-service.test-support.ts';
import { type Arrived, broker, open, readingsOf, start, TEMPERATURE } from './device.test-support.ts';

describe("a device's clock", () => {
  /** A server whose Date header says what time it is. */
  async function timeServer(): Promise<string> {
    const server = createServer((_request, response) => response.end());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    open.push({ stop: () => new Promise((closed) => server.close(closed)) });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  test('that is right marks nothing', async () => {
    const mqtt = await broker();
    const client = await start({ url: mqtt.url, clock: { url: await timeServer() } });
    await expect.poll(() => client.stats.clockOffsetMillis).toBeDefined();
    expect(Math.abs(client.stats.clockOffsetMillis!)).toBeLessThan(2_000);
    await client.record(TEMPERATURE);
    await client.drained(5_000);
    expect(readingsOf(mqtt)[0]).not.toHaveProperty('clock_offset_millis');
  });

  test('that is off marks the readings, or refuses them', async () => {
    const mqtt = await broker();
    const url = await timeServer();
    const nowMillis = () => Date.now() - 3_600_000;
    const reports: string[] = [];
    const marking = await start({
      url: mqtt.url,
      clock: { url },
      nowMillis,
      report: (text) => reports.push(text),
    });
    const refusing = await start({
      url: mqtt.url,
      deviceId: 'other',
      clock: { url, whenOff: 'refuse' },
      nowMillis,
    });
    for (const client of [marking, refusing])
      await expect.poll(() => client.stats.clockOffsetMillis).toBeDefined();
    await marking.record(TEMPERATURE);
    await marking.drained(5_000);
    const [reading] = readingsOf(mqtt) as [Arrived & { clock_offset_millis: number }];
    expect(reading.clock_offset_millis).toBeGreaterThan(-3_602_000);
    expect(reading.clock_offset_millis).toBeLessThan(-3_598_000);
    expect(reports).toEqual([
      expect.stringMatching(/^The clock is off: it is -3\d{3}(\.\d+)? s ahead of the server's$/),
    ]);
    await expect(refusing.record(TEMPERATURE)).rejects.toThrow(ClockError);
    expect(refusing.stats).toMatchObject({ recorded: 0, clockRefused: 1 });
  });

  test('is checked by the answers of the shadow as well', async () => {
    const mqtt = await broker();
    new ShadowService(mqtt, '$aws/things/roof/shadow', () => Date.now() + 7_200_000);
    const client = await start({ url: mqtt.url, shadow: 'classic' });
    await expect.poll(() => client.stats.clockOffsetMillis).toBeLessThan(-7_190_000);
  });
});
