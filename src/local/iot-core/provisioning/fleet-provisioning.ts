import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import type { CertificateRecord } from '../registry/registry-records.ts';
import type { ReservedAnswer, ReservedRequest, ReservedTopicService } from '../reserved-topics.ts';
import type { CertificateAuthority } from '../tls/certificate-authority.ts';
import { CertificateRequestError } from '../tls/tls-error.ts';
import { evaluateTemplate } from './evaluate-template.ts';
import type { OwnershipTokens } from './ownership-tokens.ts';
import { decodePayload, encodePayload } from './payload-format.ts';
import { askHook, type InvokeFunction } from './pre-provisioning-hook.ts';
import { provisionThing } from './provision-thing.ts';
import { ProvisioningError, type ProvisioningErrorCode } from './provisioning-error.ts';
import { type ProvisioningTopic, parseProvisioningTopic } from './provisioning-topics.ts';
import { isJsonMap, type JsonMap } from './template-expression.ts';
import type { TemplateRecord, TemplateStore } from './template-store.ts';

export interface FleetProvisioningOptions {
  readonly registry: DeviceRegistry;
  readonly templates: TemplateStore;
  readonly tokens: OwnershipTokens;
  readonly signer: () => Promise<CertificateAuthority>;
  readonly invoke: InvokeFunction;
  /** Hands over what a device is answered; resolves once that, and what led to it, is durable. */
  readonly tell: (answers: readonly ReservedAnswer[], clientId: string) => Promise<void>;
  readonly report: (text: string) => void;
}

interface Request {
  readonly body: JsonMap;
  readonly clientId: string;
  /** Id of the certificate of the claim. */
  readonly principal: string;
}

/** Requests that are worked on at the same time; making a key takes a tenth of a second of a core. */
const MAX_PENDING = 50;
const MAX_REQUEST_CHARACTERS = 4096;
export const CERTIFICATE_ID = 'AWS::IoT::Certificate::Id';

/** What the registry refuses, in the words of fleet provisioning. */
const CODES: Readonly<Record<string, ProvisioningErrorCode>> = {
  ConflictingResourceUpdateException: 'ResourceConflict',
  InvalidRequestException: 'InvalidParameters',
  LimitExceededException: 'InvalidParameters',
  MalformedPolicyException: 'InvalidParameters',
  ResourceAlreadyExistsException: 'ResourceConflict',
  ResourceNotFoundException: 'ResourceNotFound',
};

/**
 * Certificates and things for devices that come with a claim certificate (AWS IoT developer guide, fleet-provision-api). That
 * they may publish to its topics, their policies have decided; without a certificate nobody gets one.
 */
