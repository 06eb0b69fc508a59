import { createHash } from 'node:crypto';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import { registryError } from '../registry/registry-error.ts';
import type { CertificateRecord, CertificateStatus } from '../registry/registry-records.ts';
import type {
  PlannedCertificate,
  PlannedPolicy,
  PlannedThing,
  ProvisioningPlan,
} from './evaluate-template.ts';

/** What became of a plan. */
export interface ProvisionedThing {
  /** Undefined when the template has no thing. */
  readonly thingName: string | undefined;
  /** ARNs by the logical names of the template. */
  readonly resourceArns: Readonly<Record<string, string>>;
}

/** AWS IoT quotas, policies that are attached to one principal. */
const MAX_POLICIES = 10;

/**
 * Makes what a plan wants, and attaches it to the certificate; what is there already follows the template's overrides.
 * Everything is checked before anything changes, in one turn: it is done whole or not at all, and again with the same result.
 *
 * @param certificate that the plan's certificate resource means, if it has one
 * @throws AwsError ResourceNotFoundException, ConflictingResourceUpdateException, MalformedPolicyException, LimitExceededException
 */
export function provisionThing(
  plan: ProvisioningPlan,
  certificate: CertificateRecord | undefined,
  registry: DeviceRegistry,
): ProvisionedThing {
  const { thing, policies } = plan;
  const policyNames = policies.map((policy) => [policy, policyNameOf(policy, registry)] as const);
  const status = plan.certificate && certificate && statusOf(plan.certificate, certificate);
  if (certificate)
    checkPolicyCount(
      certificate,
      policyNames.map(([, name]) => name),
    );
  if (thing) bringThing(thing, registry);
  for (const [{ document }, name] of policyNames)
    if (!registry.policies.policies.has(name)) registry.policies.create(name, document!);
  const { place, things, certificates } = registry;
  const arns: Record<string, string> = Object.fromEntries(
    policyNames.map(([{ logicalName }, name]) => [logicalName, iotArn(place, 'policy', name)]),
  );
  if (thing) arns[thing.logicalName] = iotArn(place, 'thing', thing.thingName);
  if (certificate) {
    const { certificateId } = certificate;
    if (plan.certificate) arns[plan.certificate.logicalName] = iotArn(place, 'cert', certificateId);
    for (const [, name] of policyNames) certificates.attachPolicy(certificateId, name);
    if (thing) things.attach(thing.thingName, certificateId);
    if (status !== undefined && status !== certificate.status) certificates.setStatus(certificateId, status);
  }
  return { thingName: thing?.thingName, resourceArns: arns };
}

/** A policy of that name is there, or the template has what it says (AWS IoT developer guide, provision-template). */
function policyNameOf({ policyName, document }: PlannedPolicy, { policies }: DeviceRegistry): string {
  const name = policyName ?? createHash('sha256').update(document!).digest('hex').toUpperCase();
  if (document === undefined) return policies.get(name).policyName;
  policies.check(document);
  const known = policies.policies.get(name);
  if (known && policies.version(name, known.defaultVersionId).document !== document)
    throw conflict(`Policy '${name}' exists, and its document is another one`);
  return name;
}

/** What waits for its activation follows the template; a state that somebody has set, only when the template replaces it. */
function statusOf(
  { status, statusOverride }: PlannedCertificate,
  { certificateId, status: current }: CertificateRecord,
): CertificateStatus {
  if (current === 'PENDING_ACTIVATION' || current === status) return status;
  if (statusOverride === 'FAIL') throw conflict(`Certificate '${certificateId}' is ${current}`);
  return statusOverride === 'REPLACE' ? status : current;
}

function checkPolicyCount(
  { certificateId, policyNames }: CertificateRecord,
  wanted: readonly string[],
): void {
  if (new Set([...policyNames, ...wanted]).size > MAX_POLICIES)
    throw registryError(
      'LimitExceededException',
      `Certificate '${certificateId}' would have more than ${MAX_POLICIES} policies`,
    );
}

function bringThing(wanted: PlannedThing, { things }: DeviceRegistry): void {
  const { thingName, thingTypeName, attributes, attributesOverride, typeOverride } = wanted;
  const known = things.things.get(thingName);
  if (!known) {
    things.create(thingName, { attributes, thingTypeName });
    return;
  }
  const hasOthers = Object.entries(attributes).some(([name, value]) => known.attributes[name] !== value);
  if (attributesOverride === 'FAIL' && hasOthers) throw conflict(`Thing '${thingName}' has other attributes`);
  const hasOtherType = thingTypeName !== undefined && known.thingTypeName !== thingTypeName;
  if (typeOverride === 'FAIL' && hasOtherType) throw conflict(`Thing '${thingName}' has another type`);
  const takesAttributes = attributesOverride === 'REPLACE' || (attributesOverride === 'MERGE' && hasOthers);
  const takesType = typeOverride === 'REPLACE' && hasOtherType;
  if (!takesAttributes && !takesType) return;
  things.update(thingName, {
    ...(takesAttributes && { attributes, isMerge: attributesOverride === 'MERGE' }),
    ...(takesType && { thingTypeName }),
  });
}

function conflict(message: string) {
  return registryError('ConflictingResourceUpdateException', message);
}
