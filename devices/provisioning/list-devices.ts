import { runBounded } from '../../src/stores/run-bounded.ts';
import type { IotRegistry } from './iot-registry.ts';
import type { Manifest } from './manifest.ts';

/** A device and its certificate. */
export interface ListedDevice {
  /** Empty when the certificate is attached to no thing. */
  readonly thingName: string;
  readonly certificateId: string;
  /** `ACTIVE`, `INACTIVE`, `REVOKED`, …, or `unknown` when it is not registered. */
  readonly status: string;
  readonly notAfterMillis: number | undefined;
  readonly isAttached: boolean;
  readonly hasPolicy: boolean;
  /** Its bundle lies in the folder. */
  readonly isHere: boolean;
}

/** The devices of a folder, and all others whose certificates have the policy; by name. */
export async function listDevices(
  {
    registry,
    manifest,
    policyName,
  }: { registry: IotRegistry; manifest: Manifest | undefined; policyName: string },
  parallel: number,
): Promise<ListedDevice[]> {
  const targets = new Set(await registry.targetsOf(policyName));
  const here = new Map((manifest?.entries ?? []).map((entry) => [entry.certificateId, entry.thingName]));
  const devices: ListedDevice[] = [];
  await runBounded([...new Set([...here.keys(), ...targets])], parallel, async (certificateId) => {
    const noted = here.get(certificateId);
    const found = await registry.certificate(certificateId);
    const [attached] = found ? await registry.thingsOf(found.arn) : [];
    devices.push({
      thingName: attached ?? noted ?? '',
      certificateId,
      status: found?.status ?? 'unknown',
      notAfterMillis: found?.notAfterMillis,
      isAttached: attached !== undefined,
      hasPolicy: targets.has(certificateId),
      isHere: noted !== undefined,
    });
  });
  return devices.sort((a, b) => (a.thingName < b.thingName ? -1 : a.thingName > b.thingName ? 1 : 0));
}
