import { crc32 } from 'node:zlib';
import { CorruptDataError, DamagedStateError } from '../local-error.ts';

const SEAL_BYTES = 8;

/** A state as it lies on the disk: what it holds, then the crc32 of that and the crc32 of its name, u32 little endian each. */
export function sealState(key: string, value: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafeSlow(value.length + SEAL_BYTES);
  sealed.set(value);
  sealed.writeUInt32LE(crc32(value), value.length);
  sealed.writeUInt32LE(crc32(key), value.length + 4);
  return sealed;
}

/** The inverse of {@link sealState}. @throws DamagedStateError when it is not what was written under this name */
export function openState(key: string, sealed: Buffer): Buffer {
  const end = sealed.length - SEAL_BYTES;
  if (!isNamed(key, sealed) || crc32(sealed.subarray(0, end)) !== sealed.readUInt32LE(end))
    throw new DamagedStateError(key, sealed);
  return sealed.subarray(0, end);
}

/**
 * What a state holds is checked by whoever reads it; one whose name is damaged, or where name and value meet, would only be
 * missed. @throws CorruptDataError when the state does not say that this is its name
 */
export function checkName(key: string, sealed: Buffer): void {
  if (!isNamed(String(key), sealed))
    throw new CorruptDataError(`the name '${key}' of a state is not what was written`);
}

function isNamed(key: string, sealed: Buffer): boolean {
  return sealed.length >= SEAL_BYTES && crc32(key) === sealed.readUInt32LE(sealed.length - 4);
}
