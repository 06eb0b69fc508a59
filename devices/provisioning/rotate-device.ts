import type { Transport } from '../client/connection.ts';
import { type Bundle, certificateIdOf, readBundle } from './bundle.ts';
import { activate, folderOf, makeBundle, type ProvisioningPlace } from './provision-device.ts';
import { ProvisioningError } from './provisioning-error.ts';
import { revokeCertificate } from './revoke-device.ts';

export interface RotationOptions {
  readonly transport: Transport;
  /** Revokes the old certificate without waiting for proof that the new one lets in. */
  readonly now?: boolean;
  /** Leaves the old certificate active until the rotation is asked for once more. */
  readonly keepOld?: boolean;
}

/** A new certificate in the place of others. */
export interface Rotation {
  readonly thingName: string;
  readonly certificateId: string;
  /** Whether a connection was made with the new certificate. */
  readonly connected: boolean;
  readonly revoked: readonly string[];
  /** Old certificates that are still active. */
  readonly kept: readonly string[];
}

/**
 * Gives a device a new certificate, and revokes the old ones once a connection was made with it. A rotation that was begun is
 * gone on with, so that asking again makes no second certificate.
 * @throws ProvisioningError when there is no such thing, or the new certificate does not let in; the old one then stays
 */
export async function rotateDevice(
  thingName: string,
  place: ProvisioningPlace,
  { transport, now = false, keepOld = false }: RotationOptions,
): Promise<Rotation> {
  const { registry, manifest } = place;
  const { certificateId, replaces } = await begin(thingName, place);
  await activate(thingName, certificateId, place);
  const connected = !now;
  if (connected) await proveConnection(thingName, place, transport);
  const result = { thingName, certificateId, connected };
  if (keepOld) return { ...result, revoked: [], kept: replaces };
  for (const old of replaces) await revokeCertificate(old, thingName, registry);
  manifest.note({ thingName, certificateId, state: 'done' });
  return { ...result, revoked: replaces, kept: [] };
}

async function begin(
  thingName: string,
  place: ProvisioningPlace,
): Promise<{ certificateId: string; replaces: readonly string[] }> {
  const { registry, manifest } = place;
  const spec = await registry.thing(thingName);
  if (!spec)
    throw new ProvisioningError(`Cannot rotate '${thingName}': there is no such thing at ${registry.name}`);
  const known = manifest.get(thingName);
  const isRotating = known?.state === 'rotating';
  const bundle = isRotating ? readBundle(folderOf(thingName, place)) : undefined;
  const replaces = isRotating
    ? (known.replaces ?? [])
    : (await registry.certificatesOf(thingName)).map(({ certificateId }) => certificateId);
  if (bundle?.config.certificateId === known?.certificateId && bundle)
    return { certificateId: bundle.config.certificateId, replaces };
  return { certificateId: await makeBundle(spec, place, { state: 'rotating', replaces }), replaces };
}

async function proveConnection(
  thingName: string,
  place: ProvisioningPlace,
  transport: Transport,
): Promise<void> {
  const bundle = readBundle(folderOf(thingName, place)) as Bundle;
  try {
    const connection = await transport({
      url: place.deviceUrl,
      tls: { ca: bundle.caPem, cert: bundle.certificatePem, key: bundle.privateKeyPem },
      clientId: thingName,
    });
    await connection.end();
  } catch (cause) {
    throw new ProvisioningError(
      `Cannot rotate '${thingName}': the new certificate ${certificateIdOf(bundle.certificatePem).slice(0, 12)}… does not let in, so the old one stays: ${(cause as Error).message}`,
      { cause },
    );
  }
}
