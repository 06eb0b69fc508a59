import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CorruptDataError } from '../../local-error.ts';
import { selfSignedPair, weakSigningRequest } from './certificates.test-support.ts';
import { openLocalAuthority } from './local-authority.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authority-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the server certificate is signed by the authority, and kept as long as it names the host', async () => {
  const { caPem, server } = await openLocalAuthority(folder, '127.0.0.1');
  const certificate = new X509Certificate(server.certificatePem);
  expect(certificate.verify(new X509Certificate(caPem).publicKey)).toBe(true);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.ca).toBe(false);
  expect((await openLocalAuthority(folder, '127.0.0.1')).server).toEqual(server);
  const other = (await openLocalAuthority(folder, 'station.local')).server;
  expect(new X509Certificate(other.certificatePem).checkHost('station.local')).toBe('station.local');
});

test('a server certificate that ends soon is made again', async () => {
  const { server } = await openLocalAuthority(folder, 'localhost');
  const ending = await selfSignedPair('CN=localhost');
  writeFileSync(join(folder, 'server.pem'), ending.cert);
  writeFileSync(join(folder, 'server.key'), ending.key);
  const again = await openLocalAuthority(folder, 'localhost');
  expect(again.server.certificatePem).not.toBe(ending.cert);
  expect(again.server).not.toEqual(server);
});

test('keys that others may read are closed', async () => {
  await openLocalAuthority(folder, 'localhost');
  chmodSync(join(folder, 'ca.key'), 0o644);
  await openLocalAuthority(folder, 'localhost');
  expect(statSync(join(folder, 'ca.key')).mode & 0o777).toBe(0o600);
});

test.each<[string, (folder: string) => Promise<void> | void]>([
  ['a key without its certificate', (at) => rmSync(join(at, 'ca.pem'))],
  [
    'the key of another certificate',
    async (at) => writeFileSync(join(at, 'ca.key'), (await selfSignedPair('CN=x')).key),
  ],
  ['half a certificate', (at) => writeFileSync(join(at, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nMIIB')],
])('%s is refused in one sentence, and nothing is made in its place', async (_, spoil) => {
  await openLocalAuthority(folder, 'localhost');
  await spoil(folder);
  await expect(openLocalAuthority(folder, 'localhost')).rejects.toThrow(CorruptDataError);
});

test('a request with an RSA key of 1024 bits is refused', async () => {
  const signer = await (await openLocalAuthority(folder, 'localhost')).signer();
  await expect(signer.issueForRequest(await weakSigningRequest())).rejects.toThrow('RSA of 2048 bits');
});
