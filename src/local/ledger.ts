/** What happened to the records of one stage. At every moment in = out + all dropped + inFlight. */
export interface StageEntry {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
  /** Whether that is so by two counts: what the stage has counted, and what the log has had for it. */
  readonly balanced: boolean;
}

/** What is kept of a stage. */
interface KeptEntry {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Records of its source that were passed before it began to count; absent where nobody knows. */
  readonly begun?: number;
}

/** What is known of a stage besides its counts. */
export interface StageMeasure {
  readonly stage: string;
  /** Records that wait before the stage, which counts them only when it is done with them. */
  readonly backlog: number;
  /** How many records the log has ever had for this stage, where the log knows. */
  readonly arrived?: number;
}

/** The whole account, as `/v1/ledger` gives it. */
export interface LedgerReport {
  /** Messages acknowledged over MQTT or HTTP, or taken at QoS 0. */
  readonly accepted: number;
  /** In the order in which data flows. */
  readonly stages: readonly StageEntry[];
  /** Accepted messages that no rule took, by reason. */
  readonly filtered: Readonly<Record<string, number>>;
  /** Rows that came after their window was final. */
  readonly late: number;
  /** Readings kept as rejected objects with their bytes, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Records whose retention passed before a stage had read them. */
  readonly expired: number;
  /** Messages that were never accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Counts the records that pass one stage. */
export class LedgerStage {
  readonly name: string;
  #in = 0;
  #out = 0;
  readonly #dropped = new Map<string, number>();
  #begun: number | undefined;
  #isFresh: boolean;
  #settled: KeptEntry | undefined;

  constructor(name: string, kept?: KeptEntry) {
    this.name = name;
    this.#isFresh = kept === undefined;
    if (!kept) return;
    this.#begun = kept.begun;
    this.#in = kept.in;
    this.#out = kept.out;
    for (const [reason, count] of Object.entries(kept.dropped)) this.#dropped.set(reason, count);
  }

  /**
   * Says how many records of its source were passed before it ever counted; what a stage counted before a restart stands.
   * @param isAnew the place it had come to was lost: what it counts from here on it may have counted before
   */
  begin(passed: number, isAnew = false): void {
    if (isAnew) this.#begun = passed - this.#in;
    else if (this.#isFresh) this.#begun = passed;
    this.#isFresh = false;
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
    this.#settled = this.#counts;
  }

  /** The counts that a commit keeps. */
  get kept(): KeptEntry {
    return this.#settled ?? this.#counts;
  }

  get outCount(): number {
    return this.#out;
  }

  /** The account with what waits before the stage; what it counted itself it was done with at once. */
  entryWith({ backlog, arrived }: Omit<StageMeasure, 'stage'>): StageEntry {
    const dropped = [...this.#dropped.values()].reduce((sum, count) => sum + count, 0);
    const unsettled = this.#in - this.#out - dropped;
    const isKnown = arrived !== undefined && this.#begun !== undefined;
    return {
      stage: this.name,
      in: this.#in + backlog,
      out: this.#out,
      dropped: Object.fromEntries(this.#dropped),
      inFlight: unsettled + backlog,
      balanced: unsettled === 0 && (!isKnown || this.#begun! + this.#in + backlog === arrived),
    };
  }

  get entry(): StageEntry {
    return this.entryWith({ backlog: 0 });
  }

  get #counts(): KeptEntry {
    return {
      stage: this.name,
      in: this.#in,
      out: this.#out,
      dropped: Object.fromEntries(this.#dropped),
      ...(this.#begun !== undefined && { begun: this.#begun }),
    };
  }
}

/** The account of every stage, from the broker to the stores. It is kept with each commit, so it continues after a kill. */
export class Ledger {
  readonly #stages = new Map<string, LedgerStage>();

  /** @param kept what `encode` gave before a restart */
  constructor(kept?: Uint8Array) {
    const entries = kept ? (JSON.parse(Buffer.from(kept).toString()) as KeptEntry[]) : [];
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

  /** Messages taken over MQTT or HTTP. */
  get accepted(): number {
    return this.stage(MQTT_STAGE).outCount + this.stage(HTTP_STAGE).outCount;
  }

  /**
   * @param measures what is known of stages besides their counts
   * @param others stages that count elsewhere, and the order of all: those that it does not name come last
   */
  report(
    measures: readonly StageMeasure[] = [],
    { others = [], order = [] }: { others?: readonly StageEntry[]; order?: readonly string[] } = {},
  ): LedgerReport {
    const measured = new Map(measures.map((measure) => [measure.stage, measure]));
    const own = [...this.#stages.values()].map((stage) =>
      stage.entryWith(measured.get(stage.name) ?? { backlog: 0 }),
    );
    const places = new Map(order.map((name, place) => [name, place]));
    const placeOf = ({ stage }: StageEntry): number => places.get(stage) ?? order.length;
    const stages = [...own, ...others].sort((a, b) => placeOf(a) - placeOf(b));
    const droppedOf = (name: string): Readonly<Record<string, number>> =>
      this.#stages.get(name)?.entry.dropped ?? {};
    const total = (...reasons: string[]): number =>
      stages.reduce(
        (sum, { dropped }) => sum + reasons.reduce((all, key) => all + (dropped[key] ?? 0), 0),
        0,
      );
    return {
      accepted: this.accepted,
      stages,
      filtered: droppedOf(ROUTING_STAGE),
      late: total('late'),
      rejected: droppedOf(REJECTED_STAGE),
      expired: total('expired', 'record-age'),
      refused: { ...droppedOf(MQTT_STAGE), ...droppedOf(HTTP_STAGE) },
    };
  }
}

/** Messages at the broker: out is what was accepted, dropped is what was refused. */
export const MQTT_STAGE = 'mqtt';
/** Bodies posted to the API that a queue took, and those that it refused. */
export const HTTP_STAGE = 'http';
/** Why a message is refused that could not be kept. */
export const LOG_UNWRITABLE = 'the log cannot be written';
/** Messages that a device had subscribed to and may not receive. */
export const DELIVERIES_STAGE = 'refused deliveries';
/** Accepted messages at the rules: out is what at least one rule took, dropped is what was filtered. */
export const ROUTING_STAGE = 'rules';
/** Requests of devices to the services of IoT Core, such as their shadows. */
export const DEVICE_SERVICES_STAGE = 'device services';
/** Readings that a function rejected: each goes in and is dropped under its reason. */
export const REJECTED_STAGE = 'rejected';

/** Records that functions and other clients of the Kinesis API put on a stream. */
export function producersStage(streamName: string): string {
  return `producers ${streamName}`;
}

const MAX_REASONS = 100;
const OTHER_REASONS = 'other reasons';
