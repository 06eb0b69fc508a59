import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Ready } from '../delivery/runtime-process.ts';
import type { Ledger } from '../delivery/stores.ts';
import { LoadFleet } from './load-fleet.ts';
import { type Gauge, MeasuredProcess } from './measured-process.ts';
import { inFlight, READERS, readLedger } from './watch-ledger.ts';

const CHECKER = fileURLToPath(new URL('../delivery/check-delivery.ts', import.meta.url));
const GAUGE_MILLIS = 1000;
const CLIENT_PROCESSES = 2;

/** What the machine can take. */
export interface Capacity {
  /** Acknowledged a second when every device sends as fast as it is acknowledged. */
  readonly acceptedPerSecond: number;
  /** Carried through every stage a second while devices send as well. */
  readonly carriedPerSecond: number;
}

/** The process under test, the clients that load it, and how it was all the time. */
export class SoakSession {
  readonly ready: Ready;
  readonly process: MeasuredProcess;
  readonly fleet: LoadFleet;
  readonly gauges: Gauge[] = [];
  readonly print: (line: string) => void;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    started: { process: MeasuredProcess; ready: Ready },
    fleet: LoadFleet,
    print: (line: string) => void,
  ) {
    this.process = started.process;
    this.ready = started.ready;
    this.fleet = fleet;
    this.print = print;
    this.#timer = setInterval(() => this.gauges.push(this.process.gauge()), GAUGE_MILLIS);
    void this.process.ended.then(() => clearInterval(this.#timer));
  }

  /** @param isChecked whether clients write down what they do, for the checker */
  static async start(
    folder: string,
    isChecked: boolean,
    print: (line: string) => void,
  ): Promise<SoakSession> {
    mkdirSync(folder, { recursive: true });
    const started = await MeasuredProcess.start(join(folder, 'data'));
    const fleet = new LoadFleet({
      port: started.ready.mqtt.port,
      processes: CLIENT_PROCESSES,
      ...(isChecked && { historyFolder: folder }),
    });
    return new SoakSession(started, fleet, print);
  }

  /**
   * A short ramp: as much as is acknowledged for a while, then how fast the slowest stage works that off; first alone, then
   * while half as much comes in, for the broker takes its part of the machine.
   */
  async findCapacity(seconds: number): Promise<Capacity> {
    this.fleet.load('most');
    // Clients take their time to start on a machine that does other work.
    while (this.fleet.counts.acknowledged < WARM_PUBLISHES) await sleep(GAUGE_MILLIS / 4);
    const start = performance.now();
    const accepted = this.fleet.counts.acknowledged;
    await sleep(seconds * 1000);
    const acceptedPerSecond =
      (this.fleet.counts.acknowledged - accepted) / ((performance.now() - start) / 1000);
    this.fleet.load(0);
    const alone = Math.min((await this.#slowestReader()).perSecond, acceptedPerSecond);
    this.fleet.load(alone / 2);
    const { name, perSecond } = await this.#slowestReader();
    this.fleet.load(0);
    const capacity = {
      acceptedPerSecond: Math.round(acceptedPerSecond),
      carriedPerSecond: Math.round(Math.min(perSecond, alone)),
    };
    this.print(
      `capacity: ${capacity.acceptedPerSecond} acknowledged a second; through '${name}', the slowest stage, ${alone.toFixed(0)} a second alone, ${capacity.carriedPerSecond} while ${(alone / 2).toFixed(0)} come in`,
    );
    return capacity;
  }

  /** Measured while work waits for it; a stage that has none left is as fast as what came. */
  async #slowestReader(): Promise<{ name: string; perSecond: number }> {
    const start = performance.now();
    const before = await readLedger(this.ready.http);
    let after = before;
    let seconds = 0;
    do {
      await sleep(GAUGE_MILLIS / 4);
      after = await readLedger(this.ready.http);
      seconds = (performance.now() - start) / 1000;
    } while (inFlight(after) > 0 && seconds < MAX_DRAIN_SECONDS);
    const doneOf = ({ stages }: Ledger, name: string): number =>
      stages
        .filter(({ stage }) => stage === name)
        .reduce((total, { in: came, inFlight: waits }) => total + came - waits, 0);
    const speeds = before.stages
      .filter(
        ({ stage, inFlight: waits }) => stage.startsWith('function ') && READERS.test(stage) && waits > 0,
      )
      .map(({ stage }) => ({
        name: stage,
        perSecond: (doneOf(after, stage) - doneOf(before, stage)) / seconds,
      }))
      .sort((a, b) => a.perSecond - b.perSecond);
    return speeds[0] ?? { name: 'mqtt', perSecond: Number.POSITIVE_INFINITY };
  }

  gaugesSince(millis: number): readonly Gauge[] {
    return this.gauges.filter(({ atMillis }) => atMillis >= millis);
  }

  /** The seven invariants, by a program that shares no code with the pipeline. */
  check(quietSeconds: number): Promise<{ isKept: boolean; output: string }> {
    const { http, awsEndpoint } = this.ready;
    const histories = this.fleet.historyFiles.flatMap((file) => ['--history', file]);
    const places = ['--api', http, '--aws', awsEndpoint, '--quiet-seconds', `${quietSeconds}`];
    const args = ['--max-old-space-size=12288', CHECKER, ...histories, ...places];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    return new Promise((resolve) =>
      child.once('close', (code) => resolve({ isKept: code === 0, output: output.trimEnd() })),
    );
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.fleet.kill();
    await this.process.stop();
  }
}

const WARM_PUBLISHES = 2000;
const MAX_DRAIN_SECONDS = 10;
