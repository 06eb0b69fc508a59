import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../pipeline/gateway.test-support.ts';
import {
  eventually,
  payloadOf,
  RunningPipeline,
  topicOf,
} from '../pipeline/running-pipeline.test-support.ts';

let pipeline: RunningPipeline;
beforeAll(async () => {
  pipeline = await RunningPipeline.start({ insecureLocal: true });
}, 60_000);
afterAll(() => pipeline.end());

const DEEP = 60_000;
const nests: readonly [string, string][] = [
  ['arrays', '['.repeat(DEEP) + ']'.repeat(DEEP)],
  ['arrays that do not end', '['.repeat(2 * DEEP)],
  ['objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ['objects that do not end', '{"a":'.repeat(24_000)],
  [
    'a value within a reading',
    payloadOf(1, 1, { x: 0 }).replace('"x":0', `"x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}`),
  ],
];
const manyKeys = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')},"sensor_value":1,"sensor_timestamp":1}`;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** The runtime answers as ever. */
async function expectAlive(sensorId: string): Promise<void> {
  const client = await pipeline.connect();
  await client.publishAsync(topicOf(sensorId), payloadOf(1, pipeline.nowMillis), { qos: 1 });
  await client.endAsync(true);
  expect(await pipeline.get<{ status: string }>('/v1/health')).toMatchObject({ status: 'ok' });
}

describe('JSON that is nested 20,000 deep and deeper', () => {
  it.each(nests)('over MQTT is counted under its reason, and harms nobody: %s', async (_, payload) => {
    const before = pipeline.mesonet.ledger().filtered;
    const client = await pipeline.connect({ protocolVersion: 5 });
    await client.publishAsync(topicOf('deep'), payload, { qos: 1 });
    const after = await eventually(
      () => pipeline.mesonet.ledger().filtered,
      (counts) => sum(counts) > sum(before),
    );
    expect(JSON.stringify(after)).toMatch(/deep|nest|JSON/i);
    await expectAlive('after-mqtt');
  });

  it.each(nests)('within a shadow is refused: %s', async (_, nest) => {
    const client = await pipeline.connect({ protocolVersion: 5 });
    const answers: string[] = [];
    client.on('message', (topic) => answers.push(topic));
    await client.subscribeAsync('$aws/things/deep/shadow/update/rejected', { qos: 1 });
    await client.publishAsync('$aws/things/deep/shadow/update', `{"state":{"desired":${nest}}}`, { qos: 1 });
    await eventually(
      () => answers,
      ({ length }) => length > 0,
    );
    await expectAlive('after-shadow');
  });

  it.each(nests)('in a packed publish is kept as rejected: %s', async (_, nest) => {
    const before = sum(pipeline.mesonet.ledger().rejected);
    const client = await pipeline.connect();
    for (const payload of [nest, gzipSync(nest), `{"readings":${nest}}`])
      await client.publishAsync('weather/WA/Seattle/stA/batch', payload, { qos: 1 });
    await eventually(
      () => sum(pipeline.mesonet.ledger().rejected),
      (count) => count >= before + 3,
    );
    await expectAlive('after-batch');
  });

  it.each(nests)('over HTTP is kept as rejected: %s', async (_, nest) => {
    const before = sum(pipeline.mesonet.ledger().rejected);
    expect((await post(pipeline.mesonet, nest)).status).toBe(200);
    await eventually(
      () => sum(pipeline.mesonet.ledger().rejected),
      (count) => count > before,
    );
    await expectAlive('after-http');
  });

  it('as an AWS call is refused', async () => {
    for (const [, nest] of nests) {
      const response = await fetch(pipeline.mesonet.awsEndpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'Kinesis_20131202.PutRecord',
          authorization:
            'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: nest,
      });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.text()).not.toMatch(/Maximum call stack|RangeError/);
    }
    await expectAlive('after-aws');
  });
});

it('more keys than 10,000 are counted under their reason', async () => {
  const client = await pipeline.connect();
  const before = sum(pipeline.mesonet.ledger().filtered);
  await client.publishAsync(topicOf('wide'), manyKeys(10_001), { qos: 1 });
  await eventually(
    () => sum(pipeline.mesonet.ledger().filtered),
    (count) => count > before,
  );
  await expectAlive('after-wide');
});
