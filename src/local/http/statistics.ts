import type { MqttBroker } from '../iot-core/mqtt-broker.ts';
import type { Ledger, LedgerReport, StageEntry } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';

/** How far one stage is behind. */
export interface StageLag {
  readonly stage: string;
  readonly lagMillis: number;
  readonly backlog: number;
  /** How many records the log has ever had for this stage, where the log knows. */
  readonly arrived?: number;
}

export interface StatisticsOptions {
  readonly log: Pick<DurableLog, 'failure' | 'damages'>;
  readonly ledger: Ledger;
  readonly broker: Pick<MqttBroker, 'connectionCount' | 'host' | 'port' | 'tlsPort'>;
  readonly lag: () => readonly StageLag[];
  /** Stages that the log counts, and the order of all. */
  readonly streamStages?: () => readonly StageEntry[];
  readonly stageOrder?: readonly string[];
}

/** What the page shows of the service itself. */
export interface StatisticsReport {
  readonly nowMillis: number;
  readonly uptimeSeconds: number;
  readonly messagesPerSecond: number;
  readonly connections: number;
  readonly rssBytes: number;
  readonly lag: readonly StageLag[];
  readonly ledger: LedgerReport;
}

/** Measures the rate of accepted messages over the last second, and gathers the rest when it is asked for. */
export class Statistics {
  readonly #options: StatisticsOptions;
  readonly #timer: NodeJS.Timeout;
  #lastCount: number;
  #lastMillis = performance.now();
  #messagesPerSecond = 0;

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#lastCount = this.#accepted;
    this.#timer = setInterval(() => this.#measure(), 1000);
    this.#timer.unref();
  }

  report(): StatisticsReport {
    const { ledger, broker, lag, streamStages, stageOrder } = this.#options;
    const lags = lag();
    return {
      nowMillis: Date.now(),
      uptimeSeconds: Math.round(process.uptime()),
      messagesPerSecond: this.#messagesPerSecond,
      connections: broker.connectionCount,
      rssBytes: process.memoryUsage.rss(),
      lag: lags,
      ledger: ledger.report(lags, { others: streamStages?.() ?? [], order: stageOrder ?? [] }),
    };
  }

  /** The short form, for `/v1/health`. */
  health(): object {
    const { host, port, tlsPort } = this.#options.broker;
    const { failure, damages } = this.#options.log;
    const { uptimeSeconds, messagesPerSecond, connections, lag } = this.report();
    const mqtts = { host, port: tlsPort };
    const status = failure ? { status: 'read-only', reason: failure.message } : { status: 'ok' };
    const notes = damages.length > 0 && { notes: damages };
    const traffic = { messagesPerSecond, connections, lag };
    return { ...status, ...notes, uptimeSeconds, mqtt: { host, port }, mqtts, ...traffic };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get #accepted(): number {
    return this.#options.ledger.accepted;
  }

  #measure(): void {
    const now = performance.now();
    const count = this.#accepted;
    this.#messagesPerSecond = Math.round(((count - this.#lastCount) * 1000) / (now - this.#lastMillis));
    this.#lastCount = count;
    this.#lastMillis = now;
  }
}
