/** What is kept of an application: how far it has read, and the engine's state at that place. */
export interface Checkpoint {
  /** Sequence number last read, by shard. */
  readonly positions: Readonly<Record<string, string>>;
  readonly snapshot: Uint8Array;
  /** What is known of readings that may come again; none in folders of before. */
  readonly repeats: readonly unknown[];
}

/** Length of the JSON of all but the snapshot as u32, that JSON, the snapshot. */
export function encodeCheckpoint({ positions, repeats, snapshot }: Checkpoint): Uint8Array {
  const head = Buffer.from(JSON.stringify({ positions, repeats }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, snapshot]);
}

/** The inverse of {@link encodeCheckpoint}; the JSON once was that of the positions alone. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  const end = 4 + bytes.readUInt32LE(0);
  const head = JSON.parse(bytes.toString('utf8', 4, end)) as Checkpoint | Checkpoint['positions'];
  const { positions, repeats } = isWhole(head) ? head : { positions: head, repeats: [] };
  return { positions, repeats, snapshot: bytes.subarray(end) };
}

function isWhole(head: Checkpoint | Checkpoint['positions']): head is Checkpoint {
  return Array.isArray(head.repeats);
}
