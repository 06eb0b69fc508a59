import type { DurableLog } from './durable-log.ts';

/** A map whose entries are states of the log, one JSON each; a change is durable with the log's next commit. */
export class KeptMap<Value> {
  readonly #log: DurableLog;
  readonly #prefix: string;
  readonly #values = new Map<string, Value>();

  /** Reads what is kept. @param prefix of the names of its states; no other map's may begin with it */
  constructor(log: DurableLog, prefix: string) {
    this.#log = log;
    this.#prefix = prefix;
    for (const [key, bytes] of log.readStates(prefix))
      this.#values.set(key.slice(prefix.length), JSON.parse(bytes.toString()) as Value);
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    this.#log.writeState(this.#prefix + key, Buffer.from(JSON.stringify(value)));
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#log.removeState(this.#prefix + key);
  }

  /** The entries by key, in the order of their code units. */
  sorted(): [string, Value][] {
    return [...this.#values].sort(([left], [right]) => (left < right ? -1 : 1));
  }

  values(): IterableIterator<Value> {
    return this.#values.values();
  }
}
