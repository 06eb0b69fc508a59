import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { found, registryError } from '../registry/registry-error.ts';
import { ProvisioningTemplateError } from './provisioning-error.ts';
import { parseTemplateBody, type TemplateBody } from './template-body.ts';

export type TemplateType = 'FLEET_PROVISIONING' | 'JITP';

export interface TemplateVersion {
  readonly versionId: number;
  readonly body: string;
  readonly creationMillis: number;
}

export interface ProvisioningHook {
  readonly targetArn: string;
  readonly payloadVersion: string;
}

/** What can be said of a template besides its body. */
export interface TemplateSettings {
  readonly type: TemplateType;
  readonly description?: string | undefined;
  readonly isEnabled: boolean;
  readonly roleArn: string;
  readonly hook?: ProvisioningHook | undefined;
}

/** A provisioning template, as it is kept. */
export interface TemplateRecord extends TemplateSettings {
  readonly templateName: string;
  readonly versions: readonly TemplateVersion[];
  readonly defaultVersionId: number;
  /** Version ids are never used again. */
  readonly lastVersion: number;
  readonly creationMillis: number;
  readonly lastModifiedMillis: number;
  /** What the stack said of it when it was last read, so that only a change of the stack makes a new version. */
  readonly declared?: string;
}

/** A template that the stack declares. */
export interface DeclaredTemplate extends TemplateSettings {
  readonly name: string;
  readonly body: string;
}

/** AWS IoT Core endpoints and quotas, fleet provisioning: versions of a template. */
const MAX_VERSIONS = 5;

/** Provisioning templates and their versions (AWS IoT API reference, CreateProvisioningTemplate). */
export class TemplateStore {
  readonly templates: KeptMap<TemplateRecord>;
  readonly #nowMillis: () => number;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.templates = new KeptMap(log, 'iot/provisioning-template/');
    this.#nowMillis = nowMillis;
  }

  /** @throws AwsError ResourceNotFoundException */
  get(templateName: string): TemplateRecord {
    return found(this.templates.get(templateName), `Provisioning template '${templateName}'`);
  }

  /** @throws AwsError ResourceNotFoundException */
  version(templateName: string, versionId: number): TemplateVersion {
    const version = this.get(templateName).versions.find((each) => each.versionId === versionId);
    return found(version, `Version ${versionId} of provisioning template '${templateName}'`);
  }

  /** The default version of a template, read. @throws AwsError ResourceNotFoundException */
  bodyOf(templateName: string): TemplateBody {
    const { defaultVersionId } = this.get(templateName);
    return parseTemplateBody(this.version(templateName, defaultVersionId).body);
  }

  /** @throws AwsError ResourceAlreadyExistsException, InvalidRequestException for a body that is none */
  create(templateName: string, body: string, settings: TemplateSettings): TemplateRecord {
    checkBody(body);
    if (this.templates.has(templateName))
      throw registryError(
        'ResourceAlreadyExistsException',
        `Provisioning template '${templateName}' already exists`,
      );
    const now = this.#nowMillis();
    const record: TemplateRecord = {
      ...settings,
      templateName,
      versions: [{ versionId: 1, body, creationMillis: now }],
      defaultVersionId: 1,
      lastVersion: 1,
      creationMillis: now,
      lastModifiedMillis: now,
    };
    this.templates.set(templateName, record);
    return record;
  }

  /** @throws AwsError VersionsLimitExceededException, InvalidRequestException */
  createVersion(templateName: string, body: string, isDefault: boolean): TemplateVersion {
    checkBody(body);
    const { versions, lastVersion, defaultVersionId } = this.get(templateName);
    if (versions.length >= MAX_VERSIONS)
      throw registryError(
        'VersionsLimitExceededException',
        `Provisioning template '${templateName}' has ${MAX_VERSIONS} versions, which is the most; delete one of them first`,
      );
    const version = { versionId: lastVersion + 1, body, creationMillis: this.#nowMillis() };
    this.update(templateName, {
      versions: [...versions, version],
      lastVersion: version.versionId,
      defaultVersionId: isDefault ? version.versionId : defaultVersionId,
    });
    return version;
  }

  update(templateName: string, change: Partial<TemplateRecord>): void {
    const record = { ...this.get(templateName), ...change, lastModifiedMillis: this.#nowMillis() };
    this.templates.set(templateName, record);
  }

  /** @throws AwsError DeleteConflictException for the default version */
  deleteVersion(templateName: string, versionId: number): void {
    this.version(templateName, versionId);
    const { versions, defaultVersionId } = this.get(templateName);
    if (versionId === defaultVersionId)
      throw registryError(
        'DeleteConflictException',
        `Cannot delete the default version of provisioning template '${templateName}'`,
      );
    this.update(templateName, { versions: versions.filter((each) => each.versionId !== versionId) });
  }

  delete(templateName: string): void {
    this.get(templateName);
    this.templates.delete(templateName);
  }

  /** Makes a template as the stack says; what was changed by hand since then stays until the stack changes. */
  declare({ name, body, ...settings }: DeclaredTemplate): void {
    const declared = JSON.stringify([body, settings]);
    const known = this.templates.get(name);
    if (known?.declared === declared) return;
    if (!known) this.create(name, body, settings);
    else {
      const oldest = known.versions.find(({ versionId }) => versionId !== known.defaultVersionId);
      if (known.versions.length >= MAX_VERSIONS) this.deleteVersion(name, oldest!.versionId);
      this.createVersion(name, body, true);
    }
    this.update(name, { description: undefined, hook: undefined, ...settings, declared });
  }
}

/** Every provisioned device gets the certificate that it has shown, so that a template must say so. */
function checkBody(text: string): void {
  try {
    const { resources } = parseTemplateBody(text);
    const certificate = resources.find(({ type }) => type === 'AWS::IoT::Certificate');
    if (!certificate?.properties.has('CertificateId'))
      throw new ProvisioningTemplateError(
        'The provisioning template is not valid at Resources: an AWS::IoT::Certificate with a CertificateId is missing',
      );
  } catch (error) {
    if (error instanceof ProvisioningTemplateError)
      throw registryError('InvalidRequestException', error.message);
    throw error;
  }
}
