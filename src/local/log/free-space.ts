import { statfsSync } from 'node:fs';

/**
 * Left free, for what else writes on this disk meanwhile. LMDB must not be the one that finds it full: lmdb 3.5.6 puts its sentence
 * on a write that failed into 100 bytes, which that is longer than (mdb.c, mdb_page_flush), and the process may end later.
 */
const RESERVED_BYTES = 16 * 1024 * 1024;

/**
 * Makes sure that the disk of a folder has room for so many bytes. Quotas are not seen here.
 * @throws Error that says what is free
 */
export function checkFreeSpace(folder: string, bytes: number): void {
  const { bavail, blocks, bsize } = statfsSync(folder);
  // Some file systems do not tell.
  if (blocks === 0) return;
  const freeBytes = bavail * bsize;
  if (freeBytes < bytes + RESERVED_BYTES)
    throw new Error(
      `no space left on the disk of '${folder}': ${megabytes(freeBytes)} are free, and ${megabytes(RESERVED_BYTES)} are to stay so`,
    );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
