import type { ExternalResult } from './external-functions.ts';
import { jsonText } from './json-text.ts';
import type { JsonValue, Value } from './value.ts';

/** Calls may need the results of others, so deep; a rule whose calls never come to an end is cut here. */
const MAX_ROUNDS = 10;

/** The calls that evaluating rules on one message has made, and their results. */
export class ExternalCalls {
  readonly #byFunction = new Map<object, Map<string, Value>>();
  #pending: Promise<void>[] = [];
  #rounds = 0;

  /** The result of a call, made once per function and arguments; Undefined while it is under way or when it failed. */
  call(of: object, values: readonly Value[], start: () => ExternalResult): Value {
    const key = jsonText(values);
    let results = this.#byFunction.get(of);
    if (results === undefined) {
      results = new Map();
      this.#byFunction.set(of, results);
    }
    if (!results.has(key)) this.#start(results, key, start);
    return results.get(key);
  }

  /** Waits for the calls under way; true when there were any, so that evaluating again may find more. */
  async settle(): Promise<boolean> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
    this.#rounds += 1;
    return pending.length > 0 && this.#rounds < MAX_ROUNDS;
  }

  #start(results: Map<string, Value>, key: string, start: () => ExternalResult): void {
    results.set(key, undefined);
    const keep = (result: JsonValue | undefined) => {
      results.set(key, result);
    };
    try {
      const result = start();
      if (result instanceof Promise) this.#pending.push(result.then(keep, () => keep(undefined)));
      else keep(result);
    } catch {
      // a call that fails gives Undefined, as AWS does; the port's owner logs the reason
      keep(undefined);
    }
  }
}
