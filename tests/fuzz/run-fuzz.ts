import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '../simulation/seeded-random.ts';
import type { FuzzClass, OpenFuzz } from './fuzz-class.ts';
import { shrink } from './shrink.ts';

export const REGRESSIONS = fileURLToPath(new URL('regressions', import.meta.url));

/** No input, however malformed, may take longer to compute. */
const MAX_MILLIS = 100;
/** The first long input finds code that is not optimised yet, and other work slows everything: the best try counts. */
const MAX_TRIES = 6;
/** An input that waits for an answer has it by then, on a machine that does other work too. */
const MAX_REMOTE_MILLIS = 30_000;

const MAX_STACK_LINES = 6;

export interface FuzzFailure {
  readonly fuzzClass: string;
  readonly seed: number;
  /** The how many-th input of the seed; undefined for one that was kept. */
  readonly index: number | undefined;
  readonly message: string;
  readonly input: Buffer;
}

export interface FuzzReport {
  readonly fuzzClass: string;
  readonly inputs: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly failure: FuzzFailure | undefined;
}

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
}

const NATURAL = Reflect.ownKeys(Object.prototype);

/** The inputs that once failed, then as many new ones; it ends at the first that fails. Never rejects for what it finds. */
export async function runFuzz(fuzzClass: FuzzClass, { count, seed }: FuzzOptions): Promise<FuzzReport> {
  const open = await fuzzClass.open();
  // In a process of its own the service would be gone now.
  const uncaught: Error[] = [];
  const catchError = (error: Error): void => void uncaught.push(error);
  process.on('uncaughtException', catchError);
  const start = performance.now();
  const group: { index: number | undefined; input: Buffer }[] = [];
  let [inputs, bytes] = [0, 0];
  let failure: FuzzFailure | undefined;
  const settle = async (): Promise<void> => {
    const found = await checkGroup(fuzzClass, { ...open, look: () => lookAt(open, uncaught) }, group);
    if (found) failure = { ...found, fuzzClass: fuzzClass.name, seed };
    group.length = 0;
  };
  try {
    for (const input of keptInputs(fuzzClass.name)) {
      group.push({ index: undefined, input });
      await settle();
      if (failure) break;
    }
    for (let index = 0; index < count && !failure; index += 1) {
      const input = open.generate(new SeededRandom(seed, index));
      group.push({ index, input });
      inputs += 1;
      bytes += input.length;
      if (group.length >= (fuzzClass.groupSize ?? 1) || index === count - 1) await settle();
    }
  } finally {
    await open.close?.();
    process.off('uncaughtException', catchError);
  }
  return { fuzzClass: fuzzClass.name, inputs, bytes, seconds: (performance.now() - start) / 1000, failure };
}

/** @throws what was thrown meanwhile where nobody could catch it */
async function lookAt(open: OpenFuzz, uncaught: Error[]): Promise<void> {
  await open.look?.();
  const [first] = uncaught.splice(0);
  if (first) throw first;
}

type Found = Pick<FuzzFailure, 'index' | 'message' | 'input'>;

async function checkGroup(
  fuzzClass: FuzzClass,
  open: OpenFuzz,
  group: readonly { index: number | undefined; input: Buffer }[],
): Promise<Found | undefined> {
  const problems = await Promise.all(group.map(({ input }) => problemOf(fuzzClass, open, input)));
  const at = problems.findIndex((problem) => problem !== undefined);
  if (at >= 0) return smallest(fuzzClass, open, group[at]!, problems[at]!);
  const harm = await harmOf(open);
  if (harm === undefined) return undefined;
  // One by one tells which of them it was, where a second time does the same.
  for (const each of group) {
    const problem = (await problemOf(fuzzClass, open, each.input)) ?? (await harmOf(open));
    if (problem !== undefined) return { ...each, message: problem };
  }
  return { ...group[0]!, message: `${harm}, after a group of ${group.length} inputs` };
}

async function harmOf(open: OpenFuzz): Promise<string | undefined> {
  const keys = Reflect.ownKeys(Object.prototype);
  if (keys.length !== NATURAL.length) {
    const added = keys.filter((key) => !NATURAL.includes(key));
    for (const key of added) Reflect.deleteProperty(Object.prototype, key);
    return `Object.prototype has got ${added.map(String).join(', ')}`;
  }
  try {
    await open.look?.();
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

function textOf(error: unknown): string {
  return ((error as Error).stack ?? String(error)).split('\n').slice(0, MAX_STACK_LINES).join('\n');
}

async function smallest(
  fuzzClass: FuzzClass,
  open: OpenFuzz,
  { index, input }: { index: number | undefined; input: Buffer },
  message: string,
): Promise<Found> {
  if (fuzzClass.isWhole || index === undefined) return { index, input, message };
  const fails = async (candidate: Buffer): Promise<boolean> =>
    (await problemOf(fuzzClass, open, candidate)) !== undefined;
  const shrunk = await shrink(input, fails);
  return { index, input: shrunk, message: (await problemOf(fuzzClass, open, shrunk)) ?? message };
}

async function problemOf(fuzzClass: FuzzClass, open: OpenFuzz, input: Buffer): Promise<string | undefined> {
  try {
    const millis = fuzzClass.isRemote ? await waitingMillis(open, input) : computingMillis(open, input);
    const most = fuzzClass.isRemote ? MAX_REMOTE_MILLIS : MAX_MILLIS;
    return millis > most ? `took ${millis.toFixed(0)} ms, at most ${most} are allowed` : undefined;
  } catch (error) {
    return textOf(error);
  }
}

async function waitingMillis(open: OpenFuzz, input: Buffer): Promise<number> {
  const start = performance.now();
  await open.check(input);
  return performance.now() - start;
}

function computingMillis(open: OpenFuzz, input: Buffer): number {
  const start = performance.now();
  open.check(input);
  let best = performance.now() - start;
  for (let tries = 1; best > MAX_MILLIS && tries < MAX_TRIES; tries += 1) {
    const cpu = process.cpuUsage();
    open.check(input);
    const { user, system } = process.cpuUsage(cpu);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** Every input that has failed before. */
function keptInputs(name: string): Buffer[] {
  const folder = join(REGRESSIONS, name);
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((file) => readFileSync(join(folder, file)))
    : [];
}

/** Keeps an input, so that every later run begins with it. Returns its file. */
export function keepInput({ fuzzClass, input }: FuzzFailure): string {
  const folder = join(REGRESSIONS, fuzzClass);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`);
  writeFileSync(file, input);
  return file;
}
