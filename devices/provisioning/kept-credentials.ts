import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { lockSpool } from '../client/spool-lock.ts';
import { ProvisioningError } from './provisioning-error.ts';

/** The certificate of one device and its key. */
export interface KeptCredential {
  readonly thingName: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const FILE = 'credentials.jsonl';

/**
 * The certificates of many simulated devices in one file, because a folder for each of ten thousand would take minutes to
 * write. Readable by its owner only; a line for each device, so that what a kill leaves behind is of use.
 */
export class KeptCredentials {
  readonly #file: string;
  readonly #entries = new Map<string, KeptCredential>();
  readonly #release: () => Promise<void>;

  private constructor(folder: string, release: () => Promise<void>) {
    this.#file = join(folder, FILE);
    this.#release = release;
    if (!existsSync(this.#file)) return;
    chmodSync(this.#file, 0o600);
    const bytes = readFileSync(this.#file);
    // What follows the last line end is half a line.
    const end = bytes.lastIndexOf(10) + 1;
    if (end < bytes.length) truncateSync(this.#file, end);
    for (const [at, line] of bytes.subarray(0, end).toString().split('\n').slice(0, -1).entries())
      this.#take(line, at + 1);
  }

  /**
   * Opens them for one process: two simulators with the same devices would push each other off the broker.
   * @throws ProvisioningError when another process has them, or the file cannot be read
   */
  static async open(folder: string): Promise<KeptCredentials> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const lock = await lockSpool(folder).catch((cause: Error) => {
      throw new ProvisioningError(
        `Cannot simulate the devices of '${folder}': another simulator does; choose other devices with --seed`,
        { cause },
      );
    });
    try {
      return new KeptCredentials(folder, () => lock.release());
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get(thingName: string): KeptCredential | undefined {
    return this.#entries.get(thingName);
  }

  add(credential: KeptCredential): void {
    appendFileSync(this.#file, `${JSON.stringify(credential)}\n`, { mode: 0o600 });
    this.#entries.set(credential.thingName, credential);
  }

  async close(): Promise<void> {
    await this.#release();
  }

  #take(line: string, number: number): void {
    try {
      const credential = JSON.parse(line) as KeptCredential;
      this.#entries.set(credential.thingName, credential);
    } catch (cause) {
      throw new ProvisioningError(`Cannot read line ${number} of '${this.#file}': it is no JSON`, { cause });
    }
  }
}
