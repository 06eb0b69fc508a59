import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { connectWithMqtt } from '../../../devices/client/connect-with-mqtt.ts';
import { DeviceClient } from '../../../devices/client/device-client.ts';
import { endpointOptions } from '../../delivery/endpoint-options.ts';
import { readShard } from '../../delivery/read-stores.ts';
import { identityOf } from '../../delivery/recompute-windows.ts';
import { DeviceFleet } from '../../pipeline/device-fleet.test-support.ts';
import { RunningPipeline } from '../../pipeline/running-pipeline.test-support.ts';
import { eventually } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';
import { TcpProxy } from '../tcp-proxy.ts';

const SHARD = { StreamName: 'mesonet-dev-readings', ShardId: 'shardId-000000000000' };
const RECORD_MILLIS = 100;
const DRAIN_MILLIS = 60_000;
/** First attempts of devices that were cut at one instant lie 50 to 500 ms behind it, each where chance puts it. */
const MIN_SPREAD_MILLIS = 20;

export const scenario: FaultScenario = {
  name: 'network-cut',
  what: 'a proxy between devices (MQTT.js, TLS) and the broker is slow, cuts a publish in the middle, cuts all at once, refuses connections, and swallows every byte',
  passMark:
    'all that devices have spooled arrives, once by its event id; devices cut at one instant come back at different ones',
  async run({ folder, isLong }) {
    const pipeline = await RunningPipeline.start({ withFunctions: false });
    const proxy = new TcpProxy(pipeline.mesonet.mqtts.port);
    await proxy.listen();
    const fleet = new DeviceFleet(pipeline.mesonet);
    const devices: DeviceClient[] = [];
    try {
      for (let at = 0; at < (isLong ? 20 : 6); at += 1)
        devices.push(await startDevice(`net-${at}`, folder, { pipeline, fleet, proxy }));
      const load = new Load(devices);
      const spread = await causeAll(proxy, devices.length, isLong);
      await load.finish();
      for (const device of devices) {
        const isDrained = await device.drained(DRAIN_MILLIS);
        must(isDrained, `A device still holds ${device.stats.pending} readings`);
      }
      const { recorded, reconnects } = sumOf(devices);
      const ids = await identitiesOn(pipeline.mesonet.awsEndpoint);
      const distinct = new Set(ids).size;
      must(distinct === recorded, `${distinct} of ${recorded} recorded readings are on the stream`);
      return `${devices.length} devices, ${recorded} readings, ${reconnects} reconnections, ${proxy.cuts} publishes cut, ${proxy.swallowedBytes} bytes swallowed: all arrived, ${ids.length - distinct} sent again, first attempts spread over ${Math.round(spread)} ms`;
    } finally {
      await Promise.all(devices.map((device) => device.stop()));
      await proxy.refuse();
      await fleet.end();
      await pipeline.end();
    }
  },
};

interface Places {
  readonly pipeline: RunningPipeline;
  readonly fleet: DeviceFleet;
  readonly proxy: TcpProxy;
}

async function startDevice(
  deviceId: string,
  folder: string,
  { pipeline, fleet, proxy }: Places,
): Promise<DeviceClient> {
  const { cert, key } = await fleet.provision(deviceId);
  const ca = readFileSync(pipeline.mesonet.caFile, 'utf8');
  return DeviceClient.start({
    endpoint: { url: `mqtts://127.0.0.1:${proxy.port}`, tls: { cert, key, ca } },
    transport: connectWithMqtt,
    deviceId,
    station: { state: 'WA', city: 'Seattle', station_id: deviceId },
    spool: { folder: join(folder, deviceId) },
    durability: 'process',
    shadow: 'none',
  });
}

/** Every device measures on, whatever the network does. */
class Load {
  readonly #timer: NodeJS.Timeout;
  readonly #recording = new Set<Promise<unknown>>();
  #value = 0;

  constructor(devices: readonly DeviceClient[]) {
    this.#timer = setInterval(() => {
      this.#value += 1;
      const measurement = { sensor: 'power', sensor_id: 'net', sensor_value: this.#value };
      for (const device of devices) {
        const recorded = device.record(measurement).finally(() => this.#recording.delete(recorded));
        this.#recording.add(recorded);
      }
    }, RECORD_MILLIS);
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#recording);
  }
}

/** Returns over how many milliseconds the devices came back that were cut at one instant. */
async function causeAll(proxy: TcpProxy, devices: number, isLong: boolean): Promise<number> {
  await sleep(1500);
  proxy.mode = { kind: 'slow', latencyMillis: 200 };
  await sleep(isLong ? 10_000 : 1500);
  proxy.mode = { kind: 'open' };
  for (let cut = 0; cut < (isLong ? 20 : 3); cut += 1) {
    await sleep(400);
    proxy.mode = { kind: 'cutNext' };
  }
  await sleep(1500);
  const before = proxy.attempts.length;
  proxy.cutAll();
  await eventually(
    'every device to try again',
    () => proxy.attempts.length - before,
    (count) => count >= devices,
  );
  const attempts = proxy.attempts.slice(before, before + devices);
  const spread = Math.max(...attempts) - Math.min(...attempts);
  const instants = new Set(attempts.map((millis) => Math.round(millis / 2))).size;
  must(spread > MIN_SPREAD_MILLIS, `Devices come back within ${spread.toFixed(1)} ms`);
  must(instants > attempts.length / 2, `${attempts.length} devices come back at ${instants} instants`);
  await proxy.refuse();
  await sleep(isLong ? 15_000 : 2000);
  await proxy.listen();
  await sleep(1500);
  proxy.mode = { kind: 'swallow' };
  await sleep(isLong ? 20_000 : 3000);
  proxy.mode = { kind: 'open' };
  // What was swallowed is missing in the middle of a TLS stream: the next bytes end it.
  await sleep(1000);
  return spread;
}

function sumOf(devices: readonly DeviceClient[]): { recorded: number; reconnects: number } {
  const stats = devices.map((device) => device.stats);
  return {
    recorded: stats.reduce((sum, { recorded }) => sum + recorded, 0),
    reconnects: stats.reduce((sum, { reconnects }) => sum + reconnects, 0),
  };
}

async function identitiesOn(endpoint: string): Promise<string[]> {
  const client = new KinesisClient({
    ...endpointOptions(endpoint),
    requestHandler: new NodeHttpHandler(),
  });
  try {
    const records = await readShard(client, SHARD);
    return records.map(({ text }) => identityOf(JSON.parse(text) as Record<string, unknown>) ?? text);
  } finally {
    client.destroy();
  }
}
