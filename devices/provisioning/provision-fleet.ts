import { runBounded } from '../../src/stores/run-bounded.ts';
import type { DeviceSpec } from './device-list.ts';
import { type DeviceOutcome, type ProvisioningPlace, provisionDevice } from './provision-device.ts';
import { RegistryUnreachableError } from './provisioning-error.ts';

/** What was done for a fleet: devices by outcome. made + … + failed + notReached = devices */
export interface FleetSummary extends Readonly<Record<DeviceOutcome, number>> {
  readonly devices: number;
  readonly failed: readonly { readonly thingName: string; readonly problem: string }[];
  /** Devices that a stop came before. */
  readonly notReached: number;
  /**
   * Certificates that a run made which was cut off before it could write the key down: inactive and attached to nothing, so
   * that they let nobody in.
   */
  readonly leftOver: readonly string[];
}

export interface FleetOptions {
  readonly parallel: number;
  /** Ends it after the devices under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (summary: FleetSummary, done: number) => void;
}

/** A little more than clocks of two machines differ. */
const CLOCK_DIFFERENCE_MILLIS = 300_000;

/**
 * Brings every device to where it should be; one that fails keeps none of the others from it.
 * @throws RegistryUnreachableError when none can be brought there
 */
export async function provisionFleet(
  specs: readonly DeviceSpec[],
  place: ProvisioningPlace,
  { parallel, signal, onProgress }: FleetOptions,
): Promise<FleetSummary> {
  const tally = { made: 0, finished: 0, verified: 0, repaired: 0, revoked: 0 };
  const failed: { thingName: string; problem: string }[] = [];
  let done = 0;
  let leftOver: readonly string[] = [];
  let unreachable: RegistryUnreachableError | undefined;
  const summary = (): FleetSummary => ({
    devices: specs.length,
    ...tally,
    failed: [...failed],
    notReached: specs.length - done,
    leftOver,
  });
  const { cutOffSinceMillis } = place.manifest;
  place.manifest.beginRun();
  await runBounded(specs, parallel, async (spec) => {
    if (unreachable || signal?.aborted) return;
    try {
      tally[await provisionDevice(spec, place)]++;
    } catch (error) {
      if (error instanceof RegistryUnreachableError) {
        unreachable = error;
        return;
      }
      failed.push({ thingName: spec.thingName, problem: (error as Error).message });
    }
    done++;
    onProgress?.(summary(), done);
  });
  if (unreachable) throw unreachable;
  if (cutOffSinceMillis !== undefined) leftOver = await findLeftOver(place, cutOffSinceMillis);
  if (!signal?.aborted) place.manifest.endRun();
  return summary();
}

async function findLeftOver(
  { registry, manifest }: ProvisioningPlace,
  sinceMillis: number,
): Promise<string[]> {
  const ours = new Set(manifest.entries.map(({ certificateId }) => certificateId));
  const unused = await registry.unusedSince(sinceMillis - CLOCK_DIFFERENCE_MILLIS);
  return unused.filter((id) => !ours.has(id));
}

/** What a run would do, found out by reading only. */
export interface FleetPlan {
  readonly devices: number;
  /** Things that are there already. */
  readonly things: number;
  readonly toMake: number;
  readonly toFinish: number;
  readonly toVerify: number;
  readonly revoked: number;
}

/** Plans without making anything. @param manifest undefined when nothing was provisioned into the folder yet */
export async function planFleet(
  specs: readonly DeviceSpec[],
  {
    registry,
    manifest,
  }: { registry: ProvisioningPlace['registry']; manifest: ProvisioningPlace['manifest'] | undefined },
  parallel: number,
): Promise<FleetPlan> {
  let things = 0;
  await runBounded(specs, parallel, async ({ thingName }) => {
    if (await registry.thing(thingName)) things++;
  });
  const states = specs.map(({ thingName }) => manifest?.get(thingName)?.state);
  const count = (...wanted: (string | undefined)[]) => states.filter((each) => wanted.includes(each)).length;
  return {
    devices: specs.length,
    things,
    toMake: count(undefined),
    toFinish: count('certified'),
    toVerify: count('done', 'rotating'),
    revoked: count('revoked'),
  };
}
