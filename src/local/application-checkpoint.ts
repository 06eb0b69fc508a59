/** What is kept of an application: how far it has read, and the engine's state at that place. */
export interface Checkpoint {
  /** Sequence number last read, by shard. */
  readonly positions: Readonly<Record<string, string>>;
  readonly snapshot: Uint8Array;
}

/** Length of the positions' JSON as u32, the JSON, the snapshot. */
export function encodeCheckpoint({ positions, snapshot }: Checkpoint): Uint8Array {
  const head = Buffer.from(JSON.stringify(positions));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, snapshot]);
}

/** The inverse of {@link encodeCheckpoint}. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  const end = 4 + bytes.readUInt32LE(0);
  return {
    positions: JSON.parse(bytes.toString('utf8', 4, end)) as Record<string, string>,
    snapshot: bytes.subarray(end),
  };
}
