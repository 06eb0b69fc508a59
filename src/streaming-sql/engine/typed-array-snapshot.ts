import { SnapshotError } from './engine-error.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

type Numbers = Float64Array | Int32Array;

/** Writes the first `count` numbers of an array. */
export function saveNumbers(writer: SnapshotWriter, numbers: Numbers, count: number): void {
  writer.bytes(new Uint8Array(numbers.buffer, numbers.byteOffset, count * numbers.BYTES_PER_ELEMENT));
}

/** Reads back into the beginning of an array. @throws SnapshotError when there are more numbers than it holds */
export function loadNumbers(reader: SnapshotReader, numbers: Numbers): void {
  const bytes = reader.bytes();
  if (bytes.length > numbers.byteLength) {
    throw new SnapshotError(
      `Cannot restore snapshot: ${bytes.length} bytes of numbers, this plan holds ${numbers.byteLength}`,
    );
  }
  new Uint8Array(numbers.buffer, numbers.byteOffset).set(bytes);
}
