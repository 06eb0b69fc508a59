import { describe, expect, it } from 'vitest';
import {
  a,
  b,
  fleet,
  pipeline,
  reading,
  refusedCount,
  restart,
  weather,
} from '../pipeline/two-devices.test-support.ts';

const TOO_MANY = 'more than 100 publishes a second';

describe('a device that floods', () => {
  it('gets a hundred publishes a second through, and MQTT 5 is told of each beyond', async () => {
    const client = await fleet.connect(a, { protocolVersion: 5 });
    const { accepted } = pipeline.mesonet.ledger();
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, () =>
        client.publishAsync(weather('stA'), reading(), { qos: 1 }).then(
          () => 0,
          ({ code }: { code: number }) => code,
        ),
      ),
    );
    const refused = outcomes.filter((code) => code === 0x97).length;
    expect(outcomes.filter((code) => code === 0)).toHaveLength(1000 - refused);
    expect(refused).toBeGreaterThan(100);
    expect(pipeline.mesonet.ledger().accepted).toBe(accepted + 1000 - refused);
    expect(refusedCount(TOO_MANY)).toBe(refused);
    expect(client.connected).toBe(true);
    await client.endAsync(true);
  });

  it('may use the alias of a topic whose first publish was one too many', async () => {
    const client = await fleet.connect(a, { protocolVersion: 5 });
    for (let index = 0; index < 300; index++) client.publish(weather('stA'), reading(), { qos: 0 });
    const publish = (topic: string) =>
      client.publishAsync(topic, reading(), { qos: 1, properties: { topicAlias: 1 } });
    await expect(publish(weather('stA'))).rejects.toMatchObject({ code: 0x97 });
    await expect
      .poll(
        () =>
          publish('').then(
            () => 'taken',
            ({ code }: { code: number }) => code,
          ),
        { timeout: 10_000 },
      )
      .toBe('taken');
    await client.endAsync(true);
  });

  it('does not keep another device waiting', { timeout: 30_000 }, async () => {
    const flood = await fleet.connect(a, { protocolVersion: 4 });
    const calm = await fleet.connect(b);
    let isFlooding = true;
    const flooding = (async () => {
      while (isFlooding) {
        for (let index = 0; index < 500; index++) flood.publish(weather('stA'), reading(), { qos: 0 });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    let longest = 0;
    for (let index = 0; index < 50; index++) {
      const started = performance.now();
      await calm.publishAsync(weather('stB'), reading(), { qos: 1 });
      longest = Math.max(longest, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isFlooding = false;
    await flooding;
    expect(longest).toBeLessThan(3000);
    await Promise.all([flood.endAsync(true), calm.endAsync(true)]);
  });

  it('waits for its acknowledgements when it sends more than 512 KiB a second', async () => {
    const client = await fleet.connect(a);
    const payload = JSON.stringify({ readings: [], filler: 'x'.repeat(100_000) });
    const topic = '$aws/rules/telemetry_batch/weather/WA/Seattle/stA/batch';
    const started = performance.now();
    // 2 MB, of which 1 MiB was saved up.
    await Promise.all(Array.from({ length: 20 }, () => client.publishAsync(topic, payload, { qos: 1 })));
    expect(performance.now() - started).toBeGreaterThan(1500);
    await client.endAsync(true);
  });

  it('may do as it likes where the quotas are off', async () => {
    await restart({ deviceQuotas: false });
    const client = await fleet.connect(a);
    const before = refusedCount(TOO_MANY);
    await Promise.all(
      Array.from({ length: 1000 }, () => client.publishAsync(weather('stA'), reading(), { qos: 1 })),
    );
    expect(refusedCount(TOO_MANY)).toBe(before);
    await client.endAsync(true);
  });
});
