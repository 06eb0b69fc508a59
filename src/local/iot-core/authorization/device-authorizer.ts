import type { X509Certificate } from 'node:crypto';
import type { NamedPolicy } from '../../../iot-policy/index.ts';
import { certificateIdOfX509 } from '../registry/certificate-registry.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { CertificateRecord } from '../registry/registry-records.ts';
import { certificateValues } from './certificate-values.ts';
import { type ConnectionFacts, DeviceConnection } from './device-connection.ts';

/** Who a certificate, or a signature, says that a client is. */
export interface DeviceIdentity {
  /** For whoever has signed, the id of the IAM principal. */
  readonly certificateId: string;
  /** Values of policy variables that come from the certificate or from the credentials. */
  readonly values: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What whoever has signed may do; a certificate has what is attached to it at that moment. */
  readonly policies?: readonly NamedPolicy[];
}

/** Nobody is let in for a certificate; `certificateId` is absent when there was none. */
export interface RefusedIdentity {
  readonly reason: string;
  readonly certificateId?: string;
}

type MeetCertificate = (certificate: X509Certificate) => string;

const NOT_REGISTERED = 'certificate is not registered';

/** Lets devices in by their certificates, and decides by their policies, always as the registry is at that moment. */
export class DeviceAuthorizer {
  readonly #registry: DeviceRegistry;
  readonly #nowMillis: () => number;
  readonly #meet: MeetCertificate;
  readonly #connections = new Map<string, Set<DeviceConnection>>();
  readonly #values = new WeakMap<CertificateRecord, DeviceIdentity['values']>();

  /** @param meet is shown a certificate that is not registered, and says why its connection is closed */
  constructor(
    registry: DeviceRegistry,
    nowMillis: () => number,
    meet: MeetCertificate = () => NOT_REGISTERED,
  ) {
    this.#registry = registry;
    this.#meet = meet;
    this.#nowMillis = nowMillis;
    registry.onChange((certificateIds) => this.#changed(certificateIds));
  }

  /**
   * Certificates are known by their fingerprint, whoever signed them; that the client has the key, TLS has proved (AWS IoT
   * developer guide, x509-client-certs).
   * @param certificate that the client sent; undefined when it sent none
   */
  identify(certificate: X509Certificate | undefined): DeviceIdentity | RefusedIdentity {
    if (!certificate) return { reason: 'no client certificate' };
    const certificateId = certificateIdOfX509(certificate);
    const record = this.#registry.certificates.certificates.get(certificateId);
    const reason = record ? this.#problemOf(record) : this.#meet(certificate);
    return reason === undefined
      ? { certificateId, values: this.#valuesOf(record, certificate) }
      : { certificateId, reason };
  }

  /** Read once of each certificate: a fleet that lost its connections comes back with the same ones. */
  #valuesOf(record: CertificateRecord | undefined, certificate: X509Certificate): DeviceIdentity['values'] {
    const values = (record && this.#values.get(record)) ?? certificateValues(certificate);
    if (record) this.#values.set(record, values);
    return values;
  }

  /** @param cut ends the connection when its certificate stops being active */
  open(identity: DeviceIdentity, facts: ConnectionFacts, cut: (reason: string) => void): DeviceConnection {
    const connection = new DeviceConnection({ registry: this.#registry, identity, facts, cut });
    const { certificateId } = identity;
    // The registry does not know who signs: nothing in it can change what they may do.
    if (identity.policies) return connection;
    const others = this.#connections.get(certificateId) ?? new Set();
    this.#connections.set(certificateId, others.add(connection));
    return connection;
  }

  close(connection: DeviceConnection): void {
    const others = this.#connections.get(connection.certificateId);
    others?.delete(connection);
    if (others?.size === 0) this.#connections.delete(connection.certificateId);
  }

  #problemOf(record: CertificateRecord | undefined): string | undefined {
    if (!record) return NOT_REGISTERED;
    if (record.status !== 'ACTIVE') return `certificate is ${record.status}`;
    if (this.#nowMillis() < record.notBeforeMillis) return 'certificate is not valid yet';
    return this.#nowMillis() > record.notAfterMillis ? 'certificate has expired' : undefined;
  }

  #changed(certificateIds: readonly string[] | undefined): void {
    for (const certificateId of certificateIds ?? this.#connections.keys()) {
      const connections = this.#connections.get(certificateId);
      if (!connections) continue;
      const problem = this.#problemOf(this.#registry.certificates.certificates.get(certificateId));
      for (const connection of [...connections]) {
        connection.invalidate();
        if (problem !== undefined) connection.cut(problem);
      }
    }
  }
}
