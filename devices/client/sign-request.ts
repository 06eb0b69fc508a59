import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RoleCredentials } from './role-credentials.ts';

/** A request that is to be signed; it has no body. */
export interface UnsignedRequest {
  readonly url: URL;
  readonly method: 'GET';
}

export interface SigningOptions {
  readonly credentials: RoleCredentials;
  readonly region: string;
  /** What it is now, by the server's clock: signatures that are five minutes off are refused. */
  readonly nowMillis: number;
}

/** Signs a call of the HTTP API (AWS Signature Version 4). @returns the headers to send it with */
export async function signRequest(
  { url, method }: UnsignedRequest,
  { credentials, region, nowMillis }: SigningOptions,
): Promise<Readonly<Record<string, string>>> {
  const signer = new SignatureV4({ credentials, region, service: 'execute-api', sha256: Sha256 });
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  };
  const { headers } = await signer.sign(request, { signingDate: new Date(nowMillis) });
  return headers;
}

/** Node's SHA-256 as the library wants it: with a secret it is an HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', asBytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(asBytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('Cannot use a hash again');
  }
}

function asBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
