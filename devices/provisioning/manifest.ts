import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { lockSpool } from '../client/spool-lock.ts';
import { ProvisioningError } from './provisioning-error.ts';

/** How far a device is: it has a certificate, all is done, its new certificate waits for the old one to go, or it was revoked. */
export type DeviceState = 'certified' | 'done' | 'rotating' | 'revoked';

export interface ManifestEntry {
  readonly thingName: string;
  readonly state: DeviceState;
  readonly certificateId: string;
  /** The certificates that a rotation replaces. */
  readonly replaces?: readonly string[];
  readonly atMillis: number;
}

type Line =
  | { readonly place: string }
  | { readonly runBegan: number }
  | { readonly runEnded: number }
  | ManifestEntry;

const FILE = 'manifest.jsonl';

/** What was done in a folder of bundles: a line for each step, so that a run that was cut off can be gone on with. */
export class Manifest {
  readonly folder: string;
  readonly #file: string;
  readonly #entries = new Map<string, ManifestEntry>();
  #place: string | undefined;
  #began: number | undefined;
  #cutOffSinceMillis: number | undefined;
  #release: (() => Promise<void>) | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.#file = join(folder, FILE);
    for (const line of readLines(this.#file)) this.#take(line);
    this.#cutOffSinceMillis = this.#began;
  }

  /** Reads what stands there; undefined when nothing does. */
  static read(folder: string): Manifest | undefined {
    return existsSync(join(folder, FILE)) ? new Manifest(folder) : undefined;
  }

  /**
   * Opens it for one process, and makes it when it is not there.
   * @param place where the registry is; a folder belongs to one
   * @throws ProvisioningError when another process works in the folder, or it belongs to another registry
   */
  static async open(folder: string, place: string): Promise<Manifest> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = await lockSpool(folder).catch((cause: Error) => {
      throw new ProvisioningError(`Cannot provision into '${folder}': another process is doing so`, {
        cause,
      });
    });
    dropHalfLine(join(folder, FILE));
    const manifest = new Manifest(folder);
    manifest.#release = () => lock.release();
    if (manifest.#place === undefined) manifest.#write({ place });
    else if (manifest.#place !== place) {
      await lock.release();
      throw new ProvisioningError(
        `Cannot provision into '${folder}': it holds devices of ${manifest.#place}, not of ${place}; choose another folder with --out`,
      );
    }
    return manifest;
  }

  get(thingName: string): ManifestEntry | undefined {
    return this.#entries.get(thingName);
  }

  get entries(): readonly ManifestEntry[] {
    return [...this.#entries.values()];
  }

  /** When a run began that did not end; undefined when all did. */
  get cutOffSinceMillis(): number | undefined {
    return this.#cutOffSinceMillis;
  }

  note(entry: Omit<ManifestEntry, 'atMillis'>): void {
    this.#write({ ...entry, atMillis: Date.now() });
  }

  beginRun(): void {
    this.#write({ runBegan: this.#cutOffSinceMillis ?? Date.now() });
  }

  endRun(): void {
    this.#write({ runEnded: Date.now() });
  }

  async close(): Promise<void> {
    await this.#release?.();
  }

  #write(line: Line): void {
    const isNew = !existsSync(this.#file);
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    if (isNew) chmodSync(this.#file, 0o600);
    this.#take(line);
  }

  #take(line: Line): void {
    if ('thingName' in line) this.#entries.set(line.thingName, line);
    else if ('place' in line) this.#place = line.place;
    else this.#began = 'runBegan' in line ? line.runBegan : undefined;
  }
}

/** What follows the last line end is half a line: what it would have said is found out again. */
function readLines(file: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((text, at) => {
    try {
      return JSON.parse(text) as Line;
    } catch (cause) {
      throw new ProvisioningError(`Cannot read line ${at + 1} of '${file}': it is no JSON`, { cause });
    }
  });
}

function dropHalfLine(file: string): void {
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf(10) + 1);
}
