/** Deepest nesting of a payload that is parsed. */
export const MAX_PAYLOAD_DEPTH = 64;

/** Most object keys of a payload that is parsed. */
export const MAX_PAYLOAD_KEYS = 10_000;

/** What one pass over the bytes of a payload says before anything is parsed; it does not prove that they are JSON. */
export interface JsonScan {
  /** Why the payload must not be parsed. */
  readonly problem: string | undefined;
  /** Every byte is ASCII. */
  readonly isAscii: boolean;
  /**
   * If the payload is JSON whose keys are unique, `JSON.stringify(JSON.parse(text))` gives the same text again: no white
   * space, no escapes, every number in its shortest form, no key that an object would reorder.
   */
  readonly isCanonical: boolean;
  /** Some number is written in a way a double may not hold: many digits before the point, or an exponent. */
  readonly hasExactNumbers: boolean;
  /** Some number is a whole Decimal such as `10.0` or `1e3`. */
  readonly hasWholeDecimals: boolean;
  /** Keys at any depth, repeated ones counted each time. */
  readonly keyCount: number;
  /** Objects and arrays at any depth. */
  readonly containerCount: number;
}

/** Scans the bytes of a payload once. */
export function scanJson(bytes: Uint8Array): JsonScan {
  const scanner = new JsonScanner(bytes);
  scanner.run();
  return scanner;
}

class JsonScanner implements JsonScan {
  problem: string | undefined = undefined;
  isAscii = true;
  isCanonical = true;
  hasExactNumbers = false;
  hasWholeDecimals = false;
  keyCount = 0;
  containerCount = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): void {
    const bytes = this.#bytes;
    const length = bytes.length;
    let depth = 0;
    let at = 0;
    while (at < length) {
      const byte = bytes[at]!;
      if (byte === 0x22) {
        at = this.#scanString(at);
      } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
        at = this.#scanNumber(at);
      } else if (byte === 0x7b || byte === 0x5b) {
        at++;
        this.containerCount++;
        if (++depth > MAX_PAYLOAD_DEPTH) {
          this.problem = `nested deeper than ${MAX_PAYLOAD_DEPTH} levels`;
          return;
        }
      } else {
        if (byte === 0x7d || byte === 0x5d) depth--;
        else if (byte <= 0x20) this.isCanonical = false;
        else if (byte >= 0x80) this.isAscii = false;
        at++;
      }
    }
    if (this.keyCount > MAX_PAYLOAD_KEYS) this.problem = `more than ${MAX_PAYLOAD_KEYS} keys`;
  }

  /** From an opening quote to the byte after the closing one. */
  #scanString(open: number): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    let at = open + 1;
    while (at < length) {
      const byte = bytes[at]!;
      if (byte === 0x22) break;
      if (byte === 0x5c) {
        this.isCanonical = false;
        at++;
      } else if (byte >= 0x80) {
        this.isAscii = false;
      }
      at++;
    }
    if (bytes[at + 1] === 0x3a) {
      this.keyCount++;
      // an object lists keys such as "7" before all others
      if (isDigit(bytes[open + 1])) this.isCanonical = false;
    }
    return at + 1;
  }

  /** From the first byte of a number to the byte after it. */
  #scanNumber(start: number): number {
    const bytes = this.#bytes;
    const first = bytes[start] === 0x2d ? start + 1 : start;
    let at = first;
    while (isDigit(bytes[at])) at++;
    const digits = at - first;
    const isFraction = bytes[at] === 0x2e;
    if (isFraction) {
      at++;
      while (isDigit(bytes[at])) at++;
    }
    const isExponent = bytes[at] === 0x65 || bytes[at] === 0x45;
    if (isExponent) at = this.#skipExponent(at);
    if (isExponent || (isFraction && bytes[at - 1] === 0x30)) this.hasWholeDecimals = true;
    if (isExponent || digits > (isFraction ? 300 : 15)) this.hasExactNumbers = true;
    if (this.isCanonical && !this.#isShort(start, first, at, isFraction, isExponent)) {
      this.isCanonical = this.#isShortest(start, at);
    }
    return at;
  }

  #skipExponent(from: number): number {
    let at = from + 1;
    if (this.#bytes[at] === 0x2b || this.#bytes[at] === 0x2d) at++;
    while (isDigit(this.#bytes[at])) at++;
    return at;
  }

  /**
   * A number of at most 15 significant digits is its own shortest form, unless it ends in a needless zero, is -0, or is
   * so small that it would be printed with an exponent.
   */
  #isShort(start: number, first: number, end: number, isFraction: boolean, isExponent: boolean): boolean {
    const bytes = this.#bytes;
    if (isExponent || end - first > 15) return false;
    const isZero = bytes[first] === 0x30;
    if (!isFraction) return !(isZero && first > start);
    return bytes[end - 1] !== 0x30 && !(isZero && bytes[first + 2] === 0x30);
  }

  #isShortest(start: number, end: number): boolean {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(this.#bytes[at]!);
    const value = Number(text);
    return value !== 0 ? String(value) === text : text === '0';
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
