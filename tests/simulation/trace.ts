import { crc32 } from 'node:zlib';

/** What happened in a world, step by step; its digest tells whether two runs were the same. */
export class Trace {
  readonly #lines: string[] | undefined;
  readonly #millis: () => number;
  #digest = 0;

  /** @param isKept whether the lines are kept, or only their digest */
  constructor(isKept: boolean, millis: () => number) {
    this.#lines = isKept ? [] : undefined;
    this.#millis = millis;
  }

  add(who: string, what: string): void {
    const line = `${this.#millis().toFixed(3)} ${who} ${what}`;
    this.#digest = crc32(line, this.#digest);
    this.#lines?.push(line);
  }

  get digest(): string {
    return this.#digest.toString(16).padStart(8, '0');
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
