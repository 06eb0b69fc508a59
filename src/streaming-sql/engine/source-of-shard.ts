/**
 * Which of the source's streams takes a shard's rows (developer guide, InputParallelism): the number in its name goes
 * round the streams, any other name by its characters.
 */
export function sourceOfShard(shardId: string, count: number): number {
  if (count === 1) return 0;
  const digits = /\d{1,15}$/.exec(shardId)?.[0];
  if (digits !== undefined) return Number(digits) % count;
  let hash = 0;
  for (let at = 0; at < shardId.length; at++) hash = (Math.imul(hash, 31) + shardId.charCodeAt(at)) >>> 0;
  return hash % count;
}
