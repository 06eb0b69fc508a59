import 'reflect-metadata';

import { createPublicKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { CertificateRequestError } from './tls-error.ts';

/** A certificate and its key, as PEM texts. */
export interface CertificateAndKey {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Names that a server certificate is for. */
export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

type CryptoKey = webcrypto.CryptoKey;

const EC_KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const EC_SIGNATURE = { ...EC_KEY, hash: 'SHA-256' };
/** AWS IoT API reference, CreateKeysAndCertificate: an RSA key of 2048 bits. */
const RSA_KEY = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const DAY_MILLIS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** More than this some clients refuse. */
export const SERVER_DAYS = 397;
/** Certificates of AWS IoT end then (AWS IoT developer guide, device-certs-create). */
const DEVICE_CERTIFICATE_END = new Date('2049-12-31T23:59:59Z');
/** A device whose clock is a little behind can use its certificate at once. */
const CLOCK_DIFFERENCE_MILLIS = 300_000;

/** Makes an authority of its own, with a key of its own. */
export async function createAuthority(): Promise<CertificateAndKey> {
  const keys = (await webcrypto.subtle.generateKey(EC_KEY, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Mesonet local authority',
    ...validFor(AUTHORITY_DAYS),
    keys,
    signingAlgorithm: EC_SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: pemOf(keys.privateKey, 'pkcs8'),
  };
}

/** A request (PKCS #10) to certify a new key on the curve P-256, and that key; as PEM texts. */
export async function createSigningRequest(
  name: string,
): Promise<{ readonly requestPem: string; readonly privateKeyPem: string }> {
  const keys = (await webcrypto.subtle.generateKey(EC_KEY, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: EC_SIGNATURE,
  });
  return { requestPem: request.toString('pem'), privateKeyPem: pemOf(keys.privateKey, 'pkcs8') };
}

/** Signs certificates of servers and devices. */
export class CertificateAuthority {
  readonly #certificate: X509Certificate;
  readonly #privateKey: CryptoKey;

  private constructor(certificate: X509Certificate, privateKey: CryptoKey) {
    this.#certificate = certificate;
    this.#privateKey = privateKey;
  }

  static async open({ certificatePem, privateKeyPem }: CertificateAndKey): Promise<CertificateAuthority> {
    const bytes = Buffer.from(privateKeyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const key = await webcrypto.subtle.importKey('pkcs8', bytes, EC_KEY, false, ['sign']);
    return new CertificateAuthority(new X509Certificate(certificatePem), key);
  }

  async issueServer({ dnsNames, addresses }: ServerNames): Promise<CertificateAndKey> {
    const keys = (await webcrypto.subtle.generateKey(EC_KEY, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const names = [
      ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
      ...addresses.map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificatePem = await this.#issue(`CN=${dnsNames[0]}`, keys.publicKey, {
      ...validFor(SERVER_DAYS),
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
      ],
    });
    return { certificatePem, privateKeyPem: pemOf(keys.privateKey, 'pkcs8') };
  }

  /** A certificate for a new RSA key. */
  async issueDevice(): Promise<CertificateAndKey & { readonly publicKeyPem: string }> {
    const keys = (await webcrypto.subtle.generateKey(RSA_KEY, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    return {
      certificatePem: await this.#issueForDevice('CN=AWS IoT Certificate', keys.publicKey),
      privateKeyPem: pemOf(keys.privateKey, 'pkcs1'),
      publicKeyPem: pemOf(keys.publicKey, 'spki'),
    };
  }

  /** A certificate for the key of a request (PKCS #10). @throws CertificateRequestError */
  async issueForRequest(requestPem: string): Promise<string> {
    const request = parseRequest(requestPem);
    if (!(await request.verify().catch(() => false)))
      throw new CertificateRequestError('The signature of the certificate signing request is not valid');
    checkDeviceKey(request.publicKey.toString('pem'));
    return this.#issueForDevice(request.subject, await request.publicKey.export());
  }

  #issueForDevice(subject: string, publicKey: CryptoKey): Promise<string> {
    return this.#issue(subject, publicKey, {
      notBefore: new Date(Date.now() - CLOCK_DIFFERENCE_MILLIS),
      notAfter: DEVICE_CERTIFICATE_END,
      extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
    });
  }

  async #issue(
    subject: string,
    publicKey: CryptoKey,
    { extensions, ...validity }: { notBefore: Date; notAfter: Date; extensions: Extension[] },
  ): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: this.#certificate.subject,
      ...validity,
      publicKey,
      signingKey: this.#privateKey,
      signingAlgorithm: EC_SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await SubjectKeyIdentifierExtension.create(publicKey),
        await AuthorityKeyIdentifierExtension.create(this.#certificate),
        ...extensions,
      ],
    });
    return `${certificate.toString('pem')}\n`;
  }
}

function parseRequest(pem: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch (cause) {
    throw new CertificateRequestError('The certificate signing request cannot be read', { cause });
  }
}

/** AWS IoT API reference, CreateCertificateFromCsr: RSA of 2048 bits or more, or a NIST curve. */
function checkDeviceKey(pem: string): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(pem);
  const isGood =
    type === 'rsa'
      ? (details?.modulusLength ?? 0) >= 2048
      : type === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '');
  if (!isGood)
    throw new CertificateRequestError(
      'The key of the request is neither RSA of 2048 bits or more nor on the curve P-256, P-384 or P-521',
    );
}

function validFor(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - CLOCK_DIFFERENCE_MILLIS),
    notAfter: new Date(now + days * DAY_MILLIS),
  };
}

/** Positive, and too long to come twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function pemOf(key: CryptoKey, type: 'pkcs8' | 'pkcs1' | 'spki'): string {
  return KeyObject.from(key)
    .export({ type: type as 'pkcs1', format: 'pem' })
    .toString();
}
