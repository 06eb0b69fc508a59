import 'reflect-metadata';

import { KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator, X509CertificateGenerator } from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { ...KEY, hash: 'SHA-256' };

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** A certificate that no authority signed, with its key. */
export async function selfSignedPair(
  name: string,
  { notBefore = new Date(Date.now() - 60_000), notAfter = new Date(Date.now() + 3_600_000) } = {},
): Promise<{ cert: string; key: string }> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: SIGNATURE,
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate.toString('pem'), key };
}

export async function selfSigned(name: string): Promise<string> {
  return (await selfSignedPair(name)).cert;
}

/** A certificate signing request for a new key. */
export async function signingRequest(name: string): Promise<string> {
  return (await signingRequestPair(name)).request;
}

/** The same, with its key. */
export async function signingRequestPair(name: string): Promise<{ request: string; key: string }> {
  const keys = await newKeys();
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: SIGNATURE });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { request: request.toString('pem'), key };
}

/** A request for an RSA key that is too short. */
export async function weakSigningRequest(): Promise<string> {
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const publicExponent = new Uint8Array([1, 0, 1]);
  const keys = (await webcrypto.subtle.generateKey(
    { ...signingAlgorithm, publicExponent, modulusLength: 1024 },
    true,
    ['sign', 'verify'],
  )) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=weak', keys, signingAlgorithm });
  return request.toString('pem');
}
