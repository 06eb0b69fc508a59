import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import {
  ALGORITHM_IDENTIFIER,
  createScope,
  getCanonicalHeaders,
  getSigningKey,
  SignatureV4,
} from '@smithy/signature-v4';

/** What a signature is made of. */
export interface SignedParts {
  readonly method: string;
  /** As sent, percent-encoded. */
  readonly path: string;
  /** Decoded, without the signature. */
  readonly query: Readonly<Record<string, string | string[]>>;
  /** The signed ones and no others, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
  /** For example `20261121T100800Z`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The signature in hexadecimal (AWS Signature Version 4, create a signed request). */
export function computeSignature(parts: SignedParts): Promise<string> {
  return new RequestSigner(parts).signature();
}

/** Node's SHA-256 as the library wants it, keyed or not. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('Cannot use a hash again');
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** The library signs what it is given its own way; a verifier has to take the request as it came. */
class RequestSigner extends SignatureV4 {
  readonly #parts: SignedParts;

  constructor(parts: SignedParts) {
    super({ credentials: parts, region: parts.region, service: parts.service, sha256: Sha256 });
    this.#parts = parts;
  }

  async signature(): Promise<string> {
    const { method, path, query, headers, payloadHash, date, region, service } = this.#parts;
    const day = date.slice(0, 8);
    const canonical = getCanonicalHeaders(
      { protocol: 'https:', hostname: '', method, path, headers },
      undefined,
      new Set(Object.keys(headers)),
    );
    const request = { protocol: 'https:', hostname: '', method, path, query, headers };
    const text = await this.createStringToSign(
      date,
      createScope(day, region, service),
      this.createCanonicalRequest(request, canonical, payloadHash),
      ALGORITHM_IDENTIFIER,
    );
    const hash = new Sha256(await getSigningKey(Sha256, this.#parts, day, region, service));
    hash.update(text);
    return Buffer.from(await hash.digest()).toString('hex');
  }
}
