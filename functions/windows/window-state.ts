import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { getWindowState, putWindowState, windowStateKey } from '../../src/stores/window-state-bucket.ts';

const compress = promisify(deflateRaw);
const expand = promisify(inflateRaw);

/** What Lambda hands from one invocation of a window to the next: JSON of at most 1 MB (Lambda quotas). */
export interface WindowState {
  /** How many invocations the window had before this one. */
  readonly invocation?: number;
  /** The engine's snapshot: deflate, base64. */
  readonly snapshot?: string;
  /** Where the snapshot is when it is too large for the event: a key of the archive bucket. */
  readonly object?: string;
}

export interface WindowPlace {
  readonly functionName: string;
  readonly bucketName: string;
  readonly shardId: string;
  /** ISO text. */
  readonly windowStart: string;
}

/** Below the megabyte, because the answer and the next event carry more than the snapshot. */
const MAX_SNAPSHOT_CHARACTERS = 900_000;

/**
 * Packs a snapshot. One that Lambda's state cannot hold goes to an object, because Lambda would end the window early: two
 * rows for one window. Each invocation has an object of its own, so that a retry finds the state it started from.
 */
export async function encodeWindowState(
  snapshot: Uint8Array,
  invocation: number,
  { functionName, bucketName, shardId, windowStart }: WindowPlace,
): Promise<WindowState> {
  const bytes = await compress(snapshot);
  if (Math.ceil(bytes.length / 3) * 4 <= MAX_SNAPSHOT_CHARACTERS)
    return { invocation, snapshot: bytes.toString('base64') };
  const object = windowStateKey(functionName, shardId, windowStart, invocation);
  await putWindowState(bucketName, object, bytes);
  return { invocation, object };
}

/** The snapshot to go on from; undefined at the first invocation of a window. */
export async function decodeWindowState(
  state: WindowState,
  bucketName: string,
): Promise<Uint8Array | undefined> {
  if (state.snapshot !== undefined) return expand(Buffer.from(state.snapshot, 'base64'));
  if (state.object !== undefined) return expand(await getWindowState(bucketName, state.object));
  return undefined;
}
