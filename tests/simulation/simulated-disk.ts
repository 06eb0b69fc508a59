import type { BlockKey, KeptBlock, LogStorage, LogTransaction } from '../../src/local/log/log-storage.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';

type Write =
  | { readonly kind: 'block'; readonly key: BlockKey; readonly bytes: Buffer }
  | { readonly kind: 'state'; readonly key: string; readonly bytes: Buffer | undefined }
  | { readonly kind: 'removal'; readonly key: BlockKey };

/** What can be read: blocks by shard in the order of their indexes, and states. */
class Contents {
  readonly shards = new Map<string, KeptBlock[]>();
  readonly states = new Map<string, Buffer>();

  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'state') {
        if (write.bytes) this.states.set(write.key, write.bytes);
        else this.states.delete(write.key);
        continue;
      }
      const blocks = this.shard(write.key);
      const at = findAtOrAfter(blocks, write.key[2]);
      const isThere = blocks[at]?.firstIndex === write.key[2];
      if (write.kind === 'removal') blocks.splice(at, isThere ? 1 : 0);
      else blocks.splice(at, isThere ? 1 : 0, { firstIndex: write.key[2], bytes: write.bytes });
    }
  }

  shard([stream, shard]: BlockKey): KeptBlock[] {
    const name = `${stream}/${shard}`;
    let blocks = this.shards.get(name);
    if (!blocks) {
      blocks = [];
      this.shards.set(name, blocks);
    }
    return blocks;
  }

  copy(): Contents {
    const copy = new Contents();
    for (const [name, blocks] of this.shards) copy.shards.set(name, [...blocks]);
    for (const [name, bytes] of this.states) copy.states.set(name, bytes);
    return copy;
  }
}

function findAtOrAfter(blocks: readonly KeptBlock[], index: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle]!.firstIndex < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Copies, for what was handed over may be used again. */
function writesOf({ blocks, removedBlocks, states }: LogTransaction): Write[] {
  const copyOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  return [
    ...blocks.map(([key, value]): Write => ({ kind: 'block', key: [...key], bytes: copyOf(value) })),
    ...removedBlocks.map((key): Write => ({ kind: 'removal', key })),
    ...[...states].map(([key, value]): Write => ({ kind: 'state', key, bytes: value && copyOf(value) })),
  ];
}

/** How a disk behaves at a moment. */
export interface DiskWeather {
  /** Every transaction fails, as on a full disk. */
  isFull: boolean;
  /** The longest that a write or a sync takes. */
  latencyMillis: number;
}

export interface SimulatedDiskOptions {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly weather: DiskWeather;
  /** A block that will not go away any more, but by retention. */
  readonly onKept: (key: BlockKey, bytes: Buffer) => void;
  /** Are blocks kept when they are synced, or when they are written? */
  readonly isSynced: boolean;
}

/**
 * A disk with a transactional store on it. A transaction under way when the process dies happened or did not; one that
 * was written but not synced when the power fails is there or not, but never one without those before it.
 */
export class SimulatedDisk {
  readonly #options: SimulatedDiskOptions;
  #written = new Contents();
  #synced = new Contents();
  #unsynced: (readonly Write[])[] = [];
  readonly #underWay = new Set<{ readonly writes: readonly Write[] }>();

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
  }

  state(key: string): Buffer | undefined {
    return this.#written.states.get(key);
  }

  /** The store as a process opens it; what a dead one still had under way never ends. */
  open(isAlive: () => boolean): LogStorage {
    return {
      write: (transaction) => this.#begin(writesOf(transaction), isAlive),
      synced: () => this.#sync(isAlive),
      readState: (key) => this.#written.states.get(key),
      readStates: (prefix) =>
        [...this.#written.states]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      blockAtOrBefore: (key) => {
        const blocks = this.#written.shard(key);
        return blocks[findAtOrAfter(blocks, key[2] + 1) - 1];
      },
      blockAtOrAfter: (key) => {
        const blocks = this.#written.shard(key);
        return blocks[findAtOrAfter(blocks, key[2])];
      },
      close: async () => undefined,
    };
  }

  /** The process dies; what the operating system had stays. */
  kill(): void {
    for (const { writes } of this.#underWay) if (this.#options.random.chance(0.5)) this.#keep(writes);
    this.#underWay.clear();
  }

  /** The machine dies. */
  cutPower(): void {
    this.kill();
    const survivors = this.#options.random.between(0, this.#unsynced.length);
    for (const writes of this.#unsynced.slice(0, survivors)) this.#settle(writes);
    this.#unsynced = [];
    this.#written = this.#synced.copy();
  }

  #begin(writes: readonly Write[], isAlive: () => boolean): Promise<void> {
    const { scheduler, weather } = this.#options;
    const underWay = { writes };
    this.#underWay.add(underWay);
    return new Promise((resolve, reject) => {
      scheduler.after(this.#latency(), () => {
        if (!isAlive() || !this.#underWay.delete(underWay)) return;
        if (weather.isFull) {
          reject(Object.assign(new Error('No space left on device'), { code: 'ENOSPC' }));
          return;
        }
        this.#keep(writes);
        resolve();
      });
    });
  }

  #sync(isAlive: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#options.scheduler.after(this.#latency(), () => {
        if (!isAlive()) return;
        for (const writes of this.#unsynced) this.#settle(writes);
        this.#unsynced = [];
        resolve();
      });
    });
  }

  #keep(writes: readonly Write[]): void {
    this.#written.apply(writes);
    this.#unsynced.push(writes);
    if (!this.#options.isSynced) this.#tell(writes);
  }

  #settle(writes: readonly Write[]): void {
    this.#synced.apply(writes);
    if (this.#options.isSynced) this.#tell(writes);
  }

  #tell(writes: readonly Write[]): void {
    for (const write of writes) if (write.kind === 'block') this.#options.onKept(write.key, write.bytes);
  }

  #latency(): number {
    const { random, weather } = this.#options;
    return random.fraction() ** 3 * weather.latencyMillis;
  }
}
