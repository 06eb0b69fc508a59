import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { isSigned } from '../aws-identity/parse-signature.ts';

export interface HttpGuardOptions {
  /** What a writer has to show as `authorization: Bearer <token>`. */
  readonly token: string;
  /** Whoever signs as AWS wants it is let pass without the token: the server itself finds out who that is. */
  readonly verifiesSignatures?: boolean;
  /** Largest announced body; 10 MB when not given. */
  readonly maxBodyBytes?: number;
}

/** Why a request is turned away. */
export interface Refusal {
  readonly statusCode: 400 | 401 | 403 | 413 | 421;
  readonly message: string;
}

/** What decides about a request. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  /** The port the server listens on. */
  readonly port: number;
}

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Limits for `http.createServer`: slow or huge headers end the connection before anybody reads them. */
export const SERVER_LIMITS: Readonly<ServerOptions> = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  // Otherwise slow ones are looked for twice a minute only.
  connectionsCheckingInterval: 1_000,
};

/** A connection on which nothing is read or written for so long is cut; an answer may take API Gateway's 30 s. */
export const IDLE_CONNECTION_MILLIS = 120_000;

/** Sent with every response. There is no CORS header: pages of other origins read nothing. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/**
 * Stands before everything the server offers: sets the security headers and turns away what is not for it.
 * @returns false when the request was answered with a refusal
 */
export function createHttpGuard(
  options: HttpGuardOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const { method = 'GET', headers, socket } = request;
    const refusal = refuse({ method, headers, port: socket.localPort ?? 0 }, options);
    if (!refusal) return true;
    if (refusal.statusCode === 401) response.setHeader('www-authenticate', 'Bearer');
    response.writeHead(refusal.statusCode, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ message: refusal.message }));
    return false;
  };
}

/** The decision alone: undefined lets the request pass. */
export function refuse(request: GuardedRequest, options: HttpGuardOptions): Refusal | undefined {
  const { method, headers, port } = request;
  if (!isOwnHost(headers.host, port)) {
    const host = headers.host ?? '';
    return { statusCode: 421, message: `Cannot serve host '${host}': use 127.0.0.1, localhost or [::1]` };
  }
  const length = Number(headers['content-length'] ?? 0);
  const most = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  if (length > most)
    return { statusCode: 413, message: `Cannot take a body of ${length} bytes: at most ${most}` };
  if (READING_METHODS.has(method)) return undefined;
  if (!isOwnOrigin(request)) {
    return {
      statusCode: 403,
      message: `Cannot ${method} from origin '${headers.origin}': only the own page may write`,
    };
  }
  if (options.verifiesSignatures && isSigned(headers)) return undefined;
  if (!hasToken(headers.authorization, options.token)) {
    return {
      statusCode: 401,
      message: `Cannot ${method} without the token: send authorization: Bearer <token>`,
    };
  }
  return undefined;
}

/** Against DNS rebinding: a name that somebody else resolves to this machine is not ours. */
function isOwnHost(host: string | undefined, port: number): boolean {
  const match = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host ?? '');
  if (!match) return false;
  return match[2] === undefined || Number(match[2]) === port;
}

function isOwnOrigin({ headers }: GuardedRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return (
    headers.origin === undefined || headers.origin.toLowerCase() === `http://${headers.host}`.toLowerCase()
  );
}

/** Takes the same time whether the token is nearly right or wholly wrong. */
function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The body of a request, or undefined as soon as it is larger than allowed, or when the client went away. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else {
        request.off('data', take).pause();
        resolve(undefined);
      }
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => resolve(undefined));
    request.once('close', () => resolve(undefined));
  });
}
