/** What happened to the records of one stage. At every moment in = out + all dropped + inFlight. */
export interface StageEntry {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

/** The whole account, as `/v1/ledger` gives it. */
export interface LedgerReport {
  /** Messages acknowledged, or taken at QoS 0. */
  readonly accepted: number;
  readonly stages: readonly StageEntry[];
  /** Accepted messages that no rule took, by reason. */
  readonly filtered: Readonly<Record<string, number>>;
  /** Rows that came after their window was final. */
  readonly late: number;
  /** Readings kept as rejected objects with their bytes, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Messages that were never accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Counts the records that pass one stage. */
export class LedgerStage {
  readonly name: string;
  #in = 0;
  #out = 0;
  readonly #dropped = new Map<string, number>();
  #settled: StageEntry | undefined;

  constructor(name: string, kept?: StageEntry) {
    this.name = name;
    if (!kept) return;
    this.#in = kept.in;
    this.#out = kept.out;
    for (const [reason, count] of Object.entries(kept.dropped)) this.#dropped.set(reason, count);
  }

  in(count: number): void {
    this.#in += count;
  }

  out(count: number): void {
    this.#out += count;
  }

  /** Beyond a bound the reasons are counted together, so that hostile input cannot make the ledger grow. */
  drop(reason: string, count: number): void {
    const key = this.#dropped.has(reason) || this.#dropped.size < MAX_REASONS ? reason : OTHER_REASONS;
    this.#dropped.set(key, (this.#dropped.get(key) ?? 0) + count);
  }

  /**
   * From now on a kill keeps the counts as they are at the latest call: for a stage that goes back to its checkpoint, and
   * counts again what it reads again.
   */
  settle(): void {
    this.#settled = this.entry;
  }

  /** The counts that a commit keeps. */
  get kept(): StageEntry {
    return this.#settled ?? this.entry;
  }

  get outCount(): number {
    return this.#out;
  }

  get entry(): StageEntry {
    const dropped = [...this.#dropped.values()].reduce((sum, count) => sum + count, 0);
    return {
      stage: this.name,
      in: this.#in,
      out: this.#out,
      dropped: Object.fromEntries(this.#dropped),
      inFlight: this.#in - this.#out - dropped,
    };
  }
}

/** The account of every stage, from the broker to the stores. It is kept with each commit, so it continues after a kill. */
export class Ledger {
  readonly #stages = new Map<string, LedgerStage>();

  /** @param kept what `encode` gave before a restart */
  constructor(kept?: Uint8Array) {
    const entries = kept ? (JSON.parse(Buffer.from(kept).toString()) as StageEntry[]) : [];
    for (const entry of entries) this.#stages.set(entry.stage, new LedgerStage(entry.stage, entry));
  }

  /** The same name gives the same stage. */
  stage(name: string): LedgerStage {
    let stage = this.#stages.get(name);
    if (!stage) {
      stage = new LedgerStage(name);
      this.#stages.set(name, stage);
    }
    return stage;
  }

  encode(): Buffer {
    return Buffer.from(JSON.stringify([...this.#stages.values()].map(({ kept }) => kept)));
  }

  /** @param backlogs records that wait before a stage, which counts them only when it is done with them */
  report(backlogs: readonly { readonly stage: string; readonly backlog: number }[] = []): LedgerReport {
    const waiting = new Map(backlogs.map(({ stage, backlog }) => [stage, backlog]));
    const stages = [...this.#stages.values()].map(({ entry }) =>
      withBacklog(entry, waiting.get(entry.stage) ?? 0),
    );
    const named = (name: string): StageEntry | undefined => stages.find(({ stage }) => stage === name);
    return {
      accepted: named(MQTT_STAGE)?.out ?? 0,
      stages,
      filtered: named(ROUTING_STAGE)?.dropped ?? {},
      late: stages.reduce((sum, { dropped }) => sum + (dropped.late ?? 0), 0),
      rejected: named(REJECTED_STAGE)?.dropped ?? {},
      refused: named(MQTT_STAGE)?.dropped ?? {},
    };
  }
}

function withBacklog(entry: StageEntry, backlog: number): StageEntry {
  return { ...entry, in: entry.in + backlog, inFlight: entry.inFlight + backlog };
}

/** Messages at the broker: out is what was accepted, dropped is what was refused. */
export const MQTT_STAGE = 'mqtt';
/** Messages that a device had subscribed to and may not receive. */
export const DELIVERIES_STAGE = 'refused deliveries';
/** Accepted messages at the rules: out is what at least one rule took, dropped is what was filtered. */
export const ROUTING_STAGE = 'rules';
/** Requests of devices to the services of IoT Core, such as their shadows. */
export const DEVICE_SERVICES_STAGE = 'device services';
/** Readings that a function rejected: each goes in and is dropped under its reason. */
export const REJECTED_STAGE = 'rejected';

const MAX_REASONS = 100;
const OTHER_REASONS = 'other reasons';
