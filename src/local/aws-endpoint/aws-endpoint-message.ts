import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsError } from './aws-endpoint-error.ts';

/** A request as the services see it: signed for somebody, and read to its end. */
export interface AwsRequest {
  /** Service name of the credential scope, for example `kinesis`. */
  readonly service: string;
  readonly region: string;
  readonly method: string;
  /** Path as sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
}

/** One service's door: a request in, a response out. Throws `AwsError` for what the service refuses. */
export type AwsFace = (request: AwsRequest) => Promise<AwsResponse>;

const MEBIBYTE = 1024 * 1024;

/** Bytes of body that a service takes in one request; PutRecords may carry 10 MiB of data, which base64 makes a third longer. */
const BODY_LIMITS: Readonly<Record<string, number>> = { s3: 64 * MEBIBYTE };
const DEFAULT_BODY_LIMIT = 16 * MEBIBYTE;

/**
 * Reads the head of a request. The signature is not verified, but whoever calls must say for which service and region:
 * `<key>/<date>/<region>/<service>/aws4_request` (AWS Signature Version 4, credential scope). A browser cannot send that
 * header to another origin unasked, and a presigned address is taken from GET, HEAD and PUT only, for S3.
 * @throws AwsError MissingAuthenticationToken, IncompleteSignature
 */
export function parseHead(message: IncomingMessage): Omit<AwsRequest, 'body'> {
  const [path = '/', query = ''] = splitOnce(message.url ?? '/', '?');
  const parameters = new URLSearchParams(query);
  const presigned = parameters.get('X-Amz-Credential');
  const authorization = message.headers.authorization;
  if (authorization === undefined && presigned === null)
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
  const credential = presigned ?? /Credential=([^,\s]+)/.exec(authorization!)?.[1] ?? '';
  const [, , region, service, terminator] = credential.split('/');
  if (!region || !service || terminator !== 'aws4_request')
    throw new AwsError(
      'IncompleteSignatureException',
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
      403,
    );
  const method = message.method ?? 'GET';
  if (authorization === undefined && (service !== 's3' || !['GET', 'HEAD', 'PUT'].includes(method)))
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
  return { service, region, method, path, query: parameters, headers: message.headers };
}

/** @throws AwsError RequestEntityTooLarge */
export async function readBody(message: IncomingMessage, service: string): Promise<Buffer> {
  const limit = BODY_LIMITS[service] ?? DEFAULT_BODY_LIMIT;
  const tooLarge = (): AwsError =>
    new AwsError(
      service === 's3' ? 'EntityTooLarge' : 'RequestEntityTooLargeException',
      `The request body is larger than ${limit / MEBIBYTE} MiB`,
      413,
    );
  if (Number(message.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

export async function sendResponse(response: ServerResponse, answer: AwsResponse): Promise<void> {
  const { status, headers, body } = answer;
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body ?? '')), ...headers });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  await pipeline(body, response);
}

export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
