import type { AggregateCall } from '../plan.ts';
import type { Row, Value } from './row.ts';
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
export class ObjectAccumulator {
  readonly width: number;
  readonly position: number;
  readonly #column: number;
  readonly #name: string;
  readonly #timeAt: number;
  #held: Value[] = [];

  constructor(call: AggregateCall, start: number, position: number) {
    this.position = position;
    this.#column = call.column ?? 0;
    this.#name = call.function;
    this.#timeAt = start;
    this.width = call.function === 'FIRST_VALUE' || call.function === 'LAST_VALUE' ? 1 : 0;
  }

  begin(cells: Float64Array, base: number, group: number): void {
    this.#held[group] = null;
    if (this.width > 0) cells[base + this.#timeAt] = Number.NaN;
  }

  add(cells: Float64Array, base: number, group: number, row: Row, rowtime: number): void {
    const value = row[this.#column]!;
    if (this.width > 0) {
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

  save(writer: SnapshotWriter): void {
    writer.values(this.#held);
  }

  load(reader: SnapshotReader): void {
    this.#held = reader.values();
  }
}
