import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSegment, encodeRecord } from './spool-record.ts';

const FILE = 'acknowledged';

/**
 * Up to which index everything is done with, as it was last written down. -1 when that is not known: then all that the spool
 * holds is sent again, which is harmless, since a reading keeps its identity.
 */
export function readMark(folder: string): number {
  try {
    const [record] = decodeSegment(readFileSync(join(folder, FILE))).records;
    return record?.index ?? -1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return -1;
    throw error;
  }
}

/** Replaces the mark as a whole: whenever the process is killed, the old or the new one is there. */
export function writeMark(folder: string, index: number): void {
  const path = join(folder, FILE);
  writeFileSync(`${path}.new`, encodeRecord({ index, text: '' }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
