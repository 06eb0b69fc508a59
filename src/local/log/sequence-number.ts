/**
 * Sequence numbers as Kinesis prints them: 56 decimal digits that grow within a shard. Ours hold the shard in the digits
 * before the 21st and the record's index in the last 16, which is as far as a double counts exactly. A shard's number is
 * greater than its parents', so its sequence numbers are too.
 */
export function sequenceNumberOf(shard: number, index: number): string {
  return PREFIX + String(shard).padStart(SHARD_DIGITS, '0') + MIDDLE + String(index).padStart(16, '0');
}

/** The index within the shard. */
export function indexOf(sequenceNumber: string): number {
  return Number(sequenceNumber.slice(-16));
}

/** Whether two records are of one shard. */
export function isSameShard(a: string, b: string): boolean {
  const end = PREFIX.length + SHARD_DIGITS;
  return a.slice(0, end) === b.slice(0, end);
}

const PREFIX = '4966';
const SHARD_DIGITS = 16;
const MIDDLE = '0'.repeat(20);
