import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Part } from './world-options.ts';

/** What a run of many seeds came to. */
export interface SeedsReport {
  readonly seeds: number;
  readonly events: number;
  readonly faults: number;
  readonly steps: number;
  readonly virtualMillis: number;
  /** The violation of each seed that failed. */
  readonly failures: readonly { readonly seed: number; readonly violation: string }[];
}

export interface RunSeedsOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Processes at once: worlds share their process's clock, so each runs one at a time. */
  readonly parallel: number;
  readonly stopsAtFailure?: boolean;
  /** Instead of those that each seed draws. */
  readonly parts?: readonly Part[] | undefined;
  readonly onProgress?: (report: SeedsReport) => void;
}

/** What a worker is asked for and answers. */
export interface SeedRange {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly parts?: readonly Part[] | undefined;
}

/** Seeds a worker is given at once. */
const SLICE = 10;
const WORKER = fileURLToPath(new URL('seed-worker.ts', import.meta.url));

/** Runs the worlds of many seeds in some processes at once. */
export async function runSeeds(options: RunSeedsOptions): Promise<SeedsReport> {
  const { firstSeed, seeds, parts, parallel, onProgress } = options;
  let report: SeedsReport = { seeds: 0, events: 0, faults: 0, steps: 0, virtualMillis: 0, failures: [] };
  let next = firstSeed;
  const takeSlice = (): SeedRange | undefined => {
    const left = firstSeed + seeds - next;
    if (left <= 0 || (options.stopsAtFailure && report.failures.length > 0)) return undefined;
    const range = { firstSeed: next, seeds: Math.min(SLICE, left), parts };
    next += range.seeds;
    return range;
  };
  const onSlice = (slice: SeedsReport): void => {
    report = add(report, slice);
    onProgress?.(report);
  };
  await Promise.all(Array.from({ length: parallel }, () => runWorker(takeSlice, onSlice)));
  return report;
}

function runWorker(
  takeSlice: () => SeedRange | undefined,
  onSlice: (slice: SeedsReport) => void,
): Promise<void> {
  const worker = fork(WORKER, {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    const giveNext = (): void => {
      const range = takeSlice();
      if (range) worker.send(range);
      else worker.disconnect();
    };
    worker.on('message', (slice: SeedsReport) => {
      onSlice(slice);
      giveNext();
    });
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}`)),
    );
    giveNext();
  });
}

function add(sum: SeedsReport, slice: SeedsReport): SeedsReport {
  return {
    seeds: sum.seeds + slice.seeds,
    events: sum.events + slice.events,
    faults: sum.faults + slice.faults,
    steps: sum.steps + slice.steps,
    virtualMillis: sum.virtualMillis + slice.virtualMillis,
    failures: [...sum.failures, ...slice.failures],
  };
}
