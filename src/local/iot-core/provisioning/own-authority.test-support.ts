import 'reflect-metadata';

import { KeyObject, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { ...KEY, hash: 'SHA-256' };
const DAY_MILLIS = 86_400_000;

/** An authority of somebody's own, as a factory has one. */
export class OwnAuthority {
  readonly pem: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  #serial = 1;

  private constructor(pem: string, keys: webcrypto.CryptoKeyPair) {
    this.pem = pem;
    this.#keys = keys;
  }

  static async create(name: string, { isAuthority = true } = {}): Promise<OwnAuthority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name,
      ...validFor(DAY_MILLIS),
      keys,
      signingAlgorithm: SIGNATURE,
      extensions: [new BasicConstraintsExtension(isAuthority, undefined, true)],
    });
    return new OwnAuthority(certificate.toString('pem'), keys);
  }

  /** A certificate of a device that it signs, with its key. */
  async issue(subject: string, validity = validFor(DAY_MILLIS)): Promise<{ cert: string; key: string }> {
    const keys = await newKeys();
    this.#serial += 1;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject,
      issuer: new X509Certificate(this.pem).subject,
      ...validity,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNATURE,
    });
    const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert: certificate.toString('pem'), key };
  }
}

function validFor(millis: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + millis) };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}
