import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { CorruptDataError, LocalError } from '../../local-error.ts';
import type { CertificateAndKey, CertificateAuthority, ServerNames } from './certificate-authority.ts';

/** The authority of a data folder, and what it has signed for the listener. */
export interface LocalAuthority {
  /** The file that clients name as their root certificate. */
  readonly caFile: string;
  readonly caPem: string;
  readonly server: CertificateAndKey;
  /** Loads what signs certificates; it is needed only then. */
  readonly signer: () => Promise<CertificateAuthority>;
}

const RENEW_BEFORE_MILLIS = 30 * 86_400_000;

/**
 * Opens the authority in `folder`, and makes it when it is not there. Keys are readable by their owner only. The server
 * certificate is made again before it ends, and when it does not name `host`.
 *
 * @throws CorruptDataError when certificate and key do not belong together
 */
export async function openLocalAuthority(folder: string, host: string): Promise<LocalAuthority> {
  const caFile = join(folder, 'ca.pem');
  const keyFile = join(folder, 'ca.key');
  if (existsSync(caFile) !== existsSync(keyFile))
    throw new CorruptDataError(
      `Cannot use the authority in '${folder}': only one of ca.pem and ca.key is there; remove it to make a new one`,
    );
  if (!existsSync(caFile)) await createFiles(folder, caFile, keyFile);
  const authority = readPair(caFile, keyFile);
  let signer: Promise<CertificateAuthority> | undefined;
  const sign = (): Promise<CertificateAuthority> => {
    signer ??= import('./certificate-authority.ts').then((each) => each.CertificateAuthority.open(authority));
    return signer;
  };
  return {
    caFile,
    caPem: authority.certificatePem,
    signer: sign,
    server: await openServer(folder, host, authority, sign),
  };
}

async function createFiles(folder: string, caFile: string, keyFile: string): Promise<void> {
  const { createAuthority } = await import('./certificate-authority.ts');
  const { certificatePem, privateKeyPem } = await createAuthority();
  mkdirSync(folder, { recursive: true });
  // The certificate comes last: a start that was cut off before leaves the key alone, which says so.
  write(keyFile, privateKeyPem, 0o600);
  write(caFile, certificatePem, 0o644);
}

async function openServer(
  folder: string,
  host: string,
  authority: CertificateAndKey,
  signer: LocalAuthority['signer'],
): Promise<CertificateAndKey> {
  const certificateFile = join(folder, 'server.pem');
  const keyFile = join(folder, 'server.key');
  if (existsSync(certificateFile) && existsSync(keyFile)) {
    const kept = readPair(certificateFile, keyFile);
    if (isUsable(new X509Certificate(kept.certificatePem), authority, host)) return kept;
  }
  const made = await (await signer()).issueServer(namesOf(host));
  write(keyFile, made.privateKeyPem, 0o600);
  write(certificateFile, made.certificatePem, 0o644);
  return made;
}

function isUsable(certificate: X509Certificate, authority: CertificateAndKey, host: string): boolean {
  const { publicKey } = new X509Certificate(authority.certificatePem);
  const isNamed = (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
  return (
    isNamed &&
    certificate.verify(publicKey) &&
    Date.parse(certificate.validTo) - Date.now() > RENEW_BEFORE_MILLIS
  );
}

function namesOf(host: string): ServerNames {
  const isAddress = isIP(host) > 0;
  return {
    dnsNames: [...new Set(['localhost', ...(isAddress ? [] : [host])])],
    addresses: [...new Set(['127.0.0.1', '::1', ...(isAddress ? [host] : [])])],
  };
}

function readPair(certificateFile: string, keyFile: string): CertificateAndKey {
  const pair = {
    certificatePem: readFileSync(certificateFile, 'utf8'),
    privateKeyPem: readFileSync(keyFile, 'utf8'),
  };
  chmodSync(keyFile, 0o600);
  try {
    if (new X509Certificate(pair.certificatePem).checkPrivateKey(createPrivateKey(pair.privateKeyPem)))
      return pair;
  } catch (cause) {
    throw new CorruptDataError(
      `Cannot use '${certificateFile}' and '${keyFile}': ${(cause as Error).message}`,
      { cause },
    );
  }
  throw new CorruptDataError(`Cannot use '${certificateFile}': '${keyFile}' is the key of another one`);
}

/** Under another name first, so that no cut leaves half a file. */
function write(file: string, text: string, mode: number): void {
  try {
    writeFileSync(`${file}.new`, text, { mode });
    chmodSync(`${file}.new`, mode);
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new LocalError(`Cannot write '${file}': ${(cause as Error).message}`, { cause });
  }
}
