import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { MqttClient } from 'mqtt';
import { endpointOptions } from '../../delivery/endpoint-options.ts';
import { ShardFollower } from '../follow-shards.ts';
import { eventually, publish, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const READINGS = 'mesonet-dev-readings';
const WINDOWS = 'mesonet-dev-windows';
const SENSORS = Array.from({ length: 8 }, (_, at) => `s${at + 1}`);
const HALF = 2n ** 127n;

export const scenario: FaultScenario = {
  name: 'resharding',
  what: 'streams are split, merged and scaled under load, and the process is killed (SIGKILL) amid it',
  passMark:
    'readings in order of each key for a consumer, none lost or twice in tables and windows, the ledger balances',
  async run({ folder, isLong }) {
    const service = new Service(join(folder, 'data'));
    await service.start();
    const follower = new ShardFollower(READINGS, () => service.kinesis);
    try {
      const load = SENSORS.map((sensor) => publishUntilStopped(service, sensor));
      await splitAndMerge(service);
      const kills = isLong ? 10 : 1;
      for (let kill = 0; kill < kills; kill += 1) await scaleThroughKill(service, kill);
      const accepted = new Map<string, readonly number[]>();
      for (const [at, each] of load.entries()) accepted.set(SENSORS[at]!, await each.stop());
      await inTables(service.client, accepted);
      await inWindows(service.client, accepted);
      await balanced(service.client);
      const inversions = await inOrder(follower, accepted);
      const shards = (await shardsOf(service.kinesis, READINGS)).length;
      const readings = [...accepted.values()].flat().length;
      await service.client.stop();
      return `${readings} readings over ${shards} shards and ${kills} kills: ${inversions} inversions, none lost or twice`;
    } finally {
      await follower.stop();
      await service.client.kill();
      service.kinesis.destroy();
    }
  },
};

/** The runtime, in one life after the other. */
class Service {
  readonly #folder: string;
  client!: RuntimeClient;
  kinesis!: KinesisClient;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    this.client = await RuntimeClient.start(this.#folder);
    this.kinesis = new KinesisClient({
      ...endpointOptions(this.client.ready.awsEndpoint),
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });
  }

  async killAndStart(): Promise<void> {
    await this.client.kill();
    this.kinesis.destroy();
    await this.start();
  }
}

/** One reading after the other; one that was not acknowledged is sent again until it is, as devices do. */
function publishUntilStopped(service: Service, sensor: string): { stop(): Promise<number[]> } {
  const accepted: number[] = [];
  let isOver = false;
  const run = (async () => {
    let mqtt: MqttClient | undefined;
    for (let value = 1; !isOver; value += 1) {
      const reading = readingOf(value, { device_id: sensor });
      for (let isSent = false; !isSent; ) {
        mqtt ??= await service.client.connect({ connectTimeout: 2000 }).catch(() => undefined);
        isSent = mqtt !== undefined && (await isAcknowledged(mqtt, publish(mqtt, reading, sensor)));
        if (isSent) continue;
        mqtt?.end(true);
        mqtt = undefined;
        await sleep(50);
      }
      accepted.push(value);
      await sleep(15);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await run;
      return accepted;
    },
  };
}

/** A publish whose connection ends is never answered. */
function isAcknowledged(mqtt: MqttClient, sent: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isSent: boolean) => (): void => {
      mqtt.off('close', lost);
      resolve(isSent);
    };
    const lost = end(false);
    mqtt.on('close', lost);
    sent.then(end(true), lost);
    if (!mqtt.connected) lost();
  });
}

async function splitAndMerge({ kinesis }: Service): Promise<void> {
  await sleep(500);
  const [only] = await openShardsOf(kinesis, READINGS);
  const split = { StreamName: READINGS, ShardToSplit: only!.ShardId, NewStartingHashKey: String(HALF / 3n) };
  await kinesis.send(new SplitShardCommand(split));
  await sleep(500);
  const [left, right] = await openShardsOf(kinesis, READINGS);
  const merge = { ShardToMerge: left!.ShardId, AdjacentShardToMerge: right!.ShardId };
  await kinesis.send(new MergeShardsCommand({ StreamName: READINGS, ...merge }));
  await sleep(500);
  await scale(kinesis, WINDOWS, 2);
}

