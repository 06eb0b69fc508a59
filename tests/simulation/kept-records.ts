/** A record as it lies in a block, read by the documented layout and not by the code under test. */
export interface KeptRecord {
  readonly key: string;
  readonly text: string;
  readonly arrivalMillis: number;
}

const COUNT_AT = 8;
const HEADER_BYTES = 13;
const FRAME_BYTES = 14;

/** How many records a block holds. */
export function countOf(block: Buffer): number {
  return block.readUInt32LE(COUNT_AT);
}

export function readBlock(block: Buffer): KeptRecord[] {
  const records: KeptRecord[] = [];
  let at = HEADER_BYTES;
  for (let left = countOf(block); left > 0; left -= 1) {
    const keyAt = at + FRAME_BYTES;
    const dataAt = keyAt + block.readUInt16LE(at + 8);
    const end = dataAt + block.readUInt32LE(at + 10);
    records.push({
      key: block.toString('utf8', keyAt, dataAt),
      text: block.toString('utf8', dataAt, end),
      arrivalMillis: block.readDoubleLE(at),
    });
    at = end;
  }
  return records;
}
