/** What a publish carries. */
export type PublishKind = 'reading' | 'duplicate' | 'garbage';

/** How a publish ended. What is neither acknowledged nor refused in the end is unknown: it may have arrived. */
export type PublishOutcome = 'acknowledged' | 'refused';

/** Messages (MQTT publishes) of one device, or of all. sent = acknowledged + refused + unknown */
export interface LedgerCounts {
  readonly sent: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of those sent: second publishes of what was published already. */
  readonly duplicates: number;
  /** Of those sent: messages that hold no reading. */
  readonly garbage: number;
  /** How often a message was written to a connection, resending included: at most so many can have arrived. */
  readonly transmissions: number;
  /** Readings in the messages sent; duplicates count again. */
  readonly readings: number;
  readonly readingsAcknowledged: number;
}

const COLUMNS = [
  'sent',
  'acknowledged',
  'refused',
  'duplicates',
  'garbage',
  'transmissions',
  'readings',
  'readingsAcknowledged',
] as const;
type Column = (typeof COLUMNS)[number];
const PLACES = Object.fromEntries(COLUMNS.map((column, at) => [column, at])) as Record<Column, number>;

/** The simulator's account of each device's messages. */
export class DeviceLedger {
  readonly #counts: Float64Array;

  constructor(devices: number) {
    this.#counts = new Float64Array(devices * COLUMNS.length);
  }

  get devices(): number {
    return this.#counts.length / COLUMNS.length;
  }

  sent(device: number, kind: PublishKind, readings: number): void {
    this.#add(device, 'sent', 1);
    this.#add(device, 'readings', readings);
    if (kind === 'duplicate') this.#add(device, 'duplicates', 1);
    if (kind === 'garbage') this.#add(device, 'garbage', 1);
  }

  transmitted(device: number): void {
    this.#add(device, 'transmissions', 1);
  }

  ended(device: number, outcome: PublishOutcome, readings: number): void {
    this.#add(device, outcome, 1);
    if (outcome === 'acknowledged') this.#add(device, 'readingsAcknowledged', readings);
  }

  of(device: number): LedgerCounts {
    return this.#sum(device, device + 1);
  }

  get total(): LedgerCounts {
    return this.#sum(0, this.devices);
  }

  #add(device: number, column: Column, count: number): void {
    const at = device * COLUMNS.length + PLACES[column];
    this.#counts[at] = this.#counts[at]! + count;
  }

  #sum(from: number, to: number): LedgerCounts {
    const sums = new Array<number>(COLUMNS.length).fill(0);
    for (let at = from * COLUMNS.length; at < to * COLUMNS.length; at++)
      sums[at % COLUMNS.length]! += this.#counts[at]!;
    const counts = Object.fromEntries(COLUMNS.map((column, at) => [column, sums[at]!])) as Record<
      Column,
      number
    >;
    const { sent, acknowledged, refused, ...others } = counts;
    return { sent, acknowledged, refused, unknown: sent - acknowledged - refused, ...others };
  }
}