export class FleetProvisioning implements ReservedTopicService {
  readonly #options: FleetProvisioningOptions;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: FleetProvisioningOptions) {
    this.#options = options;
  }

  /** Answers later: keys take their time, and so do hooks. */
  answer(request: ReservedRequest): readonly ReservedAnswer[] | undefined {
    const topic = parseProvisioningTopic(request.topic);
    if (!topic) return undefined;
    const { clientId } = request;
    if (clientId === undefined) return [];
    const work = this.#work(topic, request)
      .then((answer) => this.#options.tell([answer], clientId))
      .catch((error: Error) => this.#options.report(`Cannot answer '${clientId}': ${error.message}`))
      .finally(() => this.#pending.delete(work));
    this.#pending.add(work);
    return [];
  }

  /** Waits for what is worked on. */
  async stop(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #work(
    topic: ProvisioningTopic,
    { topic: name, payload, clientId, principal }: ReservedRequest,
  ): Promise<ReservedAnswer> {
    const answered = (kind: 'accepted' | 'rejected', body: object): ReservedAnswer => ({
      topic: `${name}/${kind}`,
      body: null,
      payload: encodePayload(body, topic.format),
      isForRequester: true,
    });
    try {
      if (this.#pending.size >= MAX_PENDING)
        throw new ProvisioningError('Throttling', `${MAX_PENDING} requests are worked on; ask again later`);
      if (principal === undefined)
        throw new ProvisioningError('AccessDenied', 'Cannot provision without a claim certificate');
      const body = decodePayload(payload, topic.format);
      return answered('accepted', await this.#run(topic, { body, clientId: clientId!, principal }));
    } catch (error) {
      const refusal = this.#refusalOf(error as Error);
      return answered('rejected', {
        statusCode: refusal.statusCode,
        errorCode: refusal.code,
        errorMessage: refusal.message,
      });
    }
  }

  #run(topic: ProvisioningTopic, request: Request): Promise<object> {
    if (topic.verb === 'provision') return this.#provision(topic.templateName, request);
    return topic.verb === 'create' ? this.#createKeys() : this.#createFromRequest(request.body);
  }

  async #createKeys(): Promise<object> {
    const { certificatePem, privateKeyPem } = await (await this.#options.signer()).issueDevice();
    return { ...this.#register(certificatePem), privateKey: privateKeyPem };
  }

  async #createFromRequest({ certificateSigningRequest: request }: JsonMap): Promise<object> {
    if (typeof request !== 'string' || request.length > MAX_REQUEST_CHARACTERS)
      throw new ProvisioningError('InvalidCsr', "'certificateSigningRequest' is not a PEM text");
    return this.#register(await (await this.#options.signer()).issueForRequest(request));
  }

  #register(pem: string): object {
    const { registry, tokens } = this.#options;
    const { certificates } = registry;
    for (const certificateId of tokens.takeExpired())
      if (isUnused(certificateId, registry)) certificates.forget(certificateId);
    const record = certificates.add(pem, 'PENDING_ACTIVATION');
    return {
      certificateId: record.certificateId,
      certificatePem: record.pem,
      certificateOwnershipToken: tokens.issue(record.certificateId),
    };
  }

  async #provision(templateName: string, { body, clientId, principal }: Request): Promise<object> {
    const { registry, templates } = this.#options;
    const template = templateToUse(templateName, templates);
    const certificate = this.#owned(body.certificateOwnershipToken);
    const parameters = parametersOf(body.parameters ?? {});
    const overrides = await this.#ask(template, {
      claimCertificateId: principal,
      certificateId: certificate.certificateId,
      certificatePem: certificate.pem,
      clientId,
      parameters,
    });
    const { certificateId } = certificate;
    const plan = evaluateTemplate(templates.bodyOf(templateName), {
      ...parameters,
      ...overrides,
      [CERTIFICATE_ID]: certificateId,
    });
    if (plan.certificate?.certificateId !== certificateId)
      throw new ProvisioningError(
        'InvalidParameters',
        `The template '${templateName}' names another certificate than ${CERTIFICATE_ID}`,
      );
    // While the hook was asked, somebody may have revoked it.
    const { thingName } = provisionThing(plan, this.#usable(certificateId), registry);
    const { deviceConfiguration } = plan;
    return { deviceConfiguration, ...(thingName !== undefined && { thingName }) };
  }

  async #ask(
    { hook, templateName }: TemplateRecord,
    payload: Omit<Parameters<typeof askHook>[1], 'templateArn'>,
  ): Promise<Readonly<Record<string, string>>> {
    if (!hook) return {};
    const { registry, invoke } = this.#options;
    const templateArn = iotArn(registry.place, 'provisioningtemplate', templateName);
    return askHook(hook.targetArn, { ...payload, templateArn }, invoke);
  }

  #owned(token: unknown): CertificateRecord {
    if (typeof token !== 'string' || token === '')
      throw new ProvisioningError(
        'InvalidCertificateOwnershipToken',
        'The certificate ownership token is missing',
      );
    return this.#usable(this.#options.tokens.certificateOf(token));
  }

  #usable(certificateId: string): CertificateRecord {
    const record = this.#options.registry.certificates.certificates.get(certificateId);
    if (record && record.status !== 'REVOKED') return record;
    throw new ProvisioningError(
      'InvalidCertificateOwnershipToken',
      `The certificate of the token is ${record ? 'REVOKED' : 'not registered any more'}`,
    );
  }

  #refusalOf(error: Error): ProvisioningError {
    if (error instanceof ProvisioningError) return error;
    if (error instanceof CertificateRequestError) return new ProvisioningError('InvalidCsr', error.message);
    const code = error instanceof AwsError ? CODES[error.name] : undefined;
    if (code) return new ProvisioningError(code, error.message);
    this.#options.report(`Fleet provisioning failed: ${error.message}`);
    return new ProvisioningError('InternalFailure', 'Provisioning failed, ask again');
  }
}

function templateToUse(templateName: string, templates: TemplateStore): TemplateRecord {
  const template = templates.get(templateName);
  if (!template.isEnabled)
    throw new ProvisioningError('AccessDenied', `The provisioning template '${templateName}' is not enabled`);
  if (template.type === 'FLEET_PROVISIONING') return template;
  throw new ProvisioningError(
    'InvalidParameters',
    `The provisioning template '${templateName}' is of type JITP, wanted is FLEET_PROVISIONING`,
  );
}

/** Nobody has provisioned it, neither by its token nor by hand. */
function isUnused(certificateId: string, { certificates, things }: DeviceRegistry): boolean {
  const record = certificates.certificates.get(certificateId);
  return (
    record?.status === 'PENDING_ACTIVATION' &&
    record.policyNames.length === 0 &&
    things.thingsOf(certificateId).length === 0
  );
}

/** What the service itself says of a certificate, a device cannot say. */
function parametersOf(given: unknown): Record<string, string> {
  if (!isJsonMap(given) || Object.values(given).some((value) => typeof value !== 'string'))
    throw new ProvisioningError('InvalidParameters', "'parameters' of the request are not texts by name");
  const reserved = Object.keys(given).find((name) => name.startsWith('AWS::'));
  if (reserved !== undefined)
    throw new ProvisioningError(
      'InvalidParameters',
      `The parameter '${reserved}' is not the device's to say`,
    );
  return given as Record<string, string>;
}
