import { X509Certificate } from 'node:crypto';
import { type CertificateRegistry, parseCertificate } from '../registry/certificate-registry.ts';
import { registryError } from '../registry/registry-error.ts';
import type { CertificateRecord, CertificateStatus } from '../registry/registry-records.ts';
import type { AuthorityRegistry } from './authority-registry.ts';

export interface CertificateToRegister {
  readonly pem: string;
  /** The certificate of the authority that signed it, where it is said. */
  readonly caPem: string | undefined;
  readonly status: CertificateStatus;
}

/** Who may have signed it. */
export interface KnownAuthorities {
  readonly certificates: CertificateRegistry;
  readonly authorities: AuthorityRegistry;
  /** The certificate of the authority of this runtime. */
  readonly localCaPem: string;
}

/**
 * Registers a certificate that an authority signed (AWS IoT API reference, RegisterCertificate).
 * @throws AwsError CertificateValidationException when none of those that are known did, ResourceAlreadyExistsException
 */
export function registerCertificate(
  { pem, caPem, status }: CertificateToRegister,
  { certificates, authorities, localCaPem }: KnownAuthorities,
): CertificateRecord {
  const certificate = parseCertificate(pem);
  const local = new X509Certificate(localCaPem);
  const isLocal = certificate.checkIssued(local) && certificate.verify(local.publicKey);
  const authority = isLocal ? undefined : authorities.issuerOf(certificate);
  if (!isLocal && !authority)
    throw registryError(
      'CertificateValidationException',
      'The certificate is not signed by a registered authority; RegisterCertificateWithoutCA takes it',
    );
  const issuerPem = authority?.pem ?? local.toString();
  if (caPem !== undefined && parseCertificate(caPem).toString() !== issuerPem)
    throw registryError(
      'CertificateValidationException',
      'The CA certificate is not the one that signed the certificate',
    );
  return certificates.add(
    pem,
    status,
    authority && { caCertificateId: authority.certificateId, mode: authority.mode },
  );
}
