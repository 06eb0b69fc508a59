import { createHash, randomBytes } from 'node:crypto';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { ProvisioningError } from './provisioning-error.ts';

interface TokenRecord {
  readonly certificateId: string;
  readonly expiryMillis: number;
}

/** AWS IoT developer guide, fleet-provision-api: a token counts for one hour. */
const LIFE_MILLIS = 3_600_000;

/** Prove that a certificate was made for whoever provisions it. Only their digests are kept. */
export class OwnershipTokens {
  readonly #tokens: KeptMap<TokenRecord>;
  readonly #nowMillis: () => number;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.#tokens = new KeptMap(log, 'iot/ownership-token/');
    this.#nowMillis = nowMillis;
  }

  issue(certificateId: string): string {
    const token = randomBytes(48).toString('base64url');
    this.#tokens.set(digestOf(token), { certificateId, expiryMillis: this.#nowMillis() + LIFE_MILLIS });
    return token;
  }

  /** @throws ProvisioningError InvalidCertificateOwnershipToken */
  certificateOf(token: string): string {
    const record = this.#tokens.get(digestOf(token));
    if (record && record.expiryMillis > this.#nowMillis()) return record.certificateId;
    throw new ProvisioningError(
      'InvalidCertificateOwnershipToken',
      `The certificate ownership token ${record ? 'has expired' : 'is not one that was given'}`,
    );
  }

  /** Forgets what is over. @returns ids of the certificates that nobody can provision any more */
  takeExpired(): string[] {
    const expired = this.#tokens.sorted().filter(([, { expiryMillis }]) => expiryMillis <= this.#nowMillis());
    for (const [key] of expired) this.#tokens.delete(key);
    return expired.map(([, { certificateId }]) => certificateId);
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
