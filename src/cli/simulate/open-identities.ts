import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SimulatorOptionError } from '../../../devices/device-error.ts';
import { readBundle } from '../../../devices/provisioning/bundle.ts';
import { IotRegistry, LOCAL_ENDPOINT } from '../../../devices/provisioning/iot-registry.ts';
import { KeptCredentials } from '../../../devices/provisioning/kept-credentials.ts';
import { provisionSimulated, type RequestSigner } from '../../../devices/provisioning/provision-simulated.ts';
import type { DeviceIdentity } from '../../../devices/simulator/device-identity.ts';
import { stationIds } from '../../../devices/simulator/stations.ts';
import { createProgressBar } from '../progress-bar.ts';
import { placeOf } from '../provision/open-registry.ts';

/** Where the devices' certificates come from. */
export interface IdentityOptions {
  /** `mqtts://…`, where they connect; undefined for where the registry or the bundle says. */
  readonly url: string | undefined;
  /** A folder that `mesonet provision` wrote. */
  readonly bundles: string | undefined;
  readonly awsEndpoint: string | undefined;
  /** The runtime's data folder: its authority, and what is kept for the simulator. */
  readonly data: string;
  readonly policy: string | undefined;
  /** Undefined for as many as there are bundles. */
  readonly stations: number | undefined;
  readonly seed: number;
  readonly quiet: boolean;
}

export interface OpenIdentities {
  readonly identities: readonly DeviceIdentity[];
  /** Lets another simulator have them. */
  close(): Promise<void>;
}

const DEFAULT_STATIONS = 50;
const PARALLEL = 16;
const ADVICE = 'start the pipeline with "mesonet start", or name its AWS endpoint with --aws-endpoint';
const projectFolder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/**
 * The certificates of a simulated fleet: of bundles that were provisioned, or its own, which it makes at the runtime's registry
 * where they are missing, and keeps for the next time.
 * @throws DeviceError
 */
export async function openIdentities(options: IdentityOptions, signal: AbortSignal): Promise<OpenIdentities> {
  if (options.bundles !== undefined)
    return { identities: readBundles(options.bundles, options), close: async () => {} };
  const kept = await KeptCredentials.open(join(options.data, 'simulator', `seed-${options.seed}`));
  try {
    return { identities: await provisionOwn(options, kept, signal), close: () => kept.close() };
  } catch (error) {
    await kept.close();
    throw error;
  }
}

function readBundles(folder: string, { stations, url }: IdentityOptions): DeviceIdentity[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/\.(new|old)$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  if (names.length < (stations ?? 1))
    throw new SimulatorOptionError(
      `Cannot simulate ${stations ?? 1} stations: '${folder}' holds ${names.length} bundles; "mesonet provision" makes more`,
    );
  return names.slice(0, stations).flatMap((name) => {
    const bundle = readBundle(join(folder, name));
    if (!bundle) return [];
    const { caPem: ca, certificatePem: cert, privateKeyPem: key, config } = bundle;
    return { thingName: config.thingName, endpoint: { url: url ?? config.endpoint, tls: { ca, cert, key } } };
  });
}

async function provisionOwn(
  options: IdentityOptions,
  kept: KeptCredentials,
  signal: AbortSignal,
): Promise<DeviceIdentity[]> {
  const { data, policy, stations = DEFAULT_STATIONS, seed } = options;
  const endpoint = options.awsEndpoint ?? (process.env.AWS_ENDPOINT_URL || LOCAL_ENDPOINT);
  const registry = new IotRegistry({ endpoint, parallel: PARALLEL, advice: ADVICE });
  const progress = progressOf(options.quiet);
  try {
    const place = await placeOf(registry, {
      ca: join(data, 'iot-core', 'ca.pem'),
      project: projectFolder,
      stage: 'dev',
      ...(policy !== undefined && { policy }),
    });
    const credentials = await provisionSimulated(
      stationIds(stations, seed),
      { registry, kept, policyName: place.policyName, signRequest },
      { parallel: PARALLEL, signal, onProgress: progress.show },
    );
    return credentials.map(({ thingName, certificatePem: cert, privateKeyPem: key }) => ({
      thingName,
      endpoint: { url: options.url ?? place.deviceUrl, tls: { ca: place.caPem, cert, key } },
    }));
  } finally {
    await progress.stop();
    registry.close();
  }
}

/** Loaded only when a certificate is missing. */
const signRequest: RequestSigner = async (name) => {
  const { createSigningRequest } = await import('../../local/iot-core/tls/certificate-authority.ts');
  return createSigningRequest(name);
};

/** A bar that comes with the first certificate that is made: mostly there are none to make. */
function progressOf(quiet: boolean) {
  let bar: ReturnType<typeof createProgressBar> | undefined;
  return {
    show: (done: number, total: number): void => {
      if (quiet) return;
      bar ??= createProgressBar('{bar} {percentage}%  {value} of {total} devices provisioned').then(
        (made) => {
          made.start(total, 0);
          return made;
        },
      );
      void bar.then((made) => made.update(done));
    },
    stop: async (): Promise<void> => (await bar)?.stop(),
  };
}
