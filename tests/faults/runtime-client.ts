import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { endpointOptions } from '../delivery/endpoint-options.ts';
import { readArchive, readShard } from '../delivery/read-stores.ts';
import { type Ready, RuntimeProcess, type RuntimeProcessOptions } from '../delivery/runtime-process.ts';
import type { RejectedMessage } from '../delivery/stores.ts';
import { must } from './scenario.ts';

const SHARD_ID = 'shardId-000000000000';

/** A reading as a device publishes it. */
export type Reading = Readonly<Record<string, unknown>>;

/** A line of the ledger. */
export interface LedgerStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly balanced: boolean;
}

/** The real process, and what its clients do and see: through its public interfaces only. */
export class RuntimeClient {
  readonly process: RuntimeProcess;
  readonly ready: Ready;
  readonly #kinesis: KinesisClient;
  readonly #clients: MqttClient[] = [];

  private constructor(process: RuntimeProcess, ready: Ready) {
    this.process = process;
    this.ready = ready;
    this.#kinesis = new KinesisClient({
      ...endpointOptions(ready.awsEndpoint),
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });
  }

  /** @throws Error with what the process said when it does not start */
  static async start(
    folder: string,
    { failpoints = '', ...options }: RuntimeProcessOptions & { readonly failpoints?: string } = {},
  ): Promise<RuntimeClient> {
    const process = new RuntimeProcess(folder, failpoints, options);
    const ready = await process.ready;
    must(ready !== undefined, `The runtime does not start: ${process.errors}`);
    return new RuntimeClient(process, ready);
  }

  /** Of a process that serves already. */
  static of(process: RuntimeProcess, ready: Ready): RuntimeClient {
    return new RuntimeClient(process, ready);
  }

  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    const { port } = this.ready.mqtt;
    const client = await connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0, ...options });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  /** Resolves with whether it was acknowledged, on a connection of its own. */
  async tryPublish(reading: Reading): Promise<boolean> {
    const client = await this.connect().catch(() => undefined);
    if (!client) return false;
    const closed = new Promise<boolean>((resolve) => client.once('close', () => resolve(false)));
    const sent = publish(client, reading).then(
      () => true,
      () => false,
    );
    const isAcknowledged = await Promise.race([sent, closed]);
    client.end(true);
    return isAcknowledged;
  }

  async get<Value>(path: string): Promise<Value> {
    const response = await fetch(this.ready.http + path, { signal: AbortSignal.timeout(20_000) }).catch(
      (error: Error) => this.#noAnswer(path, error),
    );
    if (!response.ok) throw new Error(`GET ${path} answers ${response.status}: ${await response.text()}`);
    return (await response.json()) as Value;
  }

  /** @throws Error, with what the process said last when it is over */
  #noAnswer(path: string, { message }: Error): never {
    const { end, errors } = this.process;
    const why = end === undefined ? message : `the process ended with ${end}: ${errors}`;
    throw new Error(`GET ${path} has no answer: ${why}`);
  }

  /** The values of a sensor that the tables keep for the days around an instant, by time. */
  async samples(sensor: string, aroundMillis = Date.now()): Promise<number[]> {
    const [from, to] = [aroundMillis - 8 * 86_400_000, aroundMillis + 8 * 86_400_000];
    const path = `/v1/sensors/${sensor}/samples?from=${from}&to=${to}&limit=10000`;
    return (await this.get<{ value: number }[]>(path)).map(({ value }) => value);
  }

  /** What is on a stream, parsed where it is JSON. */
  async stream<Value = Reading>(name: 'readings' | 'windows'): Promise<Value[]> {
    return (await this.arrivals<Value>(name)).map(({ value }) => value);
  }

  /** The same with the times of arrival. */
  async arrivals<Value = Reading>(
    name: 'readings' | 'windows',
  ): Promise<{ arrivalMillis: number; value: Value }[]> {
    const shard = { StreamName: `mesonet-dev-${name}`, ShardId: SHARD_ID };
    const records = await readShard(this.#kinesis, shard);
    return records.map(({ arrivalMillis, text }) => ({ arrivalMillis, value: parsed(text) as Value }));
  }

  /** What is kept because it can never be stored. */
  async rejected(): Promise<readonly RejectedMessage[]> {
    const s3 = new S3Client({ ...endpointOptions(this.ready.awsEndpoint), forcePathStyle: true });
    try {
      return (await readArchive(s3)).rejected;
    } finally {
      s3.destroy();
    }
  }

  /** Puts records on a stream as a producer does. */
  async putRecords(texts: readonly string[], name: 'readings' | 'windows' = 'readings'): Promise<void> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: 'key' }));
    await this.#kinesis.send(new PutRecordsCommand({ StreamName: `mesonet-dev-${name}`, Records }));
  }

  /** What the ledger says of one stage. */
  async stage(name: string): Promise<LedgerStage> {
    const { stages } = await this.get<{ stages: LedgerStage[] }>('/v1/ledger');
    const found = stages.find(({ stage }) => stage === name);
    must(found !== undefined, `The ledger has no stage '${name}'`);
    return found;
  }

  /** @throws Error when it did not end by itself, in good order */
  async stop(): Promise<void> {
    this.release();
    await this.process.kill('SIGTERM');
    const end = await this.process.ended;
    must(end === 'code 0', `The runtime ended with ${end}: ${this.process.errors}`);
  }

  async kill(): Promise<void> {
    this.release();
    await this.process.kill();
  }

  release(): void {
    for (const client of this.#clients.splice(0)) client.end(true);
    this.#kinesis.destroy();
  }
}

let sequence = 0;

/** A reading with an identity of its own, unless it is given one. */
export function readingOf(value: number, more: Reading = {}): Reading {
  sequence += 1;
  return {
    device_id: 'fault-device',
    boot_id: `boot-${process.pid}`,
    sequence,
    sensor_timestamp: Date.now() + sequence,
    sensor_value: value,
    ...more,
  };
}

/** As the rule puts it on the stream. */
export function streamReadingOf(value: number, sensor = 's1'): Reading {
  const names = { state: 'WA', city: 'Seattle', station_id: 'stA', sensor: 'power', sensor_id: sensor };
  return { ...readingOf(value), ...names };
}

export async function publish(client: MqttClient, reading: Reading, sensor = 's1'): Promise<void> {
  await client.publishAsync(`weather/WA/Seattle/stA/power/${sensor}`, JSON.stringify(reading), { qos: 1 });
}

/** Asks again until the answer is as wanted. @throws Error with the last answer */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value> | Value,
  isWanted: (value: Value) => boolean,
  seconds = 30,
): Promise<Value> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = await Promise.resolve(ask()).catch((error: Error) => error);
    if (!(value instanceof Error) && isWanted(value)) return value;
    if (performance.now() > deadline)
      throw new Error(
        `Waited ${seconds} s in vain for ${what}: ${value instanceof Error ? value.message : JSON.stringify(value)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
