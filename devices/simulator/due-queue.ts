/** Things to be done at a time, earliest first: a binary heap. */
export class DueQueue<Item> {
  readonly #heap: { readonly dueMillis: number; readonly item: Item }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(dueMillis: number, item: Item): void {
    this.#heap.push({ dueMillis, item });
    let child = this.#heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#earlier(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Removes and returns everything due at or before the given time, in order. */
  takeDue(nowMillis: number): Item[] {
    const due: Item[] = [];
    for (
      let first = this.#heap[0];
      first !== undefined && first.dueMillis <= nowMillis;
      first = this.#heap[0]
    ) {
      due.push(first.item);
      this.#removeFirst();
    }
    return due;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const child = this.#earlier(left + 1, left) ? left + 1 : left;
      if (!this.#earlier(child, parent)) return;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #earlier(a: number, b: number): boolean {
    const first = this.#heap[a];
    const second = this.#heap[b];
    return first !== undefined && second !== undefined && first.dueMillis < second.dueMillis;
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a];
    const other = this.#heap[b];
    if (held === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = held;
  }
}
