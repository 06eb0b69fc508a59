import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller, SignatureProblem } from './caller.ts';
import { computeSignature } from './compute-signature.ts';
import {
  type DecodedQuery,
  decodeQuery,
  type ParsedSignature,
  parseSignedHeaders,
  parseSignedQuery,
} from './parse-signature.ts';

/** A request as it came over the wire, read to its end. */
export interface SignedRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** A secret, and who has it. */
export interface AccessKey {
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

export interface VerifyOptions {
  readonly region: string;
  /** Names that the scope may have. */
  readonly services: readonly string[];
  readonly nowMillis: number;
  /** @returns undefined for a key that was never given out, or not together with that token */
  readonly findKey: (accessKeyId: string, sessionToken: string | undefined) => AccessKey | undefined;
}

/** How far clocks may be apart (AWS Signature Version 4, troubleshooting, timestamps). */
const CLOCK_SKEW_MILLIS = 5 * 60_000;

/**
 * Finds out who signed a request, with the header `authorization` or, where there is none, in the query. All of it has to be
 * covered: method, path, query, host, every `x-amz-` header and the body. A presigned address carries its session token outside
 * of what is signed, as AWS IoT wants it (AWS IoT developer guide, iam-users-groups-roles).
 * @returns who it is, or why nobody can tell
 */
export async function verifyRequest(
  request: SignedRequest,
  options: VerifyOptions,
): Promise<Caller | SignatureProblem> {
  const { headers } = request;
  const query = decodeQuery(request.query);
  if (!query) return 'signature is malformed';
  const isPresigned = headers.authorization === undefined;
  if (isPresigned && query['X-Amz-Algorithm'] === undefined) return 'request is not signed';
  const parsed = isPresigned ? parseSignedQuery(query) : parseSignedHeaders(headers);
  if (!parsed) return 'signature is malformed';
  const problem = problemOf(parsed, request, options);
  if (problem) return problem;
  const key = options.findKey(parsed.accessKeyId, parsed.sessionToken);
  if (!key) return 'access key is not known';
  const signature = await expectedSignature(parsed, request, query, key.secretAccessKey);
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(parsed.signature)))
    return 'signature does not match';
  const { expiresMillis = Number.POSITIVE_INFINITY } = key.caller;
  return expiresMillis <= options.nowMillis ? 'credentials have expired' : key.caller;
}

function problemOf(
  parsed: ParsedSignature,
  { headers, body }: SignedRequest,
  { region, services, nowMillis }: VerifyOptions,
): SignatureProblem | undefined {
  if (parsed.region !== region || !services.includes(parsed.service))
    return 'signature is for another service or region';
  if (!isInTime(parsed, nowMillis)) return 'signature is outside its time';
  const { signedHeaders } = parsed;
  if (!signedHeaders.includes('host') || headers.host === undefined)
    return 'signature does not cover the host';
  const mustBeSigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
  if (signedHeaders.some((name) => typeof headers[name] !== 'string')) return 'signature is malformed';
  if (mustBeSigned.some((name) => !signedHeaders.includes(name))) return 'signature is malformed';
  const announced = headers['x-amz-content-sha256'];
  return announced === undefined || announced === sha256Of(body)
    ? undefined
    : 'signature does not cover the body';
}

/** A presigned address that does not say how long it is good is good as long as clocks may differ. */
function isInTime({ date, day, isPresigned, expiresSeconds }: ParsedSignature, nowMillis: number): boolean {
  const [, year, month, dayOfMonth, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(
    date,
  )!;
  const signedMillis = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedMillis) || !date.startsWith(day)) return false;
  const lastingMillis =
    isPresigned && expiresSeconds !== undefined ? expiresSeconds * 1000 : CLOCK_SKEW_MILLIS;
  return nowMillis >= signedMillis - CLOCK_SKEW_MILLIS && nowMillis <= signedMillis + lastingMillis;
}

function expectedSignature(
  parsed: ParsedSignature,
  { method, path, headers, body }: SignedRequest,
  query: DecodedQuery,
  secretAccessKey: string,
): Promise<string> {
  const { signedHeaders, date, region, service, accessKeyId, isPresigned } = parsed;
  const signed = Object.entries(query).filter(
    ([name]) => !isPresigned || (name !== 'X-Amz-Signature' && name !== 'X-Amz-Security-Token'),
  );
  return computeSignature({
    method,
    path,
    query: Object.fromEntries(signed),
    headers: Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name])])),
    payloadHash: sha256Of(body),
    date,
    region,
    service,
    accessKeyId,
    secretAccessKey,
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
