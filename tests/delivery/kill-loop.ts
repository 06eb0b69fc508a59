import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KillInstance } from './kill-instance.ts';
import type { Ready } from './runtime-process.ts';

/*
 * Kills the real process while clients publish, starts it again on the same folder, and has the checker prove after it
 * that nothing was lost: node tests/delivery/kill-loop.ts --kills 2000 [--seed 1] [--parallel 2] [--check-every 500]
 */
export interface KillLoopOptions {
  readonly kills: number;
  readonly seed: number;
  /** Data folders, each with a process, at once. */
  readonly parallel: number;
  /** Kills of one instance between two full checks; 0 for the one at the end alone. */
  readonly checkEvery: number;
  readonly print: (line: string) => void;
  /** Ends the killing before its number is reached; what was done is checked all the same. */
  readonly signal?: AbortSignal;
}

export interface KillLoopReport {
  readonly kills: number;
  readonly recoveries: number;
  readonly invoked: number;
  readonly accepted: number;
  readonly unknown: number;
  readonly maxRestartMillis: number;
  readonly killsAt: Readonly<Record<string, number>>;
  /** Full checks that found every invariant kept. */
  readonly checks: number;
  readonly violations: readonly string[];
}

const PROGRESS_KILLS = 25;

/** Never rejects for what it finds: violations are in the report, and the folders of these are kept. */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-kills-'));
  const instances = Array.from(
    { length: options.parallel },
    (_, at) => new KillInstance(join(folder, `${at}`), `k${at}`, options.seed + at * 7919),
  );
  const loop = new KillLoop(instances, options);
  await Promise.all(instances.map((instance) => loop.run(instance)));
  const report = loop.report();
  if (report.violations.length === 0) rmSync(folder, { recursive: true, force: true });
  else options.print(`Kept ${folder}, seed ${options.seed}`);
  return report;
}

class KillLoop {
  readonly #instances: readonly KillInstance[];
  readonly #options: KillLoopOptions;
  readonly #violations: string[] = [];
  readonly #start = performance.now();
  #checks = 0;

  constructor(instances: readonly KillInstance[], options: KillLoopOptions) {
    this.#instances = instances;
    this.#options = options;
  }

  async run(instance: KillInstance): Promise<void> {
    const { checkEvery } = this.#options;
    try {
      for (let sinceCheck = 0; this.#isGoingOn; ) {
        const before = instance.counts.kills;
        await instance.liveOnce();
        const killed = instance.counts.kills - before;
        sinceCheck += killed;
        if (killed > 0 && this.#kills % PROGRESS_KILLS === 0) this.#options.print(this.#progress());
        if (checkEvery > 0 && sinceCheck >= checkEvery && this.#isGoingOn) {
          await this.#check(instance);
          sinceCheck = 0;
        }
      }
      await this.#check(instance);
    } catch (error) {
      this.#violations.push(`${instance.folder}: ${(error as Error).message}`);
    } finally {
      await instance.history.close();
    }
  }

  report(): KillLoopReport {
    const sum = (count: (instance: KillInstance) => number): number =>
      this.#instances.reduce((total, instance) => total + count(instance), 0);
    const killsAt: Record<string, number> = {};
    for (const { counts } of this.#instances)
      for (const [where, count] of counts.killsAt) killsAt[where] = (killsAt[where] ?? 0) + count;
    return {
      kills: this.#kills,
      recoveries: sum(({ counts }) => counts.recoveries),
      invoked: sum(({ history }) => history.invoked),
      accepted: sum(({ history }) => history.accepted),
      unknown: sum(({ history }) => history.unknown),
      maxRestartMillis: Math.max(...this.#instances.map(({ counts }) => counts.maxRestartMillis)),
      killsAt,
      checks: this.#checks,
      violations: this.#violations,
    };
  }

  get #isGoingOn(): boolean {
    const { kills, signal } = this.#options;
    return this.#kills < kills && this.#violations.length === 0 && signal?.aborted !== true;
  }

  get #kills(): number {
    return this.#instances.reduce((total, { counts }) => total + counts.kills, 0);
  }

  #progress(): string {
    const { kills, recoveries, accepted, unknown, maxRestartMillis, checks } = this.report();
    const seconds = (performance.now() - this.#start) / 1000;
    return `${kills} kills in ${seconds.toFixed(0)} s (${(seconds / Math.max(1, kills)).toFixed(2)} s each), ${recoveries} recoveries, ${accepted} accepted, ${unknown} cut, longest restart ${(maxRestartMillis / 1000).toFixed(1)} s, ${checks} full checks, ${this.#violations.length} violations`;
  }

  /** The whole proof, by a program of its own. */
  async #check(instance: KillInstance): Promise<void> {
    await instance.withServing(async (ready) => {
      const { code, output } = await runChecker(instance.historyFile, ready);
      this.#options.print(`${instance.folder}\n${output}`);
      if (code === 0) this.#checks += 1;
      else this.#violations.push(output);
    });
  }
}

const CHECKER = fileURLToPath(new URL('check-delivery.ts', import.meta.url));

function runChecker(
  history: string,
  { http, awsEndpoint }: Ready,
): Promise<{ code: number; output: string }> {
  const args = [
    CHECKER,
    '--history',
    history,
    '--api',
    http,
    '--aws',
    awsEndpoint,
    '--save',
    `${history}.stores`,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code: code ?? 1, output: output.trimEnd() })),
  );
}

export function printKillReport(report: KillLoopReport): string {
  const places = Object.entries(report.killsAt).sort(([, a], [, b]) => b - a);
  return [
    `${report.kills} kills, ${report.recoveries} recoveries, ${report.violations.length} violations`,
    `${report.accepted} events accepted, ${report.unknown} attempts cut, ${report.invoked} made`,
    `longest restart to serving ${(report.maxRestartMillis / 1000).toFixed(2)} s, ${report.checks} full checks`,
    ...places.map(([where, count]) => `${String(count).padStart(6)}  ${where}`),
  ].join('\n');
}

function countOf(text: string, name: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0)
    throw new TypeError(`--${name} must be a whole number, not '${text}'`);
  return count;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      parallel: { type: 'string', default: '2' },
      'check-every': { type: 'string', default: '500' },
    },
  });
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  const options = {
    signal: controller.signal,
    kills: countOf(values.kills, 'kills'),
    seed: countOf(values.seed, 'seed'),
    parallel: Math.max(1, countOf(values.parallel, 'parallel')),
    checkEvery: countOf(values['check-every'], 'check-every'),
    print: console.log,
  };
  console.log(`${options.kills} kills, seed ${options.seed}, ${options.parallel} at once`);
  const report = await runKillLoop(options);
  console.log(`\n${printKillReport(report)}\n${report.violations.join('\n')}`);
  if (report.violations.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
