import { describe, expect, test } from 'vitest';
import { ShadowService } from '../shadow-service.test-support.ts';
import { startBroker } from '../start-broker.test-support.ts';
import { broker, newFolder, recordMany, start } from './device.test-support.ts';
import { transportsHere } from './transports.test-support.ts';

describe.each(await transportsHere())('a device over $name', ({ create }) => {
  test('is configured by its shadow, reports what it does, and ignores what is older', async () => {
    const mqtt = await broker();
    const shadow = new ShadowService(mqtt, '$aws/things/roof/shadow/name/configuration');
    shadow.desire({ sampling_interval_seconds: 0.1, packing: { readings: 7 }, colour: 'blue' });
    const reports: string[] = [];
    const client = await start({
      url: mqtt.url,
      transport: await create(),
      shadow: { name: 'configuration' },
      report: (text) => reports.push(text),
    });
    await expect.poll(() => shadow.reported).toHaveLength(1);
    expect(client.configuration).toEqual({
      samplingIntervalMillis: 100,
      enabled: true,
      packing: { readings: 7, millis: 10_000, gzip: false },
    });
    expect(shadow.reported[0]).toEqual({
      sampling_interval_seconds: 0.1,
      enabled: true,
      packing: { readings: 7, seconds: 10, gzip: false },
      version: 1,
      problems: null,
    });
    shadow.desire({ enabled: false, sampling_interval_seconds: -3 });
    await expect.poll(() => shadow.reported).toHaveLength(2);
    expect(client.configuration).toMatchObject({ enabled: false, samplingIntervalMillis: 100 });
    const problem = 'Cannot use sampling_interval_seconds -3: expected a number from 0.1 to 86400';
    expect(shadow.reported[1]).toMatchObject({ enabled: false, version: 3, problems: [problem] });
    expect(reports).toEqual([problem]);
    shadow.sayOldDelta(2, { enabled: true });
    shadow.desire({ packing: { readings: 1 } });
    await expect.poll(() => client.configuration.packing.readings).toBe(1);
    expect(client.configuration.enabled).toBe(false);
    // What it cannot do stays different for ever, and the service says so after each report; yet there is an end to it.
    await expect.poll(() => shadow.reported).toHaveLength(4);
    await new Promise((later) => setTimeout(later, 100));
    expect(shadow.reported).toHaveLength(4);
    expect(shadow.reported[3]).toMatchObject({ packing: { readings: 1 }, problems: [problem] });
    expect(reports).toEqual([problem, problem]);
  });

  test('goes on without a shadow where the endpoint refuses it, and says so once', async () => {
    const mqtt = await broker({ mayHear: () => false });
    const reports: string[] = [];
    const client = await start({
      url: mqtt.url,
      transport: await create(),
      shadow: 'classic',
      report: (text) => reports.push(text),
    });
    await recordMany(client, 0, 5);
    expect(await client.drained(5_000)).toBe(true);
    mqtt.cutConnections();
    await recordMany(client, 5, 10);
    expect(await client.drained(5_000)).toBe(true);
    const said = reports.filter((text) => text.includes('shadow'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Cannot follow the shadow "\$aws\/things\/roof\/shadow": Cannot subscribe/);
  });
});

describe('a device', () => {
  test('goes on without a shadow where the broker closes the connection when it is asked for one', async () => {
    const mqtt = await broker({
      accept: async ({ topic }) => {
        if (topic.startsWith('$aws/things/')) throw new Error('reserved');
      },
    });
    const reports: string[] = [];
    // MQTT 3.1.1 has no other way to say no.
    const client = await start({
      url: mqtt.url,
      mqttVersion: 4,
      shadow: 'classic',
      report: (text) => reports.push(text),
    });
    await expect
      .poll(() => reports.filter((text) => text.includes('shadow')), { timeout: 5_000 })
      .toHaveLength(1);
    await recordMany(client, 0, 5);
    expect(await client.drained(5_000)).toBe(true);
    expect(client.stats.reconnects).toBe(2);
    expect(reports.filter((text) => text.includes('shadow'))).toHaveLength(1);
  });

  test('does without a connection as its shadow said last', async () => {
    const folder = newFolder();
    const mqtt = await startBroker();
    const shadow = new ShadowService(mqtt, '$aws/things/roof/shadow');
    shadow.desire({ sampling_interval_seconds: 42 });
    const client = await start({ url: mqtt.url, folder, shadow: 'classic' });
    await expect.poll(() => client.configuration.samplingIntervalMillis).toBe(42_000);
    await client.stop();
    await mqtt.stop();
    expect((await start({ url: mqtt.url, folder })).configuration.samplingIntervalMillis).toBe(42_000);
  });
});
