import { crc32 } from 'node:zlib';
import { DamagedStateError } from '../local-error.ts';

const CRC_BYTES = 4;

/** A state as it lies on the disk: what it holds, then the crc32 (u32, little endian) of its name and of that. */
export function sealState(key: string, value: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafeSlow(value.length + CRC_BYTES);
  sealed.set(value);
  sealed.writeUInt32LE(crc32(value, crc32(key)), value.length);
  return sealed;
}

/** The inverse of {@link sealState}. @throws DamagedStateError when it is not what was written under this name */
export function openState(key: string, sealed: Buffer): Buffer {
  const end = sealed.length - CRC_BYTES;
  if (end < 0 || crc32(sealed.subarray(0, end), crc32(key)) !== sealed.readUInt32LE(end))
    throw new DamagedStateError(key, sealed);
  return sealed.subarray(0, end);
}
