import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a session is: of which role, for whom, until when. */
export interface RoleSession {
  readonly roleArn: string;
  /** AWS IoT names sessions after the certificate. */
  readonly certificateId: string;
  readonly thingName?: string | undefined;
  readonly thingTypeName?: string | undefined;
  readonly expiresMillis: number;
}

/** Temporary credentials (AWS STS API reference, Credentials). */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresMillis: number;
}

/** Letters and digits of an access key's id. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Temporary credentials that need not be kept: the token says what the session is and is sealed with a key of this runtime,
 * the secret follows from the token. So they outlive a restart, and no number of them takes memory.
 */
export class SessionCredentialsIssuer {
  readonly #key: Uint8Array;

  /** @param key at least 32 bytes that nobody else has */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  issue(session: RoleSession): SessionCredentials {
    const accessKeyId = `ASIA${Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join('')}`;
    const text = Buffer.from(JSON.stringify({ accessKeyId, ...session })).toString('base64url');
    const sessionToken = `${text}.${this.#seal('token', text)}`;
    return {
      accessKeyId,
      sessionToken,
      secretAccessKey: this.#seal('secret', sessionToken),
      expiresMillis: session.expiresMillis,
    };
  }

  /** @returns the secret and the session; undefined when the two were not issued here, or not together */
  open(
    accessKeyId: string,
    sessionToken: string,
  ): { secretAccessKey: string; session: RoleSession } | undefined {
    const [text = '', seal = '', more] = sessionToken.split('.');
    if (more !== undefined || !isSame(seal, this.#seal('token', text))) return undefined;
    const sealed = JSON.parse(Buffer.from(text, 'base64url').toString()) as RoleSession & {
      accessKeyId: string;
    };
    if (!isSame(sealed.accessKeyId, accessKeyId)) return undefined;
    return { secretAccessKey: this.#seal('secret', sessionToken), session: sealed };
  }

  #seal(purpose: 'token' | 'secret', text: string): string {
    return createHmac('sha256', this.#key).update(`${purpose}\n${text}`).digest('base64url');
  }
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
