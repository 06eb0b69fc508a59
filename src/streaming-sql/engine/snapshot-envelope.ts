import { SnapshotError } from './engine-error.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

const MAGIC = 0x4d534e53;
const VERSION = 3;

/** Wraps state: magic, version, fingerprint of the plan, checksum, length, body. */
export function sealSnapshot(fingerprint: string, body: Uint8Array): Uint8Array {
  const writer = new SnapshotWriter();
  writer.uint32(MAGIC);
  writer.uint32(VERSION);
  writer.text(fingerprint);
  writer.uint32(checksum(body));
  writer.bytes(body);
  return writer.finish();
}

/** Unwraps state. @throws SnapshotError when it is damaged, of another version or of another plan */
export function openSnapshot(bytes: Uint8Array, fingerprint: string): SnapshotReader {
  const reader = new SnapshotReader(bytes);
  if (bytes.length < 8 || reader.uint32() !== MAGIC)
    throw new SnapshotError('Cannot restore snapshot: it is no engine snapshot');
  const version = reader.uint32();
  if (version !== VERSION) {
    throw new SnapshotError(
      `Cannot restore snapshot: it has format version ${version}, this engine reads version ${VERSION}`,
    );
  }
  const written = reader.text();
  if (written !== fingerprint) {
    throw new SnapshotError(
      `Cannot restore snapshot: it belongs to plan '${written}', this application is plan '${fingerprint}', start without the snapshot`,
    );
  }
  const sum = reader.uint32();
  const body = reader.bytes();
  if (!reader.atEnd || checksum(body) !== sum)
    throw new SnapshotError('Cannot restore snapshot: its bytes are damaged');
  return new SnapshotReader(body);
}

function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  return sum >>> 0;
}
