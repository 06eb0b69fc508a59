import { randomBytes, X509Certificate } from 'node:crypto';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { certificateIdOfX509, parseCertificate } from '../registry/certificate-registry.ts';
import { found, registryError } from '../registry/registry-error.ts';

/** How devices whose certificates an authority signed are provisioned when they first connect. */
export interface RegistrationConfig {
  readonly templateBody?: string;
  readonly roleArn?: string;
  readonly templateName?: string;
}

/** The certificate of an authority of one's own, as it is kept. */
export interface AuthorityRecord {
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly certificateId: string;
  readonly pem: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly isAutoRegistering: boolean;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  readonly registrationConfig?: RegistrationConfig | undefined;
  readonly creationMillis: number;
  readonly lastModifiedMillis: number;
  readonly notBeforeMillis: number;
  readonly notAfterMillis: number;
  /** Counts up with every change. */
  readonly customerVersion: number;
}

export type AuthoritySettings = Pick<
  AuthorityRecord,
  'status' | 'isAutoRegistering' | 'mode' | 'registrationConfig'
>;

const CODE = 'code';

/** Authorities of one's own (AWS IoT developer guide, manage-your-CA-certs). */
export class AuthorityRegistry {
  readonly authorities: KeptMap<AuthorityRecord>;
  readonly #codes: KeptMap<string>;
  readonly #parsed = new Map<string, X509Certificate>();
  readonly #nowMillis: () => number;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.authorities = new KeptMap(log, 'iot/ca-certificate/');
    this.#codes = new KeptMap(log, 'iot/registration-code/');
    this.#nowMillis = nowMillis;
    if (!this.#codes.has(CODE)) this.renewRegistrationCode();
  }

  /** What a verification certificate names, which proves that whoever registers an authority has its key. */
  get registrationCode(): string {
    return this.#codes.get(CODE)!;
  }

  renewRegistrationCode(): void {
    this.#codes.set(CODE, randomBytes(32).toString('hex'));
  }

  /** @throws AwsError ResourceNotFoundException */
  get(certificateId: string): AuthorityRecord {
    return found(this.authorities.get(certificateId), `CA certificate '${certificateId}'`);
  }

  /**
   * @param verificationPem undefined for those that are known by SNI only, which need none
   * @throws AwsError CertificateValidationException, RegistrationCodeValidationException, ResourceAlreadyExistsException
   */
  register(pem: string, verificationPem: string | undefined, settings: AuthoritySettings): AuthorityRecord {
    const certificate = parseCertificate(pem);
    if (!certificate.ca)
      throw registryError('CertificateValidationException', 'The certificate is not one of an authority');
    if (Date.parse(certificate.validTo) < this.#nowMillis())
      throw registryError('CertificateValidationException', 'The certificate of the authority has expired');
    if (verificationPem !== undefined)
      this.#checkVerification(certificate, parseCertificate(verificationPem));
    const certificateId = certificateIdOfX509(certificate);
    if (this.authorities.has(certificateId))
      throw registryError(
        'ResourceAlreadyExistsException',
        `The CA certificate is already registered (id: ${certificateId})`,
      );
    const now = this.#nowMillis();
    const record: AuthorityRecord = {
      ...settings,
      certificateId,
      pem: certificate.toString(),
      creationMillis: now,
      lastModifiedMillis: now,
      notBeforeMillis: Date.parse(certificate.validFrom),
      notAfterMillis: Date.parse(certificate.validTo),
      customerVersion: 1,
    };
    this.authorities.set(certificateId, record);
    return record;
  }

  update(certificateId: string, change: Partial<AuthoritySettings>): void {
    const record = this.get(certificateId);
    this.authorities.set(certificateId, {
      ...record,
      ...change,
      customerVersion: record.customerVersion + 1,
      lastModifiedMillis: this.#nowMillis(),
    });
  }

  /** @throws AwsError CertificateStateException while it is active */
  delete(certificateId: string): void {
    if (this.get(certificateId).status === 'ACTIVE')
      throw registryError(
        'CertificateStateException',
        `The CA certificate must be INACTIVE before deletion (id: ${certificateId})`,
      );
    this.authorities.delete(certificateId);
    this.#parsed.delete(certificateId);
  }

  /** The authority that signed a certificate, proved by its signature; undefined when it is none of these. */
  issuerOf(certificate: X509Certificate): AuthorityRecord | undefined {
    for (const record of this.authorities.values()) {
      const authority = this.#parse(record);
      if (certificate.checkIssued(authority) && certificate.verify(authority.publicKey)) return record;
    }
    return undefined;
  }

  #parse({ certificateId, pem }: AuthorityRecord): X509Certificate {
    let parsed = this.#parsed.get(certificateId);
    if (!parsed) {
      parsed = new X509Certificate(pem);
      this.#parsed.set(certificateId, parsed);
    }
    return parsed;
  }

  /** AWS IoT developer guide, register-CA-cert: signed by the authority, with the code as its common name. */
  #checkVerification(authority: X509Certificate, verification: X509Certificate): void {
    if (!verification.checkIssued(authority) || !verification.verify(authority.publicKey))
      throw registryError(
        'CertificateValidationException',
        'The CA certificate did not sign the verification certificate',
      );
    const names = verification.subject?.split('\n') ?? [];
    if (!names.includes(`CN=${this.registrationCode}`))
      throw registryError(
        'RegistrationCodeValidationException',
        'The common name of the verification certificate is not the registration code',
      );
  }
}
