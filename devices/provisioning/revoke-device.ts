import type { IotRegistry } from './iot-registry.ts';
import type { Manifest } from './manifest.ts';
import { ProvisioningError } from './provisioning-error.ts';

/** What was taken from a device. */
export interface Revocation {
  readonly thingName: string;
  readonly certificates: readonly {
    readonly certificateId: string;
    /** What it was before. */
    readonly status: string;
    readonly policies: readonly string[];
  }[];
}

/**
 * Shuts a device out: each of its certificates is revoked, which cuts the connection (AWS IoT developer guide,
 * activate-or-deactivate-device-cert), and then detached from its policies and its thing. The thing stays.
 * @throws ProvisioningError when there is no such thing
 */
export async function revokeDevice(
  thingName: string,
  { registry, manifest }: { registry: IotRegistry; manifest: Manifest | undefined },
): Promise<Revocation> {
  if (!(await registry.thing(thingName)))
    throw new ProvisioningError(`Cannot revoke '${thingName}': there is no such thing at ${registry.name}`);
  const known = manifest?.get(thingName);
  const attached = await registry.certificatesOf(thingName);
  const ids = new Set(attached.map(({ certificateId }) => certificateId));
  if (known && known.state !== 'revoked') ids.add(known.certificateId);
  const certificates = [];
  for (const certificateId of ids) {
    const found = await revokeCertificate(certificateId, thingName, registry);
    if (found) certificates.push(found);
  }
  if (known && known.state !== 'revoked')
    manifest?.note({ thingName, certificateId: known.certificateId, state: 'revoked' });
  return { thingName, certificates };
}

/** Revokes first and detaches then, so that a cut in between leaves nobody with access. */
export async function revokeCertificate(
  certificateId: string,
  thingName: string,
  registry: IotRegistry,
): Promise<Revocation['certificates'][number] | undefined> {
  const found = await registry.certificate(certificateId);
  if (!found) return undefined;
  if (found.status !== 'REVOKED') await registry.setStatus(certificateId, 'REVOKED');
  const policies = await registry.policiesOf(found.arn);
  for (const policyName of policies) await registry.detachPolicy(policyName, found.arn);
  await registry.detachThing(thingName, found.arn);
  return { certificateId, status: found.status, policies };
}
