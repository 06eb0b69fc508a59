import type { KinesisStream } from './log/kinesis-stream.ts';

/** The records of some shards go on in others. */
export interface Handover {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * Which shards of its input an application reads: one that came out of others is read when those are read out, so that the
 * records of a key keep their order (Kinesis Data Streams developer guide, "After resharding").
 */
export class ApplicationShards {
  readonly #stream: KinesisStream;
  /** Read out, as are the shards that they came from. */
  readonly #over = new Set<string>();
  #current: readonly string[] = [];
  #known = 0;

  constructor(stream: KinesisStream) {
    this.#stream = stream;
  }

  /** The ones to read from now. */
  get current(): readonly string[] {
    return this.#current;
  }

  /** The ones of which something is left, or may come. */
  get unread(): readonly string[] {
    return this.#stream.topology.everyShardId.filter((id) => !this.#over.has(id));
  }

  /** Whether rows of several shards were, or are, read side by side. */
  get areSeveral(): boolean {
    return this.#known > 1;
  }

  /**
   * Takes note of how far reading has come, and of shards that are new. Costs nothing while no shard closes.
   * @returns what goes on where since the last call, in the order in which it came
   */
  follow(positions: Readonly<Record<string, string>>): readonly Handover[] {
    const { topology } = this.#stream;
    const isReadOut = (id: string): boolean => this.#stream.isReadOut(id, positions[id]);
    if (topology.everyShardId.length === this.#known && !this.#current.some(isReadOut)) return [];
    this.#known = topology.everyShardId.length;
    const handovers: Handover[] = [];
    const current: string[] = [];
    for (const id of this.unread) {
      if (!this.#areOver(topology.parentIds(id))) continue;
      if (!isReadOut(id)) {
        current.push(id);
        continue;
      }
      this.#over.add(id);
      const to = topology.childIds(id);
      const from = topology.parentIds(to[0]!);
      if (this.#areOver(from)) handovers.push({ from, to });
    }
    this.#current = current;
    return handovers;
  }

  #areOver(ids: readonly string[]): boolean {
    return ids.every((id) => this.#over.has(id));
  }
}
