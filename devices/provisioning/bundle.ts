import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ProvisioningError } from './provisioning-error.ts';

/** What a device needs to know besides its certificate; `config.json` of its bundle. */
export interface BundleConfig {
  readonly thingName: string;
  /** `mqtts://host:port`. */
  readonly endpoint: string;
  readonly certificateId: string;
  /** Where it publishes and what it may subscribe to; `{…}` is the device's to fill in. */
  readonly topics: Readonly<Record<'reading' | 'batch' | 'shadow', string>>;
}

/** All that a device is given: the texts of the files in its folder. */
export interface Bundle {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly caPem: string;
  readonly config: BundleConfig;
}

const FILES = {
  certificatePem: { name: 'cert.pem', mode: 0o644 },
  privateKeyPem: { name: 'key.pem', mode: 0o600 },
  caPem: { name: 'ca.pem', mode: 0o644 },
  config: { name: 'config.json', mode: 0o644 },
} as const;

/** Writes a bundle whole, or not at all. What was in the folder is replaced. Others may not even look into the folder. */
export function writeBundle(folder: string, bundle: Bundle): void {
  const fresh = `${folder}.new`;
  const old = `${folder}.old`;
  for (const each of [fresh, old]) rmSync(each, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  chmodSync(fresh, 0o700);
  const texts = { ...bundle, config: `${JSON.stringify(bundle.config, null, 2)}\n` };
  for (const part of Object.keys(FILES) as (keyof typeof FILES)[])
    writeFile(join(fresh, FILES[part].name), texts[part], FILES[part].mode);
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(fresh, folder);
  syncFolder(dirname(folder));
  rmSync(old, { recursive: true, force: true });
}

/**
 * Reads the bundle of a folder; undefined when there is none.
 * @throws ProvisioningError when it cannot be read, or its parts do not belong together
 */
export function readBundle(folder: string): Bundle | undefined {
  if (!existsSync(folder)) {
    // Cut off while one bundle took the other's place.
    if (!existsSync(`${folder}.old`)) return undefined;
    renameSync(`${folder}.old`, folder);
  }
  const read = (part: keyof typeof FILES): string => readFileSync(join(folder, FILES[part].name), 'utf8');
  try {
    const bundle = {
      certificatePem: read('certificatePem'),
      privateKeyPem: read('privateKeyPem'),
      caPem: read('caPem'),
      config: JSON.parse(read('config')) as BundleConfig,
    };
    const certificate = new X509Certificate(bundle.certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(bundle.privateKeyPem)))
      throw new Error('key.pem is the key of another certificate');
    return bundle;
  } catch (cause) {
    throw new ProvisioningError(`Cannot use the bundle '${folder}': ${(cause as Error).message}`, { cause });
  }
}

/** AWS IoT's id of a certificate: its SHA-256 fingerprint in lower case. */
export function certificateIdOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The topics of a device (docs/devices.md, one reading and a packed publish). */
export function topicsOf(
  thingName: string,
  attributes: Readonly<Record<string, string>>,
): BundleConfig['topics'] {
  const place = new Map(Object.entries(attributes));
  const station = `weather/${place.get('state') ?? '{state}'}/${place.get('city') ?? '{city}'}/${thingName}`;
  return {
    reading: `${station}/{sensor}/{sensor_id}`,
    batch: `${station}/batch`,
    shadow: `$aws/things/${thingName}/shadow/#`,
  };
}

/** The only copy of a key must outlive a power cut. */
function writeFile(file: string, text: string, mode: number): void {
  const descriptor = openSync(file, 'w', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(file, mode);
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
