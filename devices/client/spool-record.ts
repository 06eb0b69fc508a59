import { crc32 } from 'node:zlib';

/** One record of the spool: its place in the order, and its text. */
export interface SpoolRecord {
  readonly index: number;
  readonly text: string;
}

/** What is found in the bytes of a segment. */
export interface DecodedSegment {
  readonly records: readonly SpoolRecord[];
  /** Lines whose checksum does not fit. */
  readonly damaged: readonly Uint8Array[];
  /** Bytes behind the last line end: a record whose writing was cut short. */
  readonly tornBytes: number;
}

const NEWLINE = 0x0a;
const LINE = /^([0-9a-f]{8}) ((\d{1,15}) (.*))$/s;

/**
 * `<crc-32> <index> <text>` and a line end. Lines, so that after damage the next record is found again, and a person can read
 * them. The checksum covers the index as well.
 * @param text must not contain a line end, as JSON does not
 */
export function encodeRecord({ index, text }: SpoolRecord): Buffer {
  const body = `${index} ${text}`;
  return Buffer.from(`${checksum(body)} ${body}\n`);
}

/** Never throws, whatever the bytes are. */
export function decodeSegment(bytes: Uint8Array): DecodedSegment {
  const records: SpoolRecord[] = [];
  const damaged: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const line = bytes.subarray(start, end);
    const record = decodeLine(line);
    if (record) records.push(record);
    else damaged.push(line);
    start = end + 1;
  }
  return { records, damaged, tornBytes: bytes.length - start };
}

function decodeLine(line: Uint8Array): SpoolRecord | undefined {
  const [, crc, body, index, text] = LINE.exec(Buffer.from(line).toString('utf8')) ?? [];
  if (body === undefined || index === undefined || text === undefined || checksum(body) !== crc)
    return undefined;
  return { index: Number(index), text };
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
