import type { AggregateCall } from '../plan.ts';
import type { Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

type Choose = (held: Value, value: Value) => boolean;

/** Does the new value replace the held one? NULL never reaches this. */
const choices: Readonly<Record<string, Choose>> = {
  MIN: (held, value) => held === null || value! < held,
  MAX: (held, value) => held === null || value! > held,
  ANY: (held, value) => held === null || (held === false && value === true),
  EVERY: (held, value) => held === null || (held === true && value === false),
};

/**
 * Aggregates that keep a value as it is: MIN and MAX of text, ANY, EVERY, FIRST_VALUE and LAST_VALUE. First and last go
 * by ROWTIME, and by arrival among equal ROWTIMEs; they take NULL as any other value.
 */
export class HeldValues {
  readonly #name: string;
  readonly #timeAt: number;
  #held: Value[] = [];

  /** `timeAt` is the cell for the time of the value held, -1 where time does not matter. */
  constructor(call: AggregateCall, timeAt: number) {
    this.#name = call.function;
    this.#timeAt = timeAt;
  }

  begin(group: number): void {
    this.#held[group] = null;
  }

  add(cells: Float64Array, base: number, group: number, value: Value, rowtime: number): void {
    if (this.#timeAt >= 0) {
      const held = cells[base + this.#timeAt]!;
      const replaces = this.#name === 'FIRST_VALUE' ? !(rowtime >= held) : !(rowtime < held);
      if (!replaces) return;
      cells[base + this.#timeAt] = rowtime;
      this.#held[group] = value;
    } else if (value !== null && choices[this.#name]!(this.#held[group]!, value)) this.#held[group] = value;
  }

  result(group: number): Value {
    return this.#held[group] ?? null;
  }

  /** An estimate: a pointer and a short text for each group. */
  bytes(): number {
    return this.#held.length * 40;
  }

  save(writer: SnapshotWriter): void {
    writer.values(this.#held);
  }

  load(reader: SnapshotReader): void {
    this.#held = reader.values();
  }
}
