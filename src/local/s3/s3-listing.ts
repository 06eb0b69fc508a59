import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOfPath, LONG_KEYS_FOLDER, pathOfKey } from './s3-key-path.ts';

export interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  /** Keys up to and including this one are left out. */
  readonly startAfter: string;
  /** The last key or common prefix of the page before. */
  readonly continueAfter: string;
  readonly maxKeys: number;
}

export interface ListPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page continues; undefined when this one is the last. */
  readonly continueAfter: string | undefined;
}

/**
 * One page of keys and common prefixes in key order (Amazon S3 user guide, organizing objects using prefixes).
 * @param keys every key under the prefix; folders end with `/` when the delimiter is `/`
 */
export function pageOf(keys: readonly string[], request: ListRequest): ListPage {
  const entries = new Set<string>();
  const prefixes = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(request.prefix) || key <= request.startAfter) continue;
    const entry = commonPrefix(key, request) ?? key;
    if (entry <= request.continueAfter) continue;
    entries.add(entry);
    if (entry !== key || isFolderMark(key, request)) prefixes.add(entry);
  }
  const sorted = [...entries].sort();
  const page = sorted.slice(0, request.maxKeys);
  return {
    keys: page.filter((entry) => !prefixes.has(entry)),
    commonPrefixes: page.filter((entry) => prefixes.has(entry)),
    continueAfter: sorted.length > page.length ? page.at(-1) : undefined,
  };
}

function commonPrefix(key: string, { prefix, delimiter }: ListRequest): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** A key that ends with the delimiter is its own common prefix. */
function isFolderMark(key: string, { prefix, delimiter }: ListRequest): boolean {
  return delimiter !== '' && key.length > prefix.length && key.endsWith(delimiter);
}

/**
 * All keys of a bucket that may begin with a prefix, in no order. With `shallow`, a folder is not entered but named by
 * one key that ends with `/`.
 * @param longKey reads the key of an object that lies under its hash
 */
export async function keysUnder(
  root: string,
  prefix: string,
  shallow: boolean,
  longKey: (path: string) => Promise<string | undefined>,
): Promise<string[]> {
  const keys: string[] = [];
  const folderKey = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const start = folderKey === '' ? '' : pathOfKey(folderKey.slice(0, -1));
  if (!start.startsWith(LONG_KEYS_FOLDER)) await walk(root, start, shallow, keys);
  for (const name of await entriesOf(join(root, LONG_KEYS_FOLDER))) {
    const key = await longKey(`${LONG_KEYS_FOLDER}/${name.name}`);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}

async function walk(root: string, folder: string, shallow: boolean, keys: string[]): Promise<void> {
  for (const entry of await entriesOf(join(root, folder))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (path === LONG_KEYS_FOLDER) continue;
    if (entry.isFile()) keys.push(keyOfPath(path)!);
    else if (shallow) keys.push(`${keyOfPath(path)}/`);
    else await walk(root, path, shallow, keys);
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
