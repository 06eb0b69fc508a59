import { X509Certificate } from 'node:crypto';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { found, registryError } from './registry-error.ts';
import type { CertificateRecord, CertificateStatus } from './registry-records.ts';

/** AWS IoT quotas, policies that are attached to one principal. */
const MAX_POLICIES = 10;

/** What is known of a certificate besides what stands in it. */
export type CertificateOrigin = Partial<
  Pick<CertificateRecord, 'mode' | 'caCertificateId' | 'claimTemplate' | 'notAfterMillis'>
>;

/** Certificates and the policies attached to them (AWS IoT developer guide, x509-client-certs). */
export class CertificateRegistry {
  readonly certificates: KeptMap<CertificateRecord>;
  readonly #nowMillis: () => number;
  readonly #onChange: (certificateIds: readonly string[]) => void;

  /** @param onChange told of the certificates that changed */
  constructor(
    log: DurableLog,
    nowMillis: () => number,
    onChange: (certificateIds: readonly string[]) => void,
  ) {
    this.certificates = new KeptMap(log, 'iot/certificate/');
    this.#nowMillis = nowMillis;
    this.#onChange = onChange;
  }

  /** @throws ResourceNotFoundException */
  get(certificateId: string): CertificateRecord {
    return found(this.certificates.get(certificateId), `Certificate '${certificateId}'`);
  }

  /** @throws CertificateValidationException for what is no certificate, ResourceAlreadyExistsException */
  add(pem: string, status: CertificateStatus, origin: CertificateOrigin = {}): CertificateRecord {
    const parsed = parseCertificate(pem);
    const certificateId = certificateIdOfX509(parsed);
    if (this.certificates.has(certificateId))
      throw registryError(
        'ResourceAlreadyExistsException',
        `The certificate is already provisioned or registered (id: ${certificateId})`,
      );
    const now = this.#nowMillis();
    const record: CertificateRecord = {
      certificateId,
      pem: parsed.toString(),
      status,
      mode: 'DEFAULT',
      creationMillis: now,
      lastModifiedMillis: now,
      notBeforeMillis: Date.parse(parsed.validFrom),
      notAfterMillis: Date.parse(parsed.validTo),
      customerVersion: 1,
      policyNames: [],
      ...origin,
    };
    this.certificates.set(certificateId, record);
    return record;
  }

  setStatus(certificateId: string, status: CertificateStatus): void {
    const { customerVersion } = this.get(certificateId);
    this.#change(certificateId, { status, customerVersion: customerVersion + 1 });
  }

  /**
   * @param thingNames what it is attached to
   * @throws CertificateStateException while it is active, DeleteConflictException while something is attached
   */
  delete(certificateId: string, thingNames: readonly string[], isForced: boolean): void {
    const { status, policyNames } = this.get(certificateId);
    if (status === 'ACTIVE')
      throw registryError(
        'CertificateStateException',
        `Certificate must be deactivated (not ACTIVE) before deletion (id: ${certificateId})`,
      );
    if (thingNames.length > 0)
      throw registryError(
        'DeleteConflictException',
        `Things must be detached before deletion (id: ${certificateId})`,
      );
    if (policyNames.length > 0 && !isForced)
      throw registryError(
        'DeleteConflictException',
        `Certificate policies must be detached before deletion (id: ${certificateId})`,
      );
    this.certificates.delete(certificateId);
    this.#onChange([certificateId]);
  }

  /** Takes away what came to nothing, whatever its status: a claim that is over, a certificate that nobody provisioned. */
  forget(certificateId: string): void {
    this.certificates.delete(certificateId);
    this.#onChange([certificateId]);
  }

  attachPolicy(certificateId: string, policyName: string): void {
    const { policyNames } = this.get(certificateId);
    if (policyNames.includes(policyName)) return;
    if (policyNames.length >= MAX_POLICIES)
      throw registryError(
        'LimitExceededException',
        `Certificate '${certificateId}' has ${MAX_POLICIES} policies, which is the most`,
      );
    this.#change(certificateId, { policyNames: [...policyNames, policyName] });
  }

  detachPolicy(certificateId: string, policyName: string): void {
    const { policyNames } = this.get(certificateId);
    if (!policyNames.includes(policyName))
      throw registryError(
        'ResourceNotFoundException',
        `Policy '${policyName}' is not attached to certificate '${certificateId}'`,
      );
    this.#change(certificateId, { policyNames: policyNames.filter((each) => each !== policyName) });
  }

  /** Ids of the certificates that a policy is attached to. */
  targetsOf(policyName: string): string[] {
    return this.certificates
      .sorted()
      .flatMap(([id, { policyNames }]) => (policyNames.includes(policyName) ? id : []));
  }

  #change(certificateId: string, change: Partial<CertificateRecord>): void {
    const record = this.get(certificateId);
    this.certificates.set(certificateId, { ...record, ...change, lastModifiedMillis: this.#nowMillis() });
    this.#onChange([certificateId]);
  }
}

/** @throws CertificateValidationException */
export function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw registryError(
      'CertificateValidationException',
      'The certificate is not a PEM text that can be read',
    );
  }
}

/** AWS IoT's id of a certificate: its SHA-256 fingerprint in lower case. */
export function certificateIdOfX509({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
