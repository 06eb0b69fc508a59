import { runBounded } from '../../src/stores/run-bounded.ts';
import type { IotRegistry } from './iot-registry.ts';
import type { KeptCredential, KeptCredentials } from './kept-credentials.ts';

/** What makes a request to certify a new key (PKCS #10), and that key; PEM texts. */
export type RequestSigner = (
  name: string,
) => Promise<{ readonly requestPem: string; readonly privateKeyPem: string }>;

export interface SimulatedPlace {
  readonly registry: IotRegistry;
  readonly kept: KeptCredentials;
  readonly policyName: string;
  /** Loaded only when something is to be made. */
  readonly signRequest: RequestSigner;
}

export interface SimulatedProgress {
  readonly parallel: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Gives every simulated device a thing and a certificate of its own with the policy, unless it has them already. Keys are made
 * here and stay here; the policy, without which nobody gets in, is attached last, so what has it is whole.
 * @returns the credentials in the order of the names; fewer when it was stopped
 * @throws RegistryUnreachableError
 */
export async function provisionSimulated(
  names: readonly string[],
  place: SimulatedPlace,
  { parallel, signal, onProgress }: SimulatedProgress,
): Promise<KeptCredential[]> {
  const { registry, kept, policyName } = place;
  const whole = new Set(names.some((name) => kept.get(name)) ? await registry.targetsOf(policyName) : []);
  const missing = names.filter((name) => !whole.has(kept.get(name)?.certificateId ?? ''));
  let done = 0;
  let failure: unknown;
  await runBounded(missing, parallel, async (name) => {
    if (failure !== undefined || signal?.aborted) return;
    try {
      kept.add(await provisionOne(name, place));
      onProgress?.(++done, missing.length);
    } catch (error) {
      failure = error;
    }
  });
  if (failure !== undefined) throw failure;
  return names.flatMap((name) => kept.get(name) ?? []);
}

async function provisionOne(
  thingName: string,
  { registry, policyName, signRequest }: SimulatedPlace,
): Promise<KeptCredential> {
  const { requestPem, privateKeyPem } = await signRequest(`CN=${thingName}`);
  const [{ certificateId, certificatePem, arn }] = await Promise.all([
    registry.createCertificateFromRequest(requestPem),
    registry.createThing(thingName),
  ]);
  await registry.attachThing(thingName, arn);
  await registry.attachPolicy(policyName, arn);
  return { thingName, certificateId, certificatePem, privateKeyPem };
}
