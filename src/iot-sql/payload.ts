import { type JsonScan, scanJson } from './json-scan.ts';
import { toInt } from './number.ts';
import { isArray, isObject, type Value, WholeDecimal } from './value.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that JSON.parse reads in one gulp: the reviver's third argument is newer than the types of the language level. */
type ReviveNumber = (key: string, value: unknown, context: { readonly source: string }) => unknown;
const parseJsonWith = JSON.parse as (text: string, revive: ReviveNumber) => Value;

/** The payload of one message, parsed at most once however many rules look at it. */
export class Payload {
  readonly bytes: Uint8Array;
  #scan: JsonScan | undefined;
  #isParsed = false;
  #json: Value;
  #text: string | undefined;
  #problem: string | undefined;
  #problemDetail: string | undefined;
  #exactDecimals: Value;
  #hasExactDecimals = false;
  #isCanonical: boolean | undefined;
  #keys: readonly string[] | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The payload as a value, whole Decimals as Ints (version 2016-03-23); Undefined when it is not JSON. */
  get json(): Value {
    if (!this.#isParsed) this.#parse();
    return this.#json;
  }

  /** The payload as a value with whole Decimals kept (version 2015-10-08). */
  get jsonWithDecimals(): Value {
    if (!this.#isParsed) this.#parse();
    if (!this.#scan?.hasWholeDecimals || this.#problem !== undefined) return this.#json;
    if (!this.#hasExactDecimals) {
      this.#exactDecimals = parseJsonWith(this.#text ?? '', (_, value, { source }) =>
        typeof value === 'number' ? exactNumber(source, true) : value,
      );
      this.#hasExactDecimals = true;
    }
    return this.#exactDecimals;
  }

  /** The parser's own words, which may quote the payload. */
  get problemDetail(): string | undefined {
    const { problem } = this;
    return problem === 'not JSON' ? `${problem}: ${this.#problemDetail}` : problem;
  }

  /** Why the payload is not JSON that rules can look into, as one of a few fixed phrases; undefined when it is. */
  get problem(): string | undefined {
    if (!this.#isParsed) this.#parse();
    return this.#problem;
  }

  /**
   * The payload's own text if it is an object and serialising it again would give the very same text, so that computed
   * columns may be appended to it; undefined otherwise.
   */
  get canonicalText(): string | undefined {
    if (!this.#isParsed) this.#parse();
    this.#isCanonical ??= this.#proveCanonical();
    return this.#isCanonical ? this.#text : undefined;
  }

  /** The names of the payload's attributes. */
  get keys(): readonly string[] {
    this.#keys ??= isObject(this.json) ? Object.keys(this.json) : [];
    return this.#keys;
  }

  #proveCanonical(): boolean {
    const scan = this.#scan;
    if (this.#problem !== undefined || !scan?.isCanonical || !isObject(this.#json)) return false;
    // a repeated key has been counted twice by the scan and is counted once here
    const count = scan.containerCount === 1 ? this.keys.length : countKeys(this.#json);
    return count === scan.keyCount;
  }

  #parse(): void {
    this.#isParsed = true;
    if (this.bytes.length === 0) {
      this.#problem = 'empty';
      return;
    }
    this.#scan = scanJson(this.bytes);
    try {
      this.#json = this.#parseScanned(this.#scan);
    } catch (error) {
      this.#problem = describeProblem(error);
      this.#problemDetail = error instanceof Error ? error.message : String(error);
    }
  }

  #parseScanned(scan: JsonScan): Value {
    if (scan.problem !== undefined) throw new PayloadProblem(scan.problem);
    this.#text = decodeText(this.bytes, scan.isAscii);
    if (!scan.hasExactNumbers) return JSON.parse(this.#text) as Value;
    return parseJsonWith(this.#text, (_, value, { source }) =>
      typeof value === 'number' ? exactNumber(source, false) : value,
    );
  }
}

class PayloadProblem extends Error {}

function describeProblem(error: unknown): string {
  if (error instanceof PayloadProblem) return error.message;
  if (error instanceof TypeError) return 'not valid UTF-8';
  return 'not JSON';
}

function decodeText(bytes: Uint8Array, isAscii: boolean): string {
  return isAscii ? decodeAscii.call(bytes, 0, bytes.length) : UTF8.decode(bytes);
}

/** Buffer's own decoder, which works on any byte array and is faster for short ones than TextDecoder. */
const { latin1Slice: decodeAscii } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

/** A number of the payload with every digit of an Int kept. */
function exactNumber(source: string, keepDecimals: boolean): Value {
  const value = Number(source);
  if (!Number.isFinite(value)) throw new PayloadProblem('holding a number out of range');
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : toInt(BigInt(source));
  return keepDecimals && Number.isInteger(value) ? new WholeDecimal(value) : value;
}

function countKeys(value: Value): number {
  if (isArray(value)) return value.reduce((count: number, element) => count + countKeys(element), 0);
  if (!isObject(value)) return 0;
  const keys = Object.keys(value);
  let count = keys.length;
  for (const key of keys) {
    const member = value[key];
    if (typeof member === 'object' && member !== null) count += countKeys(member);
  }
  return count;
}
