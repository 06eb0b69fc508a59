import { join, resolve } from 'node:path';
import { findAuthority } from '../../../devices/provisioning/find-authority.ts';
import { IotRegistry, LOCAL_ENDPOINT } from '../../../devices/provisioning/iot-registry.ts';
import { ProvisioningError } from '../../../devices/provisioning/provisioning-error.ts';
import { compileStack } from '../../stack/compile-stack.ts';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import type { Stack } from '../../stack/stack.ts';

/** What says which registry is meant, and which stack. */
export interface RegistryFlags {
  readonly aws?: boolean;
  readonly url?: string;
  readonly ca?: string;
  readonly policy?: string;
  readonly project: string;
  readonly stage: string;
}

/** Where the runtime keeps the certificate of its authority, as `mesonet start` has it unless told otherwise. */
const LOCAL_AUTHORITY = join('.mesonet', 'data', 'iot-core', 'ca.pem');

/** The registry that is meant: AWS only when it is asked for, because what is made there lasts. */
export function openRegistry({ aws = false, url }: RegistryFlags, parallel = 8): IotRegistry {
  if (aws && url !== undefined)
    throw new ProvisioningError('Cannot use --aws with --url: they name two registries');
  const endpoint = url ?? (process.env.AWS_ENDPOINT_URL || LOCAL_ENDPOINT);
  return new IotRegistry(aws ? { parallel } : { endpoint, parallel });
}

/** The stack of a stage, with the names it has there. @throws StackError when it does not compile */
export async function stackOf(project: string, stage: string): Promise<Stack> {
  const projectFolder = resolve(project);
  const cacheFolder = join(projectFolder, '.mesonet', 'stack');
  const template = await compileStack({ projectFolder, cacheFolder, stage });
  const stackName = LOCAL_PLACE.stackName.replace(/-[^-]*$/, `-${stage}`);
  return readStack(template, projectFolder, { ...LOCAL_PLACE, stackName });
}

/** What a policy for devices speaks of; one for claims cannot. */
const THING_VARIABLE = '$' + '{iot:Connection.Thing.ThingName}';

/** The policy that was named, or the one that the stack has for devices. */
export async function policyNameOf({ policy, project, stage }: RegistryFlags): Promise<string> {
  if (policy !== undefined) return policy;
  const { iotPolicies } = await stackOf(project, stage);
  const ofThings = iotPolicies.filter(({ document }) => document.includes(THING_VARIABLE));
  if (ofThings.length === 1) return ofThings[0]!.name;
  throw new ProvisioningError(
    `Cannot choose a policy: the stack of '${project}' has ${ofThings.length} for devices; name one with --policy`,
  );
}

/** The authority that devices verify an endpoint by. @throws ProvisioningError when it did not sign the endpoint's certificate */
export function authorityOf(
  deviceUrl: string,
  { aws, ca }: Pick<RegistryFlags, 'aws' | 'ca'>,
): Promise<string> {
  return findAuthority({ deviceUrl, isLocal: !aws, file: ca, localFile: LOCAL_AUTHORITY });
}

/** What a folder of bundles belongs to, and what every device gets. */
export async function placeOf(registry: IotRegistry, flags: RegistryFlags) {
  const policyName = await policyNameOf(flags);
  const policy = await registry.policy(policyName);
  if (!policy)
    throw new ProvisioningError(
      `Cannot attach policy '${policyName}': there is none at ${registry.name}; deploy the stack, choose its stage with --stage or name another policy with --policy`,
    );
  const deviceUrl = await registry.deviceUrl();
  const isLocal = !flags.aws;
  const caPem = await authorityOf(deviceUrl, flags);
  const [, , , region, accountId] = policy.arn.split(':');
  const place = `${isLocal ? 'this machine' : 'AWS'} (${region}, account ${accountId})`;
  return { policyName, deviceUrl, caPem, place };
}
