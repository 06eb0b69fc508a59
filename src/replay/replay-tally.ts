import { eventId } from '../telemetry/event-id.ts';
import type { RejectionReason } from '../telemetry/rejection.ts';
import type { FoundMessage } from './found-message.ts';

/** The messages of one sensor. */
export interface SensorTally {
  messages: number;
  stored: number;
  new: number;
  refused: number;
}

/** What a replay found and did: messages = stored + new + refused + repeated. */
export interface ReplayReport {
  readonly objects: number;
  /** Objects in which no message was for us: records of other streams, nothing of the range or sensor. */
  readonly idleObjects: number;
  /** Objects that were not begun, because the replay was stopped. */
  readonly objectsLeft: number;
  readonly unreadable: readonly { readonly key: string; readonly problem: string }[];
  readonly messages: number;
  /** In the tables already. */
  readonly stored: number;
  /** Not there yet. */
  readonly new: number;
  /** Copies of messages that this replay had before. */
  readonly repeated: number;
  readonly refused: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Put on the stream. */
  readonly sent: number;
  readonly sensors: Readonly<Record<string, Readonly<SensorTally>>>;
  /** Everything up to here is done; undefined before the first object. */
  readonly lastKey: string | undefined;
}

/** Copies are told apart up to here; beyond it a copy counts once more, which does no harm. */
const MAX_REMEMBERED = 1_000_000;

/** Counts what a replay finds. */
export class ReplayTally {
  readonly #seen = new Set<string>();
  readonly #sensors = new Map<string, SensorTally>();
  readonly #refused = new Map<RejectionReason, number>();
  readonly #unreadable: { key: string; problem: string }[] = [];
  readonly #total: number;
  #objects = 0;
  #idle = 0;
  #messages = 0;
  #repeated = 0;
  #sent = 0;
  #lastKey: string | undefined;

  /** @param total objects in all */
  constructor(total: number) {
    this.#total = total;
  }

  /** Takes a message in; false when it is a copy of one that was here before. */
  add(message: FoundMessage): boolean {
    this.#messages += 1;
    const identity = identityOf(message);
    if (identity === undefined) return true;
    if (this.#seen.has(identity)) {
      this.#repeated += 1;
      return false;
    }
    if (this.#seen.size < MAX_REMEMBERED) this.#seen.add(identity);
    return true;
  }

  settle(sensorId: string, as: 'stored' | 'new'): void {
    const sensor = this.#sensor(sensorId);
    sensor.messages += 1;
    sensor[as] += 1;
  }

  /** @param sensorId undefined when the message does not even say that */
  refuse(reason: RejectionReason, sensorId: string | undefined): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    if (sensorId === undefined) return;
    const sensor = this.#sensor(sensorId);
    sensor.messages += 1;
    sensor.refused += 1;
  }

  sent(count: number): void {
    this.#sent += count;
  }

  endObject(key: string, messages: number): void {
    this.#objects += 1;
    if (messages === 0) this.#idle += 1;
    this.#lastKey = key;
  }

  unreadable(key: string, problem: string): void {
    this.#unreadable.push({ key, problem });
  }

  get messages(): number {
    return this.#messages;
  }

  report(): ReplayReport {
    const sensors = [...this.#sensors.values()];
    const sum = (of: 'stored' | 'new'): number => sensors.reduce((total, sensor) => total + sensor[of], 0);
    return {
      objects: this.#objects,
      idleObjects: this.#idle,
      objectsLeft: this.#total - this.#objects,
      unreadable: this.#unreadable,
      messages: this.#messages,
      stored: sum('stored'),
      new: sum('new'),
      repeated: this.#repeated,
      refused: Object.fromEntries(this.#refused),
      sent: this.#sent,
      sensors: Object.fromEntries(this.#sensors),
      lastKey: this.#lastKey,
    };
  }

  #sensor(sensorId: string): SensorTally {
    const known = this.#sensors.get(sensorId);
    if (known) return known;
    const made = { messages: 0, stored: 0, new: 0, refused: 0 };
    this.#sensors.set(sensorId, made);
    return made;
  }
}

function identityOf({ decoded, source }: FoundMessage): string | undefined {
  return decoded.ok ? `${decoded.value.sensor_id}\n${eventId(decoded.value)}` : source;
}
