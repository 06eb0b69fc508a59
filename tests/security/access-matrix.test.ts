import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeviceCredentials, DeviceFleet } from '../pipeline/device-fleet.test-support.ts';
import { eventually, payloadOf, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

/** The device that tries, and the one whose topics it should not reach. */
const OWN = 'stA';
const OTHER = 'stB';
/** What stands where the name of a station belongs. */
const NAMES = [
  OWN,
  OTHER,
  'stAx',
  'xstA',
  'sta',
  'STA',
  'st',
  '%73tA',
  'stA%2f',
  '*',
  '?',
  '',
  ' stA',
  'stＡ',
  '__proto__',
];
const WILDCARDS = ['+', '#'];

const PUBLISH_SHAPES = [
  'weather/WA/Seattle/N/temperature/t1',
  'weather/WA/Seattle/N/batch',
  `weather/WA/Seattle/N/${OWN}/t1`,
  `weather/WA/Seattle/N/${OWN}/batch`,
  `weather/WA/N/${OWN}/temperature/t1`,
  `weather/${OWN}/${OWN}/N/temperature/t1`,
  'weather/N/temperature/t1',
  'weathers/WA/Seattle/N/temperature/t1',
  '/weather/WA/Seattle/N/temperature/t1',
  '$aws/rules/telemetry/weather/WA/Seattle/N/temperature/t1',
  `$aws/rules/telemetry/weather/WA/Seattle/N/${OWN}/t1`,
  '$aws/rules/telemetry_batch/weather/WA/Seattle/N/batch',
  `$aws/rules/telemetry_batch/weather/WA/Seattle/N/${OWN}/batch`,
  '$aws/rules/other/weather/WA/Seattle/N/temperature/t1',
  '$aws/things/N/shadow/get',
  `$aws/things/N/${OWN}/shadow/get`,
  '$aws/events/presence/connected/N',
  '$SYS/N',
  'N',
];

const FILTER_SHAPES = [
  '$aws/things/N/shadow/update/delta',
  '$aws/things/N/#',
  '$aws/things/N/+/get/accepted',
  '$aws/things/N',
  `$aws/things/N/${OWN}/#`,
  '$aws/things/#',
  '$aws/#',
  '$aws/events/#',
  '$share/group/$aws/things/N/#',
  'weather/WA/Seattle/N/temperature/t1',
  'weather/#',
  'weather/+/+/N/#',
  'N',
  'N/#',
];

/** By what a topic means to the pipeline, whatever the policies say: station A's readings, or a service's request for thing A. */
function mayPublish(topic: string): boolean {
  if (topic === `$aws/things/${OWN}/shadow/get`) return true;
  const [prefix, rule] = /^\$aws\/rules\/(telemetry|telemetry_batch)\//.exec(topic) ?? ['', ''];
  const levels = topic.slice(prefix.length).split('/');
  const [root, , , station, sensor] = levels;
  if (root !== 'weather' || station !== OWN) return false;
  // A name at two places leaves open whose readings they are.
  if (sensor === OWN) return false;
  if (rule === 'telemetry_batch') return levels.length === 5 && sensor === 'batch';
  return levels.length >= 5;
}

/** A device hears what services tell it, and nothing else. */
function maySubscribe(filter: string): boolean {
  const levels = filter.split('/');
  return levels[0] === '$aws' && levels[1] === 'things' && levels[2] === OWN && levels.length > 3;
}

const filled = (shapes: readonly string[], names: readonly string[]): string[] =>
  [...new Set(shapes.flatMap((shape) => names.map((name) => shape.replace('N', name))))].filter(
    (each) => each !== '',
  );

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let a: DeviceCredentials;
let client: MqttClient;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false, deviceQuotas: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  a = await fleet.provision(OWN);
  await fleet.provision(OTHER);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

async function connected(): Promise<MqttClient> {
  if (!client?.connected) {
    client = await fleet.connect(a, { protocolVersion: 5 });
    client.on('error', () => {});
  }
  return client;
}

const accepted = (): number => pipeline.mesonet.ledger().accepted;

/** Whether the pipeline took it. */
async function isTaken(publish: (client: MqttClient) => Promise<unknown>): Promise<boolean> {
  const device = await connected();
  const before = accepted();
  await new Promise<void>((resolve) => {
    device.once('close', resolve);
    publish(device)
      .catch(() => {})
      .then(() => {
        device.off('close', resolve);
        resolve();
      });
  });
  return accepted() > before;
}

describe('device A', () => {
  it('publishes where its own readings go, and nowhere else', { timeout: 120_000 }, async () => {
    const topics = filled(PUBLISH_SHAPES, NAMES);
    const wrong: string[] = [];
    for (const topic of topics) {
      const taken = await isTaken((device) =>
        device.publishAsync(topic, payloadOf(1, Date.now()), { qos: 1 }),
      );
      if (taken !== mayPublish(topic)) wrong.push(`${topic}: ${taken ? 'taken' : 'refused'}`);
    }
    expect(wrong).toEqual([]);
    expect(topics.filter(mayPublish).length).toBeGreaterThan(5);
    expect(topics.length).toBeGreaterThan(200);
  });

  it('publishes to no wildcard', { timeout: 60_000 }, async () => {
    for (const topic of filled(PUBLISH_SHAPES.slice(0, 4), WILDCARDS))
      expect([topic, await isTaken((device) => device.publishAsync(topic, 'x', { qos: 1 }))]).toEqual([
        topic,
        false,
      ]);
  });

  it('retains nothing anywhere', { timeout: 60_000 }, async () => {
    for (const topic of filled(PUBLISH_SHAPES, [OWN, OTHER]))
      expect([
        topic,
        await isTaken((device) => device.publishAsync(topic, 'x', { qos: 1, retain: true })),
      ]).toEqual([topic, false]);
  });

  it('leaves a will where it may publish, and nowhere else', { timeout: 60_000 }, async () => {
    for (const topic of filled(PUBLISH_SHAPES.slice(0, 10), [OWN, OTHER])) {
      const refused = () =>
        Object.values(pipeline.mesonet.ledger().refused).reduce((sum, count) => sum + count, 0);
      const before = [accepted(), refused()];
      const will = { topic, payload: Buffer.from('{}'), qos: 1 as const, retain: false };
      const dying = await fleet.connect(a, { protocolVersion: 5, will });
      dying.stream.destroy();
      const [taken, others] = await eventually(
        () => [accepted() - before[0]!, refused() - before[1]!],
        ([left = 0, right = 0]) => left + right > 0,
      );
      expect([topic, taken! > 0, others! > 0]).toEqual([topic, mayPublish(topic), !mayPublish(topic)]);
    }
  });

  it('subscribes to what its own services tell it, and to nothing else', { timeout: 120_000 }, async () => {
    const filters = filled(FILTER_SHAPES, [...NAMES, ...WILDCARDS]).filter((filter) => !/#./.test(filter));
    const wrong: string[] = [];
    for (const filter of filters) {
      const device = await connected();
      const granted = await device.subscribeAsync(filter, { qos: 1 }).then(
        ([grant]) => grant!.qos < 0x80,
        () => false,
      );
      if (granted !== maySubscribe(filter)) wrong.push(`${filter}: ${granted ? 'granted' : 'refused'}`);
      if (granted) await device.unsubscribeAsync(filter);
    }
    expect(wrong).toEqual([]);
    expect(filters.filter(maySubscribe).length).toBe(4);
    expect(filters.length).toBeGreaterThan(100);
  });

  it('hears nothing of B, over whatever it could subscribe to', async () => {
    const device = await connected();
    const heard: string[] = [];
    device.on('message', (topic) => heard.push(topic));
    for (const filter of filled(FILTER_SHAPES, [OWN, OTHER, '+']).filter((each) => !/#./.test(each)))
      await device.subscribeAsync(filter, { qos: 1 }).catch(() => {});
    const b = await fleet.connect(await fleet.provision('stB2'), { protocolVersion: 5 });
    await b.publishAsync('weather/WA/Seattle/stB2/temperature/t1', payloadOf(1, Date.now()), { qos: 1 });
    await b.publishAsync('$aws/things/stB2/shadow/update', '{"state":{"desired":{"x":1}}}', { qos: 1 });
    await device.publishAsync(`$aws/things/${OWN}/shadow/update`, '{"state":{"desired":{"x":1}}}', {
      qos: 1,
    });
    await eventually(
      () => heard,
      ({ length }) => length > 0,
    );
    expect(heard.filter((topic) => !topic.startsWith(`$aws/things/${OWN}/`))).toEqual([]);
  });
});
