/**
 * Sequence numbers as Kinesis prints them: 56 decimal digits that grow within a shard. Ours hold the shard in the digits
 * 17 to 20 and the record's index in the last 16, which is as far as a double counts exactly.
 */
export function sequenceNumberOf(shard: number, index: number): string {
  return PREFIX + String(shard).padStart(4, '0') + MIDDLE + String(index).padStart(16, '0');
}

/** The index within the shard. */
export function indexOf(sequenceNumber: string): number {
  return Number(sequenceNumber.slice(-16));
}

/** Whether two records are of one shard. */
export function isSameShard(a: string, b: string): boolean {
  return a.slice(PREFIX.length, PREFIX.length + 4) === b.slice(PREFIX.length, PREFIX.length + 4);
}

const PREFIX = '4966000000000000';
const MIDDLE = '0'.repeat(20);
