import type { KinesisStreamEvent } from 'aws-lambda';
import type { TumblingWindowEvent } from '../../functions/aggregate-windows.ts';
import type { LambdaResult } from '../../src/local/lambda/lambda-function.ts';
import type { BlockKey } from '../../src/local/log/log-storage.ts';
import { checkAtStart, checkAtTheEnd } from './check-world.ts';
import { DeviceFleet } from './device-fleet.ts';
import { planFaults } from './faults.ts';
import { createEvents } from './fleet.ts';
import type { Handler } from './functions.ts';
import { type KeptRecord, readBlock } from './kept-records.ts';
import { PipelineProcess } from './pipeline-process.ts';
import { Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { connectClients, FAIR_WEATHER, SimulatedAws } from './simulated-aws.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import { withVirtualPlatform } from './virtual-globals.ts';
import type { WorldOptions } from './world-options.ts';

/** How the way to the functions and back is at a moment: the share of invocations that meet each fate. */
export interface LambdaWeather {
  throttled: number;
  failing: number;
  lostAnswers: number;
  doubled: number;
}

export const FAIR_LAMBDA: Readonly<LambdaWeather> = { throttled: 0, failing: 0, lostAnswers: 0, doubled: 0 };

/** What a run came to. */
export interface WorldResult {
  readonly steps: number;
  readonly faults: number;
  readonly events: number;
  readonly virtualMillis: number;
  /** The same for every run of a seed. */
  readonly digest: string;
}

/** How long the healed world may take until nothing is under way any more. */
const HEALING_MILLIS = 15 * 60_000;
const LOOK_MILLIS = 20_000;
const FAIR_DISK_MILLIS = 12;

/** Everything of one seed: devices, one process after the other, the disk and the services that outlive them. */
export class World {
  readonly options: WorldOptions;
  readonly trace: Trace;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly diskWeather = { isFull: false, latencyMillis: FAIR_DISK_MILLIS };
  readonly lambdaWeather: LambdaWeather = { ...FAIR_LAMBDA };
  readonly disk: SimulatedDisk;
  readonly aws: SimulatedAws;
  readonly fleet: DeviceFleet;
  /** Every record that was ever kept for good, by stream and shard, in the order of their indexes. */
  readonly kept = new Map<string, KeptRecord[]>();
  /** By mapping: which records its function was given, in this order, with the life in which it was. */
  readonly given = new Map<string, string[]>();
  /** How often a last invocation of a tumbling window ran, by shard and end. */
  readonly finalRuns = new Map<string, number>();
  /** The events that functions behind queues have taken, by function. */
  readonly handled = new Map<string, string[]>();
  faults = 0;
  kills = 0;
  /** Of the wall clock against the virtual one. */
  clockOffsetMillis = 0;
  wentBack = false;
  #life = 0;
  #process: PipelineProcess | undefined;

  constructor(options: WorldOptions, trace: Trace) {
    this.options = options;
    this.trace = trace;
    const random = (stream: number): SeededRandom => new SeededRandom(options.seed, stream);
    this.random = random(1);
    this.scheduler = new Scheduler(random(2));
    this.disk = new SimulatedDisk({
      scheduler: this.scheduler,
      random: random(3),
      weather: this.diskWeather,
      isSynced: options.durability === 'power',
      onKept: (key, bytes) => this.#keep(key, bytes),
    });
    this.aws = new SimulatedAws(this.scheduler, random(4), () => this.aliveNow());
    this.fleet = new DeviceFleet(this, createEvents(options, random(5)), random(6));
  }

  /** The process, while it lives. */
  get process(): PipelineProcess | undefined {
    return this.#process;
  }

  nowMillis = (): number =>
    Math.floor(this.options.startMillis + this.scheduler.look() + this.clockOffsetMillis);

  /** Gives the way to ask whether the process of now still lives. */
  aliveNow(): () => boolean {
    const life = this.#life;
    return () => this.#life === life;
  }

  async run(): Promise<WorldResult> {
    connectClients(this.aws);
    const chance = new SeededRandom(this.options.seed, 7);
    const platform = {
      timers: () => this.scheduler.timersOf(this.aliveNow()),
      nowMillis: this.nowMillis,
      random: () => chance.fraction(),
    };
    await withVirtualPlatform(
      platform,
      (text) => this.trace.add('output', text),
      () => this.#live(),
    );
    const { steps, millis } = this.scheduler;
    const { faults, trace } = this;
    return { steps, faults, events: this.options.events, virtualMillis: millis, digest: trace.digest };
  }

  /** The process dies at once. It comes back after a while. */
  kill(cutsPower: boolean): void {
    this.trace.add('fault', cutsPower ? 'the power fails' : 'the process is killed');
    this.#process = undefined;
    this.kills += 1;
    this.#life += 1;
    if (cutsPower) this.disk.cutPower();
    else this.disk.kill();
    this.#forgetWhatIsGone();
    this.scheduler.after(this.random.between(50, 3000), () => this.startProcess());
  }

  startProcess(): void {
    if (this.#process) return;
    this.#life += 1;
    const isAlive = this.aliveNow();
    this.trace.add('start', `life ${this.#life}`);
    checkAtStart(this);
    const { options, disk, aws, trace, nowMillis } = this;
    const starting = PipelineProcess.start({
      options,
      disk,
      aws,
      isAlive,
      nowMillis,
      timers: this.scheduler.timersOf(isAlive),
      random: () => this.random.fraction(),
      invoke: (name, handler, event) => this.#invoke(name, handler, event),
      invokeText: (name, event) => this.#invokeText(name, event),
      report: (text) => trace.add('report', text),
    });
    starting.then(
      (started) => {
        if (isAlive()) this.#process = started;
      },
      (error: Error) => this.fleet.fail(new Violation('start', `the process does not start: ${error.stack}`)),
    );
  }

  async #live(): Promise<void> {
    const { stormMillis } = this.options;
    planFaults(this);
    this.startProcess();
    await this.#runUntil(stormMillis);
    this.#heal();
    const deadline = this.scheduler.millis + HEALING_MILLIS;
    // Rows that were just put out are nowhere to be counted: it must be quiet twice.
    for (let quiet = 0; quiet < 2 && this.scheduler.millis < deadline; ) {
      await this.#runUntil(this.scheduler.millis + LOOK_MILLIS);
      quiet = this.#isQuiet() ? quiet + 1 : 0;
    }
    if (!this.#isQuiet()) throw new Violation('I7 liveness', this.#whatIsLeft());
    checkAtTheEnd(this);
  }

  async #runUntil(millis: number): Promise<void> {
    await this.scheduler.runUntil(millis);
    if (this.fleet.failure) throw this.fleet.failure;
  }

  #heal(): void {
    this.trace.add('heal', '');
    Object.assign(this.diskWeather, { isFull: false, latencyMillis: FAIR_DISK_MILLIS });
    Object.assign(this.aws.weather, FAIR_WEATHER);
    Object.assign(this.lambdaWeather, FAIR_LAMBDA);
  }

  #isQuiet(): boolean {
    const { process, fleet } = this;
    return (
      process !== undefined &&
      fleet.isDone &&
      process.backlog === 0 &&
      process.openKeys === 0 &&
      !this.#hasOpenWindow()
    );
  }

  /** A window that a function has still to end. */
  #hasOpenWindow(): boolean {
    const states = this.disk.open(() => false).readStates('esm/');
    return [...states].some(([key, kept]) => key.endsWith('/window') && kept.toString() !== 'null');
  }

  #whatIsLeft(): string {
    const { process, fleet } = this;
    if (!process) return 'no process runs';
    return `${HEALING_MILLIS / 60_000} minutes after the last fault ${fleet.left} events are not acknowledged, ${process.backlog} records wait, ${process.openKeys} windows are open`;
  }

  async #invoke(name: string, handler: Handler, bytes: Uint8Array): Promise<LambdaResult> {
    const { throttled, failing, lostAnswers, doubled } = this.lambdaWeather;
    const fate = this.random.fraction();
    await this.#delay();
    if (fate < throttled) return failure('TooManyRequestsException');
    const event = JSON.parse(Buffer.from(bytes).toString()) as KinesisStreamEvent;
    this.#noteGiven(name, event);
    if (fate < throttled + failing) return failure('Runtime.ExitError');
    if (event.Records.some(({ kinesis }) => isPoison(kinesis.data))) return failure('Poison');
    const isDoubled = this.random.chance(doubled);
    this.#noteFinal(event, isDoubled ? 2 : 1);
    if (isDoubled) handler(structuredClone(event)).catch(() => undefined);
    try {
      const value = await handler(event);
      await this.#delay();
      if (fate > 1 - lostAnswers) return failure('Sandbox.Timedout');
      return { ok: true, value, requestId: 'r' };
    } catch (error) {
      return failure((error as Error).name);
    }
  }

  async #invokeText(name: string, event: string): Promise<LambdaResult> {
    const { throttled, failing, lostAnswers } = this.lambdaWeather;
    const fate = this.random.fraction();
    await this.#delay();
    if (fate < throttled) return failure('TooManyRequestsException');
    if (fate < throttled + failing) return failure('Runtime.ExitError');
    if (event.includes('poison')) return failure('Poison');
    const handled = this.handled.get(name) ?? [];
    this.handled.set(name, handled);
    handled.push(event);
    this.trace.add(name, `${event.length}`);
    await this.#delay();
    if (fate > 1 - lostAnswers) return failure('Sandbox.Timedout');
    return { ok: true, value: null, requestId: 'r' };
  }

  #delay(): Promise<void> {
    const timers = this.scheduler.timersOf(this.aliveNow());
    return new Promise((resolve) => void timers.after(this.random.fraction() * 5, resolve));
  }

  #noteFinal(event: KinesisStreamEvent, runs: number): void {
    const { shardId, window, isFinalInvokeForWindow: isFinal } = event as Partial<TumblingWindowEvent>;
    if (!isFinal) return;
    const key = `${Number(shardId!.slice(-12))} ${new Date(window!.end).toISOString().slice(0, 23).replace('T', ' ')}`;
    this.finalRuns.set(key, (this.finalRuns.get(key) ?? 0) + runs);
  }

  #noteGiven(name: string, { Records }: KinesisStreamEvent): void {
    const given = this.given.get(name) ?? [];
    this.given.set(name, given);
    for (const { eventID } of Records) given.push(eventID);
    this.trace.add(name, `${Records.length} from ${Records[0]?.eventID}`);
  }

  #keep([stream, shard, firstIndex]: BlockKey, bytes: Buffer): void {
    const name = `${stream}/${shard}`;
    const kept = this.kept.get(name) ?? [];
    this.kept.set(name, kept);
    if (firstIndex !== kept.length)
      throw new Violation('I5 order', `block ${name}/${firstIndex} follows record ${kept.length - 1}`);
    kept.push(...readBlock(bytes));
    this.trace.add('kept', `${name} up to ${kept.length}`);
  }

  /** Below the level `power` nothing is called kept that a kill can take, so there is nothing to forget. */
  #forgetWhatIsGone(): void {
    if (this.fleet.failure) return;
    this.fleet.disconnect();
  }
}

function failure(errorType: string): LambdaResult {
  return { ok: false, requestId: 'r', error: { errorType, errorMessage: errorType, trace: [] } };
}

function isPoison(base64: string): boolean {
  return Buffer.from(base64, 'base64').includes('"poison":true');
}
