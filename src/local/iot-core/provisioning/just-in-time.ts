import type { X509Certificate } from 'node:crypto';
import { certificateValues } from '../authorization/certificate-values.ts';
import { certificateIdOfX509 } from '../registry/certificate-registry.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import type { ReservedAnswer } from '../reserved-topics.ts';
import type { AuthorityRecord, AuthorityRegistry, RegistrationConfig } from './authority-registry.ts';
import { evaluateTemplate } from './evaluate-template.ts';
import { CERTIFICATE_ID } from './fleet-provisioning.ts';
import { askHook, type InvokeFunction } from './pre-provisioning-hook.ts';
import { provisionThing } from './provision-thing.ts';
import { ProvisioningError } from './provisioning-error.ts';
import { parseTemplateBody } from './template-body.ts';
import type { ProvisioningHook, TemplateStore } from './template-store.ts';

export interface JustInTimeOptions {
  readonly registry: DeviceRegistry;
  readonly authorities: AuthorityRegistry;
  readonly templates: TemplateStore;
  readonly invoke: InvokeFunction;
  /** Hands over what subscribers and rules are told; resolves once that, and what led to it, is durable. */
  readonly tell: (answers: readonly ReservedAnswer[]) => Promise<void>;
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** AWS IoT developer guide, jit-provisioning: parameters of a template, by the policy variables of the same parts. */
const PARAMETERS: readonly (readonly [string, string])[] = [
  ['Country', 'Country'],
  ['Organization', 'Organization'],
  ['OrganizationalUnit', 'OrganizationalUnit'],
  ['DistinguishedNameQualifier', 'DistinguishedNameQualifier'],
  ['StateName', 'State'],
  ['CommonName', 'CommonName'],
  ['SerialNumber', 'SerialNumber'],
];

/**
 * Registers, and by a template provisions, devices at their first connection, when a registered authority signed their
 * certificate (AWS IoT developer guide, auto-register-device-cert and jit-provisioning). That connection is closed.
 */
export class JustInTimeRegistration {
  readonly #options: JustInTimeOptions;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: JustInTimeOptions) {
    this.#options = options;
  }

  /**
   * Meets a certificate that is not registered; that the client has its key, TLS has proved.
   * @returns why the connection is closed
   */
  readonly meet = (certificate: X509Certificate): string => {
    const { authorities, registry, nowMillis } = this.#options;
    const authority = authorities.issuerOf(certificate);
    if (!authority?.isAutoRegistering) return 'certificate is not registered';
    if (authority.status !== 'ACTIVE') return 'authority of the certificate is INACTIVE';
    if (nowMillis() > authority.notAfterMillis) return 'authority of the certificate has expired';
    if (nowMillis() < Date.parse(certificate.validFrom)) return 'certificate is not valid yet';
    if (nowMillis() > Date.parse(certificate.validTo)) return 'certificate has expired';
    registry.certificates.add(certificate.toString(), 'PENDING_ACTIVATION', {
      caCertificateId: authority.certificateId,
      mode: authority.mode,
    });
    const { registrationConfig: config } = authority;
    this.#start(config ? this.#provision(certificate, config) : this.#tellOf(certificate, authority));
    return config
      ? 'certificate is being provisioned'
      : 'certificate was registered, and waits for activation';
  };

  /** Waits for what is worked on. */
  async stop(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #start(work: Promise<void>): void {
    const watched = work
      .catch((error: Error) => this.#options.report(error.message))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  #tellOf(certificate: X509Certificate, { certificateId: caCertificateId }: AuthorityRecord): Promise<void> {
    const { registry, nowMillis, tell } = this.#options;
    const timestamp = nowMillis();
    const body = {
      certificateId: certificateIdOfX509(certificate),
      caCertificateId,
      timestamp,
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: registry.place.accountId,
      certificateRegistrationTimestamp: String(timestamp),
    };
    return tell([{ topic: `$aws/events/certificates/registered/${caCertificateId}`, body }]);
  }

  /** What fails is taken back, so that the device's next connection tries again. */
  async #provision(certificate: X509Certificate, config: RegistrationConfig): Promise<void> {
    const { registry, tell } = this.#options;
    const certificateId = certificateIdOfX509(certificate);
    try {
      const { body, hook, templateArn } = this.#templateOf(config);
      const parameters = parametersOf(certificate);
      const payload = { certificateId, certificatePem: certificate.toString(), templateArn, parameters };
      const overrides = hook ? await askHook(hook.targetArn, payload, this.#options.invoke) : {};
      const plan = evaluateTemplate(body, { ...parameters, ...overrides, [CERTIFICATE_ID]: certificateId });
      if (plan.certificate?.certificateId !== certificateId)
        throw new ProvisioningError('InvalidParameters', `its template does not name ${CERTIFICATE_ID}`);
      provisionThing(plan, registry.certificates.get(certificateId), registry);
    } catch (cause) {
      registry.certificates.forget(certificateId);
      throw new ProvisioningError(
        'InvalidParameters',
        `Cannot provision the device with certificate '${certificateId}': ${(cause as Error).message}`,
        { cause },
      );
    } finally {
      await tell([]);
    }
  }

  #templateOf({ templateBody, templateName }: RegistrationConfig): {
    readonly body: ReturnType<typeof parseTemplateBody>;
    readonly hook: ProvisioningHook | undefined;
    readonly templateArn: string;
  } {
    const { templates, registry } = this.#options;
    const templateArn = iotArn(registry.place, 'provisioningtemplate', templateName ?? '');
    if (templateName === undefined)
      return { body: parseTemplateBody(templateBody!), hook: undefined, templateArn };
    const { hook, isEnabled } = templates.get(templateName);
    if (!isEnabled)
      throw new ProvisioningError('AccessDenied', `the template '${templateName}' is not enabled`);
    return { body: templates.bodyOf(templateName), hook, templateArn };
  }
}

function parametersOf(certificate: X509Certificate): Record<string, string> {
  const values = certificateValues(certificate);
  return Object.fromEntries(
    PARAMETERS.flatMap(([parameter, variable]) => {
      const value = values[`iot:Certificate.Subject.${variable}`];
      return typeof value === 'string' ? [[`AWS::IoT::Certificate::${parameter}`, value]] : [];
    }),
  );
}
