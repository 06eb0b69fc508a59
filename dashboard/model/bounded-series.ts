/**
 * A series of numeric rows in ascending order of their first column (a time in milliseconds), which keeps at most
 * `capacity` rows and drops the oldest. Columns are typed arrays that grow by doubling, so ten thousand sensors cost
 * what they use. A missing number is NaN.
 */
export class BoundedSeries {
  readonly capacity: number;
  #columns: Float64Array[];
  #length = 0;

  constructor(columnCount: number, capacity: number) {
    this.capacity = capacity;
    this.#columns = Array.from({ length: columnCount }, () => new Float64Array(Math.min(4, capacity)));
  }

  get length(): number {
    return this.#length;
  }

  /** The number at `index` (0 is the oldest; -1 the newest), or NaN outside the series. */
  at(index: number, column: number): number {
    const position = index < 0 ? this.#length + index : index;
    if (position < 0 || position >= this.#length) return Number.NaN;
    return this.#columns[column]?.[position] ?? Number.NaN;
  }

  /** Inserts in time order, or replaces the row of the same time. Returns false for a row too old to keep. */
  upsert(row: readonly number[]): boolean {
    const time = row[0] ?? Number.NaN;
    const index = this.#lowerBound(time);
    if (index < this.#length && this.at(index, 0) === time) {
      this.#write(index, row);
      return true;
    }
    if (this.#length === this.capacity) {
      if (index === 0) return false;
      this.#dropOldest();
      this.#insert(index - 1, row);
      return true;
    }
    this.#insert(index, row);
    return true;
  }

  /** Position of the row of exactly this time, or -1. */
  indexOf(time: number): number {
    const index = this.#lowerBound(time);
    return index < this.#length && this.at(index, 0) === time ? index : -1;
  }

  /** One whole column, oldest first. */
  column(column: number): number[] {
    return Array.from(this.#columns[column]?.subarray(0, this.#length) ?? []);
  }

  #lowerBound(time: number): number {
    let index = this.#length;
    while (index > 0 && this.at(index - 1, 0) >= time) index -= 1;
    return index;
  }

  #insert(index: number, row: readonly number[]): void {
    this.#reserve(this.#length + 1);
    for (const column of this.#columns) column.copyWithin(index + 1, index, this.#length);
    this.#length += 1;
    this.#write(index, row);
  }

  #write(index: number, row: readonly number[]): void {
    this.#columns.forEach((column, position) => {
      column[index] = row[position] ?? Number.NaN;
    });
  }

  #dropOldest(): void {
    for (const column of this.#columns) column.copyWithin(0, 1, this.#length);
    this.#length -= 1;
  }

  #reserve(rows: number): void {
    const current = this.#columns[0]?.length ?? 0;
    if (rows <= current) return;
    const size = Math.min(this.capacity, Math.max(rows, current * 2));
    this.#columns = this.#columns.map((column) => {
      const grown = new Float64Array(size);
      grown.set(column);
      return grown;
    });
  }
}
