import { type PolicyDocument, PolicyError, parsePolicyDocument } from '../../../iot-policy/index.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { found, registryError } from './registry-error.ts';
import type { PolicyRecord, PolicyVersion } from './registry-records.ts';

/** AWS IoT quotas, policies. */
const MAX_VERSIONS = 5;

/** Policies and their versions (AWS IoT developer guide, iot-policies). */
export class PolicyRegistry {
  readonly policies: KeptMap<PolicyRecord>;
  readonly #documents = new Map<string, PolicyDocument>();
  readonly #nowMillis: () => number;
  readonly #onChange: () => void;

  constructor(log: DurableLog, nowMillis: () => number, onChange: () => void) {
    this.policies = new KeptMap(log, 'iot/policy/');
    this.#nowMillis = nowMillis;
    this.#onChange = onChange;
  }

  /** @throws ResourceNotFoundException */
  get(policyName: string): PolicyRecord {
    return found(this.policies.get(policyName), `Policy '${policyName}'`);
  }

  /** @throws ResourceNotFoundException */
  version(policyName: string, versionId: string): PolicyVersion {
    const { versions } = this.get(policyName);
    const version = versions.find((each) => each.versionId === versionId);
    return found(version, `Version '${versionId}' of policy '${policyName}'`);
  }

  /** The default version, parsed; undefined when the policy was deleted. */
  documentOf(policyName: string): PolicyDocument | undefined {
    const policy = this.policies.get(policyName);
    if (!policy) return undefined;
    let document = this.#documents.get(policyName);
    if (!document) {
      document = parsePolicyDocument(this.version(policyName, policy.defaultVersionId).document);
      this.#documents.set(policyName, document);
    }
    return document;
  }

  /** @throws MalformedPolicyException for a document that no policy can have */
  check(document: string): void {
    checkDocument(document);
  }

  /** @throws ResourceAlreadyExistsException, MalformedPolicyException */
  create(policyName: string, document: string): PolicyVersion {
    checkDocument(document);
    if (this.policies.has(policyName))
      throw registryError('ResourceAlreadyExistsException', `Policy '${policyName}' already exists`);
    const version = { versionId: '1', document, creationMillis: this.#nowMillis() };
    this.#put({ ...this.#emptyPolicy(policyName), versions: [version] });
    return version;
  }

  /** @throws MalformedPolicyException, VersionsLimitExceededException */
  createVersion(policyName: string, document: string, isDefault: boolean): PolicyVersion {
    checkDocument(document);
    const policy = this.get(policyName);
    if (policy.versions.length >= MAX_VERSIONS)
      throw registryError(
        'VersionsLimitExceededException',
        `Policy '${policyName}' has ${MAX_VERSIONS} versions, which is the most; delete one of them first`,
      );
    return this.#addVersion(policy, document, isDefault);
  }

  setDefault(policyName: string, versionId: string): void {
    this.version(policyName, versionId);
    this.#put({ ...this.get(policyName), defaultVersionId: versionId });
  }

  /** @throws DeleteConflictException for the default version */
  deleteVersion(policyName: string, versionId: string): void {
    this.version(policyName, versionId);
    const policy = this.get(policyName);
    if (policy.defaultVersionId === versionId)
      throw registryError('DeleteConflictException', `Cannot delete the default version of '${policyName}'`);
    this.#put({ ...policy, versions: policy.versions.filter((each) => each.versionId !== versionId) });
  }

  /** Whoever calls has seen that nothing is attached. @throws DeleteConflictException while there are other versions */
  delete(policyName: string): void {
    if (this.get(policyName).versions.length > 1)
      throw registryError(
        'DeleteConflictException',
        `Cannot delete the policy because it has one or more policy versions attached to it (name: ${policyName})`,
      );
    this.policies.delete(policyName);
    this.#documents.delete(policyName);
    this.#onChange();
  }

  /**
   * Makes a policy as the template says. Only a change of the template makes a new default version, and pushes out the
   * oldest one where there are too many: what was set by hand since then stays.
   * @throws MalformedPolicyException
   */
  declare(policyName: string, document: string): void {
    checkDocument(document);
    const policy = this.policies.get(policyName);
    if (policy?.templateDocument === document) return;
    if (!policy) this.create(policyName, document);
    else {
      const oldest = policy.versions.find(({ versionId }) => versionId !== policy.defaultVersionId);
      const versions = policy.versions.filter(
        (version) => policy.versions.length < MAX_VERSIONS || version !== oldest,
      );
      this.#addVersion({ ...policy, versions }, document, true);
    }
    this.#put({ ...this.get(policyName), templateDocument: document });
  }

  #addVersion(policy: PolicyRecord, document: string, isDefault: boolean): PolicyVersion {
    const lastVersion = policy.lastVersion + 1;
    const version = { versionId: String(lastVersion), document, creationMillis: this.#nowMillis() };
    this.#put({
      ...policy,
      lastVersion,
      versions: [...policy.versions, version],
      defaultVersionId: isDefault ? version.versionId : policy.defaultVersionId,
    });
    return version;
  }

  #emptyPolicy(policyName: string): PolicyRecord {
    const now = this.#nowMillis();
    return {
      policyName,
      defaultVersionId: '1',
      versions: [],
      lastVersion: 1,
      creationMillis: now,
      lastModifiedMillis: now,
    };
  }

  #put(policy: PolicyRecord): void {
    this.policies.set(policy.policyName, { ...policy, lastModifiedMillis: this.#nowMillis() });
    this.#documents.delete(policy.policyName);
    this.#onChange();
  }
}

function checkDocument(document: string): void {
  try {
    parsePolicyDocument(document);
  } catch (error) {
    if (error instanceof PolicyError) throw registryError('MalformedPolicyException', error.message);
    throw error;
  }
}