/** 1 → 2 → 4 (killed while it is asked for) → 3 → 2 → 1. */
async function scaleThroughKill(service: Service, kill: number): Promise<void> {
  await scale(service.kinesis, READINGS, 2);
  await sleep(500);
  scale(service.kinesis, READINGS, 4).catch(() => undefined);
  await sleep((kill * 7) % 40);
  await service.killAndStart();
  const open = (await openShardsOf(service.kinesis, READINGS)).length;
  must(open === 2 || open === 4, `${open} shards are open after a kill between 2 and 4`);
  for (const count of [4, 3, 2, 1]) {
    await sleep(500);
    await scale(service.kinesis, READINGS, count);
    const ranges = (await openShardsOf(service.kinesis, READINGS)).map(({ HashKeyRange }) => HashKeyRange!);
    must(ranges.length === count, `${ranges.length} shards are open instead of ${count}`);
    const width = ranges.reduce(
      (sum, { StartingHashKey, EndingHashKey }) =>
        sum + BigInt(EndingHashKey!) - BigInt(StartingHashKey!) + 1n,
      0n,
    );
    must(width === 2n * HALF, 'The open shards do not cover the hash keys once');
  }
  await sleep(500);
}

async function scale(kinesis: KinesisClient, StreamName: string, TargetShardCount: number): Promise<void> {
  const ScalingType = 'UNIFORM_SCALING';
  await kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType }));
}

async function shardsOf(kinesis: KinesisClient, StreamName: string): Promise<Shard[]> {
  return (await kinesis.send(new ListShardsCommand({ StreamName }))).Shards!;
}

async function openShardsOf(kinesis: KinesisClient, stream: string): Promise<Shard[]> {
  const shards = await shardsOf(kinesis, stream);
  return shards
    .filter(({ SequenceNumberRange }) => SequenceNumberRange!.EndingSequenceNumber === undefined)
    .sort((a, b) =>
      BigInt(a.HashKeyRange!.StartingHashKey!) < BigInt(b.HashKeyRange!.StartingHashKey!) ? -1 : 1,
    );
}

type Accepted = ReadonlyMap<string, readonly number[]>;

async function inTables(client: RuntimeClient, accepted: Accepted): Promise<void> {
  for (const [sensor, values] of accepted)
    await eventually(
      `each reading of ${sensor} in the tables once`,
      () => client.samples(sensor),
      (found) => found.length === values.length && values.every((value, at) => found[at] === value),
    );
}

/** Every window of a sensor has been counted once when they hold as many readings as were accepted. */
async function inWindows(client: RuntimeClient, accepted: Accepted): Promise<void> {
  for (const [sensor, values] of accepted) {
    const path = `/v1/windows?sensor_id=${sensor}&from=0&to=${Date.UTC(2100, 0, 1)}`;
    await eventually(
      `${values.length} readings of ${sensor} in windows`,
      () => client.get<{ count: number; sum: number }[]>(path),
      (rows) =>
        rows.reduce((sum, { count }) => sum + count, 0) === values.length &&
        rows.reduce((sum, { sum: each }) => sum + each, 0) === values.reduce((sum, value) => sum + value, 0),
      100,
    );
  }
}

async function balanced(client: RuntimeClient): Promise<void> {
  interface Stage {
    readonly stage: string;
    readonly inFlight: number;
    readonly balanced: boolean;
  }
  await eventually(
    'a ledger that balances',
    async () => (await client.get<{ stages: Stage[] }>('/v1/ledger')).stages,
    (stages) =>
      stages.every(({ stage, inFlight, balanced: is }) => is && (inFlight === 0 || isBuffer(stage))),
  );
}

/** What waits until an object is large or old enough. */
function isBuffer(stage: string): boolean {
  return stage.startsWith('delivery ') || stage === 'function archive-readings';
}

/** What was sent again may come twice, and never after what was sent behind it. */
async function inOrder(follower: ShardFollower, accepted: Accepted): Promise<number> {
  const valuesOf = (sensor: string): number[] =>
    follower.seen
      .filter(({ partitionKey }) => partitionKey === sensor)
      .map(({ text }) => (JSON.parse(text) as { sensor_value: number }).sensor_value);
  let inversions = 0;
  for (const [sensor, values] of accepted) {
    const seen = await eventually(
      `each reading of ${sensor} seen by a consumer`,
      () => valuesOf(sensor),
      (found) => new Set(found).size === values.length,
    );
    inversions += seen.filter((value, at) => at > 0 && value < seen[at - 1]!).length;
  }
  must(inversions === 0, `A consumer saw ${inversions} readings after ones that were sent behind them`);
  return inversions;
}
