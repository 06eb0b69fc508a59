import type { DurableLog } from './durable-log.ts';
import { type Shard, ShardTopology } from './shard-topology.ts';

/** The shards of a stream, and how many the template asked for when they were last made to be as many. */
export interface KeptTopology {
  readonly askedShards: number;
  readonly topology: ShardTopology;
}

/** A state of JSON cannot hold a 128-bit number. */
type KeptShard = Omit<Shard, 'startingHashKey' | 'endingHashKey'> & {
  readonly startingHashKey: string;
  readonly endingHashKey: string;
};

function stateKeyOf(stream: string): string {
  return `stream/${stream}/shards`;
}

/** Undefined for a stream that the log does not have. */
export function readTopology(log: DurableLog, stream: string): KeptTopology | undefined {
  const kept = log.readState(stateKeyOf(stream))?.toString();
  if (kept === undefined) return undefined;
  if (/^\d+$/.test(kept)) return { askedShards: Number(kept), topology: ShardTopology.uniform(Number(kept)) };
  const { askedShards, shards } = JSON.parse(kept) as { askedShards: number; shards: KeptShard[] };
  const read = shards.map((shard) => ({
    ...shard,
    startingHashKey: BigInt(shard.startingHashKey),
    endingHashKey: BigInt(shard.endingHashKey),
  }));
  return { askedShards, topology: new ShardTopology(read) };
}

/**
 * Joins the next commit, as the records do that were put before: a shard that was closed ends after them, in the log too.
 * What was never resharded is kept as a number, which earlier versions read.
 */
export function writeTopology(
  log: DurableLog,
  stream: string,
  { askedShards, topology }: KeptTopology,
): void {
  const { shards, open } = topology;
  const isUniform = shards.length === open.length && askedShards === open.length;
  const kept = shards.map((shard) => ({
    ...shard,
    startingHashKey: String(shard.startingHashKey),
    endingHashKey: String(shard.endingHashKey),
  }));
  const text = isUniform ? String(askedShards) : JSON.stringify({ askedShards, shards: kept });
  log.writeState(stateKeyOf(stream), Buffer.from(text));
}
