import { createHistogram } from 'node:perf_hooks';
import type { PublishKind } from './device-ledger.ts';

/** What a run has done so far, or did. Counts are readings unless named otherwise. */
export interface SimulatorSummary {
  /** Readings handed to MQTT. With QoS 1, sent = acknowledged + unacknowledged + failed. */
  readonly sent: number;
  /** Readings whose PUBACK came; null with QoS 0, which has none. */
  readonly acknowledged: number | null;
  /** Readings whose PUBACK has not come; null with QoS 0. */
  readonly unacknowledged: number | null;
  /** Readings that the broker refused or the client could not deliver. */
  readonly failed: number;
  /** Readings held back and sent late on purpose. */
  readonly late: number;
  /** Readings held back and not sent yet. */
  readonly held: number;
  /** Readings stamped by a clock that is off. */
  readonly skewed: number;
  /** Readings never taken, because the broker did not keep up. */
  readonly missed: number;
  /** MQTT messages that carried the readings sent. */
  readonly publishes: number;
  /** Second publishes of what was published already, on purpose; not among `publishes`. */
  readonly duplicates: number;
  /** Messages without a reading, on purpose; not among `publishes`. */
  readonly garbage: number;
  /** Connections lost on purpose in the middle of a publish. */
  readonly drops: number;
  /** Devices that left, to come back later. */
  readonly leaves: number;
  /** How often all devices lost their connections on purpose. */
  readonly storms: number;
  /** From the last storm until all were back; null before that. */
  readonly stormMillis: number | null;
  /** Clients that have been connected. */
  readonly connections: number;
  /** Clients that are connected now. */
  readonly connected: number;
  readonly reconnects: number;
  readonly elapsedSeconds: number;
  /** Readings sent per second, over the whole run. */
  readonly readingsPerSecond: number;
  /** Readings sent in the last whole second. */
  readonly lastSecond: number;
  /** From handing a publish to MQTT to its PUBACK, queueing included; null before the first. */
  readonly ackMillisP50: number | null;
  readonly ackMillisP99: number | null;
  /** Why the last of the failed readings failed. */
  readonly lastFailure: string | null;
}

/** What the connections know. */
export type ConnectionCounts = Pick<
  SimulatorSummary,
  'held' | 'connections' | 'connected' | 'reconnects' | 'stormMillis'
>;

const COUNTERS = [
  'sent',
  'acknowledged',
  'failed',
  'late',
  'skewed',
  'missed',
  'publishes',
  'duplicates',
  'garbage',
  'drops',
  'leaves',
  'storms',
] as const;
type Counter = (typeof COUNTERS)[number];

/** The simulator's own books. */
export class Tally {
  readonly #counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;
  readonly #latency = createHistogram();
  readonly #qos: 0 | 1;
  #startMillis = Number.NaN;
  #endMillis = Number.NaN;
  #lastFailure: string | null = null;
  #second = 0;
  #thisSecond = 0;
  #lastSecond = 0;

  constructor(qos: 0 | 1) {
    this.#qos = qos;
  }

  start(nowMillis: number): void {
    this.#startMillis = nowMillis;
  }

  end(nowMillis: number): void {
    this.#endMillis = nowMillis;
  }

  add(counter: Counter, readings: number): void {
    this.#counts[counter] += readings;
  }

  sent(kind: PublishKind, readings: number, nowMillis: number): void {
    if (kind !== 'reading') {
      this.add(kind === 'duplicate' ? 'duplicates' : 'garbage', 1);
      return;
    }
    this.add('sent', readings);
    this.add('publishes', 1);
    this.#turnSecond(nowMillis);
    this.#thisSecond += readings;
  }

  acknowledged(kind: PublishKind, readings: number, afterMillis: number): void {
    if (kind === 'reading') this.add('acknowledged', readings);
    this.#latency.record(Math.max(1, Math.round(afterMillis * 1000)));
  }

  failed(kind: PublishKind, readings: number, reason: string): void {
    if (kind === 'reading') this.add('failed', readings);
    this.#lastFailure = reason;
  }

  summary(nowMillis: number, outside: ConnectionCounts): SimulatorSummary {
    const { sent, acknowledged, failed, ...others } = this.#counts;
    const until = Number.isNaN(this.#endMillis) ? nowMillis : this.#endMillis;
    const elapsedSeconds = Number.isNaN(this.#startMillis) ? 0 : (until - this.#startMillis) / 1000;
    this.#turnSecond(nowMillis);
    const known = this.#qos === 1;
    return {
      sent,
      acknowledged: known ? acknowledged : null,
      unacknowledged: known ? sent - acknowledged - failed : null,
      failed,
      ...others,
      ...outside,
      elapsedSeconds: round(elapsedSeconds),
      readingsPerSecond: elapsedSeconds > 0 ? round(sent / elapsedSeconds) : 0,
      lastSecond: this.#lastSecond,
      ackMillisP50: known ? this.#ackMillis(50) : null,
      ackMillisP99: known ? this.#ackMillis(99) : null,
      lastFailure: this.#lastFailure,
    };
  }

  #turnSecond(nowMillis: number): void {
    const second = Math.floor(nowMillis / 1000);
    if (second === this.#second) return;
    this.#lastSecond = second === this.#second + 1 ? this.#thisSecond : 0;
    this.#thisSecond = 0;
    this.#second = second;
  }

  #ackMillis(percentile: number): number | null {
    return this.#latency.count === 0 ? null : round(this.#latency.percentile(percentile) / 1000);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
