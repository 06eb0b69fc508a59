import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';

/** A record as a consumer saw it. */
export interface SeenRecord {
  readonly partitionKey: string;
  readonly text: string;
}

/** A consumer of its own: reads each shard to its end, then those that came out of it, and outlives the service it reads. */
export class ShardFollower {
  readonly seen: SeenRecord[] = [];
  readonly #stream: string;
  readonly #client: () => KinesisClient;
  /** Sequence number last read, by shard, of the shards that are being read. */
  readonly #positions = new Map<string, string | undefined>();
  readonly #over = new Set<string>();
  #isStopped = false;
  readonly #run: Promise<void>;

  /** @param client of the service as it is now: another one after a restart */
  constructor(stream: string, client: () => KinesisClient) {
    this.#stream = stream;
    this.#client = client;
    this.#run = this.#follow();
  }

  /** How many shards it has read to their end. */
  get shardsOver(): number {
    return this.#over.size;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#run;
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      await this.#readAll().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #readAll(): Promise<void> {
    if (this.#positions.size === 0) {
      const ShardFilter = { Type: 'AT_TRIM_HORIZON' } as const;
      const { Shards } = await this.#client().send(
        new ListShardsCommand({ StreamName: this.#stream, ShardFilter }),
      );
      for (const { ShardId } of Shards!) this.#positions.set(ShardId!, undefined);
    }
    for (const shard of this.#positions.keys()) await this.#read(shard);
  }

  async #read(ShardId: string): Promise<void> {
    const after = this.#positions.get(ShardId);
    const { ShardIterator } = await this.#client().send(
      new GetShardIteratorCommand({
        StreamName: this.#stream,
        ShardId,
        ...(after === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after }),
      }),
    );
    const page = await this.#client().send(new GetRecordsCommand({ ShardIterator }));
    for (const { PartitionKey, Data } of page.Records!)
      this.seen.push({ partitionKey: PartitionKey!, text: Buffer.from(Data!).toString() });
    this.#positions.set(ShardId, page.Records!.at(-1)?.SequenceNumber ?? after);
    if (page.NextShardIterator !== undefined) return;
    this.#positions.delete(ShardId);
    this.#over.add(ShardId);
    for (const child of page.ChildShards!)
      if (child.ParentShards!.every((parent) => this.#over.has(parent)))
        this.#positions.set(child.ShardId!, undefined);
  }
}
