import type { Expression, Operator } from './plan.ts';

/**
 * Gives every expression a position in a row: a column keeps its own, anything else is computed by a projection
 * that appends it behind the row.
 */
export class RowExtension {
  readonly #width: number;
  readonly #appended: Expression[] = [];
  readonly #places = new Map<string, number>();

  constructor(width: number) {
    this.#width = width;
  }

  /** Position of the expression's value in the extended row. */
  place(expression: Expression): number {
    if (expression.kind === 'column') return expression.index;
    const text = JSON.stringify(expression);
    const known = this.#places.get(text) ?? this.#appended.push(expression) - 1;
    this.#places.set(text, known);
    return this.#width + known;
  }

  get width(): number {
    return this.#width + this.#appended.length;
  }

  /** The operator with the projection above it, or unchanged where every expression was a column. */
  extend(input: Operator): Operator {
    if (this.#appended.length === 0) return input;
    const columns = Array.from(
      { length: this.#width },
      (_, index): Expression => ({ kind: 'column', index, type: { name: 'NULL' } }),
    );
    return { kind: 'project', input, items: [...columns, ...this.#appended] };
  }
}
