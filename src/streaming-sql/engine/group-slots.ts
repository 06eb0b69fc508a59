/** Golden ratio of 32 bits: spreads any regular choice of key numbers (Knuth, volume 3, "multiplicative hashing"). */
const GOLDEN = 0x9e3779b1;

/** The keys of one window, numbered by their first row: from a key's number in the dictionary to its slot. */
export class GroupSlots {
  /** Slot plus one, open addressing. */
  #places = new Int32Array(32);
  #shift = 27;
  #keys = new Int32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Slot of a key, or -1. */
  find(key: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = Math.imul(key, GOLDEN) >>> this.#shift; ; at = (at + 1) & mask) {
      const slot = places[at]! - 1;
      if (slot < 0 || this.#keys[slot] === key) return slot;
    }
  }

  /** Opens a slot for a key that has none; answers it. */
  add(key: number): number {
    const slot = this.#size++;
    if (slot === this.#keys.length) {
      const grown = new Int32Array(Math.ceil(slot * 1.25));
      grown.set(this.#keys);
      this.#keys = grown;
    }
    this.#keys[slot] = key;
    if (this.#size * 4 > this.#places.length * 3) this.#spread(this.#places.length * 2);
    else this.#enter(slot);
    return slot;
  }

  /** Number of a slot's key. */
  key(slot: number): number {
    return this.#keys[slot]!;
  }

  /** Numbers of all keys by slot. */
  keys(): Int32Array {
    return this.#keys.subarray(0, this.#size);
  }

  /** Takes other numbers for the same keys. */
  renumber(numbers: Int32Array): void {
    for (let slot = 0; slot < this.#size; slot++) this.#keys[slot] = numbers[this.#keys[slot]!]!;
    this.#spread(this.#places.length);
  }

  bytes(): number {
    return this.#places.byteLength + this.#keys.byteLength;
  }

  #spread(length: number): void {
    this.#places = new Int32Array(length);
    this.#shift = Math.clz32(length - 1);
    for (let slot = 0; slot < this.#size; slot++) this.#enter(slot);
  }

  #enter(slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let at = Math.imul(this.#keys[slot]!, GOLDEN) >>> this.#shift;
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = slot + 1;
  }
}
