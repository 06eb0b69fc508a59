import type { IncomingHttpHeaders } from 'node:http';

/** What a request says of its signature. */
export interface ParsedSignature {
  readonly accessKeyId: string;
  /** Day of the scope, for example `20261121`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** For example `20261121T100800Z`. */
  readonly date: string;
  readonly sessionToken: string | undefined;
  /** How long a presigned address is good for; undefined where it does not say. */
  readonly expiresSeconds: number | undefined;
  readonly isPresigned: boolean;
}

/** Parts of a query, decoded; names that every object has are names like any other. */
export type DecodedQuery = Record<string, string | string[]>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** AWS Signature Version 4, X-Amz-Expires. */
const MAX_EXPIRES_SECONDS = 7 * 86_400;

/** Has the request a signature, right or wrong? */
export function isSigned({ authorization }: IncomingHttpHeaders): boolean {
  return authorization?.startsWith(ALGORITHM) === true;
}

/** A signature in the Authorization header; undefined when it cannot be read. */
export function parseSignedHeaders(headers: IncomingHttpHeaders): ParsedSignature | undefined {
  const [algorithm, ...rest] = (headers.authorization ?? '').split(' ');
  if (algorithm !== ALGORITHM) return undefined;
  const fields = new Map(rest.join('').split(',').map(splitField));
  return parsed(
    {
      credential: fields.get('Credential'),
      signedHeaders: fields.get('SignedHeaders'),
      signature: fields.get('Signature'),
      date: textOf(headers['x-amz-date']),
      sessionToken: textOf(headers['x-amz-security-token']),
    },
    false,
  );
}

/** A signature in the query (AWS Signature Version 4, query string parameters); undefined when it cannot be read. */
export function parseSignedQuery(query: DecodedQuery): ParsedSignature | undefined {
  if (query['X-Amz-Algorithm'] !== ALGORITHM) return undefined;
  return parsed(
    {
      credential: textOf(query['X-Amz-Credential']),
      signedHeaders: textOf(query['X-Amz-SignedHeaders']),
      signature: textOf(query['X-Amz-Signature']),
      date: textOf(query['X-Amz-Date']),
      sessionToken: textOf(query['X-Amz-Security-Token']),
      expires: query['X-Amz-Expires'],
    },
    true,
  );
}

/** Splits and decodes a query as the signature sees it: `+` is itself. @returns undefined when it is not well encoded */
export function decodeQuery(query: string): DecodedQuery | undefined {
  const decoded: DecodedQuery = Object.create(null);
  try {
    for (const part of query === '' ? [] : query.split('&')) {
      const [name, value] = splitField(part).map(decodeURIComponent) as [string, string];
      const known = decoded[name];
      decoded[name] = known === undefined ? value : [known, value].flat();
    }
    return decoded;
  } catch {
    return undefined;
  }
}

interface Fields {
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
  readonly date: string | undefined;
  readonly sessionToken: string | undefined;
  readonly expires?: string | string[] | undefined;
}

function parsed(fields: Fields, isPresigned: boolean): ParsedSignature | undefined {
  const { credential = '', signedHeaders = '', signature = '', date = '', sessionToken, expires } = fields;
  const [accessKeyId, day, region, service, terminator, more] = credential.split('/');
  const expiresSeconds = expires === undefined ? undefined : secondsOf(expires);
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request' || more !== undefined)
    return undefined;
  if (!/^[\da-f]{64}$/.test(signature) || !/^\d{8}T\d{6}Z$/.test(date) || Number.isNaN(expiresSeconds))
    return undefined;
  return {
    accessKeyId,
    day,
    region,
    service,
    signedHeaders: signedHeaders.split(';'),
    signature,
    date,
    sessionToken,
    expiresSeconds,
    isPresigned,
  };
}

function secondsOf(text: string | string[]): number {
  const seconds = typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return seconds >= 1 && seconds <= MAX_EXPIRES_SECONDS ? seconds : Number.NaN;
}

function splitField(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
