import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failpoint } from '../failpoint.ts';
import { BESIDE_FOLDER } from './s3-key-path.ts';

/** A file written aside, complete, waiting to be put in its place. */
export interface WrittenFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMillis: number;
}

/** Writes a whole file aside; with `sync`, its bytes are on the disk when this resolves. */
export async function writeAside(
  folder: string,
  bytes: Uint8Array | string,
  sync: boolean,
): Promise<WrittenFile> {
  const path = join(folder, randomUUID());
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    failpoint('archive.midObject');
    if (sync) await handle.sync();
    const { size, mtimeMs } = await handle.stat();
    return { path, size, modifiedMillis: mtimeMs };
  } finally {
    await handle.close();
  }
}

/** Puts the names of these folders on the disk, so that a rename in them survives a power cut. */
export async function syncFolders(folders: Iterable<string>): Promise<void> {
  for (const folder of new Set(folders)) {
    const handle = await open(folder, 'r').catch(ignoreMissing);
    await handle?.sync();
    await handle?.close();
  }
}

/** Where an object's file is or would be: beside the folder of the same name, if there is one. */
export function placeOf(root: string, path: string): string {
  const plain = join(root, path);
  const aside = plain + BESIDE_FOLDER;
  return isFile(aside) || isFolder(plain) ? aside : plain;
}

/** Makes the folders that lead to a file. An object whose name one of them needs moves beside it. */
export function makeFolders(root: string, path: string): string[] {
  const made: string[] = [];
  let folder = root;
  mkdirSync(root, { recursive: true });
  for (const segment of dirname(path).split('/')) {
    if (segment === '.') break;
    made.push(folder);
    folder = join(folder, segment);
    if (isFile(folder)) renameSync(folder, folder + BESIDE_FOLDER);
    mkdirSync(folder, { recursive: true });
  }
  return [...made, folder];
}

/** Removes the folders above a file that are empty now, up to the root. */
export function pruneFolders(root: string, file: string): void {
  for (let folder = dirname(file); folder.length > root.length; folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

/** A folder that was pruned meanwhile has no names to keep. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
