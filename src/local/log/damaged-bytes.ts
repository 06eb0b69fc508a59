import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keeps what cannot be read in a file of its own, for somebody to look at: the place in the log is in its name, and a hash of
 * the bytes, so that the same damage makes one file.
 * @returns the file; undefined when it could not be written, which must not keep anything else from going on
 */
export function keepDamagedBytes(folder: string, place: string, bytes: Buffer): string | undefined {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const file = join(folder, `${place.replace(/[^\w.-]+/g, '_').slice(0, 150)}-${hash}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { mode: 0o600 });
    return file;
  } catch {
    return undefined;
  }
}
