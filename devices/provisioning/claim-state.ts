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
import { join } from 'node:path';
import { ProvisioningError } from './provisioning-error.ts';

/** A certificate that waits for its thing. */
export interface ClaimedCertificate {
  readonly certificatePem: string;
  /** Proves for an hour that the certificate was made for this device. */
  readonly ownershipToken: string;
}

const KEY = 'key.pem';
const CERTIFICATE = 'certificate.json';

/** What a device has while it gets its certificate, in a folder that its owner alone may read; each file is whole or not there. */
export class ClaimState {
  readonly #folder: string;

  /** @param bundleFolder where the bundle will be */
  constructor(bundleFolder: string) {
    this.#folder = `${bundleFolder}.claim`;
  }

  get privateKeyPem(): string | undefined {
    return this.#read(KEY);
  }

  /** @throws ProvisioningError when what is kept cannot be read */
  get certificate(): ClaimedCertificate | undefined {
    const text = this.#read(CERTIFICATE);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as ClaimedCertificate);
    } catch (cause) {
      throw new ProvisioningError(
        `Cannot go on with the claim '${this.#folder}': ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }

  keepKey(privateKeyPem: string): void {
    this.#write(KEY, privateKeyPem);
  }

  keepCertificate(certificate: ClaimedCertificate): void {
    this.#write(CERTIFICATE, JSON.stringify(certificate));
  }

  /** Goes back to the key alone. */
  dropCertificate(): void {
    rmSync(join(this.#folder, CERTIFICATE), { force: true });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read(name: string): string | undefined {
    const file = join(this.#folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  /** It must outlive a power cut before the service is told of it. */
  #write(name: string, text: string): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    chmodSync(this.#folder, 0o700);
    const file = join(this.#folder, name);
    const descriptor = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.new`, file);
  }
}
