/** AWS IoT API reference, CertificateStatus, as far as a certificate gets here. */
export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_ACTIVATION';

/** A thing of the registry, as it is kept. */
export interface ThingRecord {
  readonly thingName: string;
  readonly thingId: string;
  readonly thingTypeName?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Counts up with every change. */
  readonly version: number;
  /** Ids of the certificates that are attached to it. */
  readonly certificateIds: readonly string[];
}

export interface ThingTypeRecord {
  readonly thingTypeName: string;
  readonly thingTypeId: string;
  readonly description?: string;
  readonly searchableAttributes: readonly string[];
  readonly creationMillis: number;
}

export interface CertificateRecord {
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly certificateId: string;
  readonly pem: string;
  readonly status: CertificateStatus;
  /** Certificates that were registered without an authority are known by the name that the client asks for (SNI). */
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  /** The authority of one's own that signed it. */
  readonly caCertificateId?: string;
  /** The provisioning template that it is a claim for, which is all that it lets in for. */
  readonly claimTemplate?: string;
  readonly creationMillis: number;
  readonly lastModifiedMillis: number;
  readonly notBeforeMillis: number;
  readonly notAfterMillis: number;
  /** Counts up with every change. */
  readonly customerVersion: number;
  readonly policyNames: readonly string[];
}

export interface PolicyVersion {
  readonly versionId: string;
  readonly document: string;
  readonly creationMillis: number;
}

export interface PolicyRecord {
  readonly policyName: string;
  readonly defaultVersionId: string;
  readonly versions: readonly PolicyVersion[];
  /** Version ids are never used again. */
  readonly lastVersion: number;
  readonly creationMillis: number;
  readonly lastModifiedMillis: number;
  /** What the template said of it when it was last read, so that only a change of the template makes a new version. */
  readonly templateDocument?: string;
}
