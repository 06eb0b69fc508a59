import { join } from 'node:path';
import {
  type Bundle,
  type BundleConfig,
  certificateIdOf,
  readBundle,
  topicsOf,
  writeBundle,
} from './bundle.ts';
import type { DeviceSpec } from './device-list.ts';
import type { IotRegistry } from './iot-registry.ts';
import type { Manifest } from './manifest.ts';
import { ProvisioningError } from './provisioning-error.ts';

/** Where devices are provisioned, and what all of them get. */
export interface ProvisioningPlace {
  readonly registry: IotRegistry;
  readonly manifest: Manifest;
  readonly policyName: string;
  /** Where devices connect. */
  readonly deviceUrl: string;
  /** The authority that devices trust. */
  readonly caPem: string;
}

/**
 * What was done for a device: it was made, a begun one was finished, a done one was found in order, or mended; or it was
 * revoked before, and left so.
 */
export type DeviceOutcome = 'made' | 'finished' | 'verified' | 'repaired' | 'revoked';

/**
 * Brings one device to where it should be, from wherever it is. The certificate becomes active last, when its bundle is
 * written and all is attached: what a cut leaves behind lets nobody in.
 * @throws ProvisioningError that says why it cannot be done
 */
export async function provisionDevice(spec: DeviceSpec, place: ProvisioningPlace): Promise<DeviceOutcome> {
  const { registry, manifest } = place;
  const known = manifest.get(spec.thingName);
  if (known?.state === 'revoked') return 'revoked';
  const bundle = readBundle(folderOf(spec.thingName, place));
  if (bundle && (known?.state === 'done' || known?.state === 'rotating'))
    return await verify(spec, bundle, place);
  const thing = await registry.ensureThing(spec);
  const isBegun = known !== undefined || bundle !== undefined;
  if (!bundle && thing !== 'made') await checkHasNone(spec.thingName, place);
  const certificateId = bundle ? certificateIdOf(bundle.certificatePem) : await makeBundle(spec, place);
  await finish(spec.thingName, certificateId, place);
  return isBegun ? 'finished' : 'made';
}

/** The folder of a device's bundle. */
export function folderOf(thingName: string, { manifest }: Pick<ProvisioningPlace, 'manifest'>): string {
  return join(manifest.folder, thingName);
}

/** Makes a certificate, inactive and attached to nothing, and writes the bundle with it. @returns its id */
export async function makeBundle(
  spec: DeviceSpec,
  place: ProvisioningPlace,
  note: { readonly state: 'certified' | 'rotating'; readonly replaces?: readonly string[] } = {
    state: 'certified',
  },
): Promise<string> {
  const { registry, manifest, caPem } = place;
  const { certificateId, certificatePem, privateKeyPem } = await registry.createCertificate();
  const config = configOf(spec, certificateId, place);
  manifest.note({ thingName: spec.thingName, certificateId, ...note });
  writeBundle(folderOf(spec.thingName, place), { certificatePem, privateKeyPem, caPem, config });
  return certificateId;
}

/** Attaches what is to be attached, lets the certificate in, and notes it. */
export async function finish(
  thingName: string,
  certificateId: string,
  place: ProvisioningPlace,
): Promise<void> {
  await activate(thingName, certificateId, place);
  place.manifest.note({ thingName, certificateId, state: 'done' });
}

/** Attaches thing and policy to a certificate, and lets it in. */
export async function activate(
  thingName: string,
  certificateId: string,
  { registry, policyName }: ProvisioningPlace,
): Promise<void> {
  const { arn } = await registered(certificateId, thingName, registry);
  await registry.attachThing(thingName, arn);
  await registry.attachPolicy(policyName, arn);
  await registry.setStatus(certificateId, 'ACTIVE');
}

async function verify(spec: DeviceSpec, bundle: Bundle, place: ProvisioningPlace): Promise<DeviceOutcome> {
  const { registry, policyName } = place;
  const { thingName } = spec;
  const certificateId = certificateIdOf(bundle.certificatePem);
  const { status, arn } = await registered(certificateId, thingName, registry);
  if (status !== 'ACTIVE') {
    if (place.manifest.get(thingName)?.state !== 'rotating') return 'revoked';
    throw new ProvisioningError(
      `Cannot provision '${thingName}': its rotation was begun and not finished; "mesonet provision rotate ${thingName}" goes on with it`,
    );
  }
  const thing = await registry.ensureThing(spec);
  const [things, policies] = await Promise.all([registry.thingsOf(arn), registry.policiesOf(arn)]);
  const isAttached = things.includes(thingName);
  const hasPolicy = policies.includes(policyName);
  if (!isAttached) await registry.attachThing(thingName, arn);
  if (!hasPolicy) await registry.attachPolicy(policyName, arn);
  const isFresh = renewBundle(spec, bundle, place);
  return thing === 'known' && isAttached && hasPolicy && isFresh ? 'verified' : 'repaired';
}

/** Writes the bundle again when the endpoint, the authority or the topics are others now. @returns whether it was fresh */
function renewBundle(spec: DeviceSpec, bundle: Bundle, place: ProvisioningPlace): boolean {
  const config = configOf(spec, bundle.config.certificateId, place);
  const isFresh = bundle.caPem === place.caPem && JSON.stringify(bundle.config) === JSON.stringify(config);
  if (!isFresh) writeBundle(folderOf(spec.thingName, place), { ...bundle, caPem: place.caPem, config });
  return isFresh;
}

function configOf(
  { thingName, attributes }: DeviceSpec,
  certificateId: string,
  { deviceUrl }: ProvisioningPlace,
): BundleConfig {
  return { thingName, endpoint: deviceUrl, certificateId, topics: topicsOf(thingName, attributes) };
}

async function registered(certificateId: string, thingName: string, registry: IotRegistry) {
  const found = await registry.certificate(certificateId);
  if (found) return found;
  throw new ProvisioningError(
    `Cannot provision '${thingName}': certificate ${certificateId.slice(0, 12)}… of its bundle is not registered at ${registry.name}; "mesonet provision rotate ${thingName}" makes a new one`,
  );
}

/** A certificate whose key is somewhere else would be doubled. */
async function checkHasNone(thingName: string, { registry, manifest }: ProvisioningPlace): Promise<void> {
  const active = (await registry.certificatesOf(thingName)).filter(({ status }) => status === 'ACTIVE');
  if (active.length === 0) return;
  throw new ProvisioningError(
    `Cannot provision '${thingName}': it has the active certificate ${active[0]!.certificateId.slice(0, 12)}… whose key is not in '${manifest.folder}'; name the folder it was made in with --out, or make a new one with "mesonet provision rotate ${thingName}"`,
  );
}
