import type { Row, RowSink } from './row.ts';

/** UNION ALL: rows of all inputs; time is the time of the slowest input. Order is made by the buffer behind it. */
export class Union {
  readonly #next: RowSink;
  readonly #watermarks: number[] = [];

  constructor(next: RowSink) {
    this.#next = next;
  }

  createInput(): RowSink {
    const input = this.#watermarks.push(Number.NEGATIVE_INFINITY) - 1;
    return {
      accept: (row: Row, rowtime: number) => this.#next.accept(row, rowtime),
      advance: (watermark: number) => {
        this.#watermarks[input] = watermark;
        this.#next.advance(Math.min(...this.#watermarks));
      },
    };
  }
}
