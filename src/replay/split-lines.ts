import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UnreadableObjectError } from './replay-error.ts';

/** The longest line that anything of ours writes is an upload of 1 MB in base64. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of an object without their ends; empty ones are left out. Gzip is told by its magic bytes (RFC 1952 §2.3.1),
 * and several members one behind the other are read as one.
 * @throws UnreadableObjectError for broken gzip data and for a line above 8 MiB
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of plainBytes(chunks)) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, at)]);
      if (line.length > 0) yield line;
      parts = [];
      bytes = 0;
      from = at + 1;
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > MAX_LINE_BYTES)
      throw new UnreadableObjectError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

async function* plainBytes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest = resume(first.value, iterator);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* rest;
    return;
  }
  const gunzip = createGunzip();
  pipeline(Readable.from(rest), gunzip, () => {});
  try {
    yield* gunzip;
  } catch (cause) {
    const isGzip = String((cause as NodeJS.ErrnoException).code).startsWith('Z_');
    throw isGzip ? new UnreadableObjectError('its gzip data is broken', { cause }) : cause;
  }
}

async function* resume(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  for (let chunk = first; ; ) {
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const next = await rest.next();
    if (next.done) return;
    chunk = next.value;
  }
}
