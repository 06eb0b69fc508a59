import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsRequest } from '../aws-endpoint/aws-endpoint-message.ts';

/** The bytes of an upload, and the checksum headers to give back with it. */
export interface UploadBody {
  readonly bytes: Buffer;
  readonly checksums: Readonly<Record<string, string>>;
}

const CHECKSUM_HEADER = /^x-amz-checksum-(?:crc32|crc32c|crc64nvme|sha1|sha256)$/;

const CHECKSUMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'x-amz-checksum-crc32': (bytes) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum.toString('base64');
  },
  'x-amz-checksum-sha1': (bytes) => digest('sha1', bytes),
  'x-amz-checksum-sha256': (bytes) => digest('sha256', bytes),
  'content-md5': (bytes) => digest('md5', bytes),
};

/**
 * Takes an upload out of its wrapping: plain, or `aws-chunked` with checksums behind the last chunk, as the SDKs send it.
 * The checksums CRC-32, SHA-1, SHA-256 and Content-MD5 are verified; CRC-32C and CRC-64/NVME are kept as they came.
 * @throws AwsError IncompleteBody, BadDigest, XAmzContentSHA256Mismatch
 */
export function uploadBody({ headers, body }: AwsRequest): UploadBody {
  const contentHash = String(headers['x-amz-content-sha256'] ?? '');
  const chunked =
    contentHash.startsWith('STREAMING-') || /\baws-chunked\b/.test(String(headers['content-encoding'] ?? ''));
  const { bytes, trailers } = chunked ? decodeChunks(body) : { bytes: body, trailers: {} };
  const expectedLength = headers['x-amz-decoded-content-length'];
  if (chunked && expectedLength !== undefined && Number(expectedLength) !== bytes.length)
    throw incompleteBody();
  if (/^[0-9a-f]{64}$/.test(contentHash) && createHash('sha256').update(bytes).digest('hex') !== contentHash)
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  return { bytes, checksums: verifiedChecksums(bytes, { ...headers, ...trailers }) };
}

/** `Content-Encoding` as it is stored: `aws-chunked` belongs to the transfer. */
export function contentEncoding(header: string): string {
  return header
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'aws-chunked')
    .join(',');
}

function verifiedChecksums(
  bytes: Buffer,
  headers: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const computed = CHECKSUMS[name]?.(bytes);
    if (computed !== undefined && computed !== value)
      throw new AwsError('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    if (CHECKSUM_HEADER.test(name)) kept[name] = String(value);
  }
  return kept;
}

/** `<hex length>[;chunk-signature=…]CRLF <bytes> CRLF`, ended by a chunk of length 0 and the trailers (aws-chunked). */
function decodeChunks(body: Buffer): { bytes: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = /^([0-9a-fA-F]{1,8})(?:;|$)/.exec(body.toString('latin1', at, Math.max(at, lineEnd)));
    if (lineEnd < 0 || !size) throw incompleteBody();
    const start = lineEnd + 2;
    const end = start + Number.parseInt(size[1]!, 16);
    if (end === start) return { bytes: Buffer.concat(chunks), trailers: parseTrailers(body.subarray(start)) };
    if (end + 2 > body.length) throw incompleteBody();
    chunks.push(body.subarray(start, end));
    at = end + 2;
  }
}

function parseTrailers(bytes: Buffer): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (const line of bytes.toString('latin1').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return trailers;
}

function incompleteBody(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}

function digest(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('base64');
}
