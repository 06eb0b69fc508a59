import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { endpointOptions } from '../../delivery/endpoint-options.ts';
import { findTool } from '../../tools/find-tool.test-support.ts';
import { FakeClock } from '../fake-clock.ts';
import { type EdgeFault, FaultyEdge } from '../faulty-edge.ts';
import { RuntimeClient, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const SHARD = { StreamName: 'mesonet-dev-readings', ShardId: 'shardId-000000000000' };
const BATCH = 50;
const PAGE = 20;
/** An iterator lives five minutes (Kinesis API reference, "GetShardIterator"). */
const [LIVES_SECONDS, EXPIRED_SECONDS] = [240, 310];

export const scenario: FaultScenario = {
  name: 'expired-iterators',
  what: 'faketime puts the clock over the five minutes that an iterator lives, between two reads of an SDK client; reads are throttled too',
  passMark:
    'an iterator of four minutes reads on; an older one is refused as expired, and the reader goes on behind its last sequence number: each record once, in order',
  cannotRun: () =>
    findTool('faketime', 'Debian package faketime') ? undefined : 'faketime is not installed',
  async run({ folder, isLong }) {
    const clock = new FakeClock(folder);
    const client = await RuntimeClient.start(join(folder, 'data'), { environment: clock.environment });
    const edge = await FaultyEdge.start(client.ready.awsEndpoint);
    const reader = new Reader(edge.url);
    try {
      const rounds = isLong ? 12 : 3;
      let [sent, seconds] = [0, 0];
      for (let round = 0; round < rounds; round += 1) {
        const texts = Array.from({ length: BATCH }, () => JSON.stringify(streamReadingOf(++sent)));
        await client.putRecords(texts);
        // Not to the end: the iterator that gets old has records behind it.
        await reader.read(BATCH / 2);
        const expiredBefore = reader.expired;
        const isOver = round % 2 === 0;
        seconds += isOver ? EXPIRED_SECONDS : LIVES_SECONDS;
        await clock.set(seconds);
        edge.choose = throttledNowAndThen();
        await reader.readToEnd();
        edge.choose = () => undefined;
        must(
          reader.expired - expiredBefore === (isOver ? 1 : 0),
          `Round ${round}: ${reader.expired} iterators expired`,
        );
      }
      const wanted = Array.from({ length: sent }, (_, at) => at + 1);
      must(
        reader.values.join() === wanted.join(),
        `Read ${reader.values.length} of ${sent}: ${reader.values.join()}`,
      );
      return `${rounds} times in the middle of a shard: ${reader.expired} iterators expired, ${reader.throttled} reads throttled, ${sent} records read once in order`;
    } finally {
      reader.end();
      await edge.stop();
      await client.kill();
    }
  },
};

function throttledNowAndThen(): (operation: string) => EdgeFault | undefined {
  let reads = 0;
  return (operation) => {
    if (operation !== 'GetRecords') return undefined;
    reads += 1;
    return reads % 3 === 0
      ? { kind: 'error', name: 'ProvisionedThroughputExceededException', status: 400 }
      : undefined;
  };
}

/** Reads a shard as the Kinesis developer guide tells consumers to. */
class Reader {
  readonly values: number[] = [];
  expired = 0;
  throttled = 0;
  readonly #client: KinesisClient;
  #iterator: string | undefined;
  #lastSequenceNumber: string | undefined;

  constructor(endpoint: string) {
    this.#client = new KinesisClient({
      ...endpointOptions(endpoint),
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });
  }

  /** Reads so many records more, or a few more than that. */
  async read(records: number): Promise<void> {
    for (const wanted = this.values.length + records; this.values.length < wanted; ) await this.#poll();
  }

  async readToEnd(): Promise<void> {
    while (!(await this.#poll()));
  }

  end(): void {
    this.#client.destroy();
  }

  /** Returns whether the shard has no more. */
  async #poll(): Promise<boolean> {
    try {
      this.#iterator ??= await this.#createIterator();
      const page = await this.#client.send(
        new GetRecordsCommand({ ShardIterator: this.#iterator, Limit: PAGE }),
      );
      for (const { Data, SequenceNumber } of page.Records ?? []) {
        this.values.push(
          (JSON.parse(Buffer.from(Data!).toString()) as { sensor_value: number }).sensor_value,
        );
        this.#lastSequenceNumber = SequenceNumber;
      }
      this.#iterator = page.NextShardIterator;
      return page.MillisBehindLatest === 0 && page.Records?.length === 0;
    } catch (error) {
      const { name } = error as Error;
      if (name === 'ExpiredIteratorException') {
        this.expired += 1;
        this.#iterator = undefined;
      } else if (name === 'ProvisionedThroughputExceededException') this.throttled += 1;
      else throw error;
      return false;
    }
  }

  async #createIterator(): Promise<string | undefined> {
    const start =
      this.#lastSequenceNumber === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' as const }
        : {
            ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
            StartingSequenceNumber: this.#lastSequenceNumber,
          };
    return (await this.#client.send(new GetShardIteratorCommand({ ...SHARD, ...start }))).ShardIterator;
  }
}
