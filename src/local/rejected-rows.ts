import { rejectedKey } from '../stores/keys.ts';
import { failpoint } from './failpoint.ts';
import type { DurableLog } from './log/durable-log.ts';

/** A row that an application refused, with what is needed to mend and replay it. */
export interface RejectedRow {
  /** ERROR_NAME of the error stream, or `late`. */
  readonly reason: string;
  readonly detail: string;
  /** The pump that failed, empty where the record did not fit the input schema. */
  readonly pump: string;
  /** ARN of the stream and sequence number of the record being read; empty when time alone brought the row about. */
  readonly source: string;
  /** The record as it arrived; of a row inside the application its values as a JSON array. */
  readonly bytes: Uint8Array;
}

/** Where a rejected row came up: its object is named by the first one of its place. */
export interface RejectedPlace {
  /** For example `shardId-000000000000-4954…`: the same after the record has been read again. Asked for the first row only. */
  readonly name: () => string;
  /** Rows of one group share objects: what comes in the same order when it is read again. */
  readonly group: string;
  readonly receivedMillis: number;
}

export interface RejectedRowsOptions {
  readonly application: string;
  readonly bucketName: string;
  readonly log: DurableLog;
  readonly putObject: (bucketName: string, key: string, body: Uint8Array) => Promise<void>;
  readonly report: (text: string) => void;
}

/**
 * Keeps refused rows as objects, exactly: they are written into the commit that carries the checkpoint behind them, and
 * leave it only when their object is stored. After a kill they are put again under the same key.
 */
export class RejectedRows {
  readonly #options: RejectedRowsOptions;
  readonly #stateKey: string;
  readonly #groups = new Map<string, { readonly key: string; readonly lines: string[] }>();
  /** Objects that are committed and not yet stored, by key. */
  readonly #waiting: Map<string, string>;
  readonly #underWay = new Map<string, Promise<void>>();
  #isChanged = false;
  #held = 0;

  constructor(options: RejectedRowsOptions) {
    this.#options = options;
    this.#stateKey = `application/${options.application}/rejected`;
    const kept = options.log.readState(this.#stateKey);
    this.#waiting = new Map(kept ? (JSON.parse(kept.toString()) as [string, string][]) : []);
    this.#putWaiting();
  }

  /** Rows that no commit carries yet. */
  get held(): number {
    return this.#held;
  }

  /** Objects that wait to be stored. */
  get waiting(): number {
    return this.#waiting.size;
  }

  add({ bytes, ...row }: RejectedRow, { name, group, receivedMillis }: RejectedPlace): void {
    let objects = this.#groups.get(group);
    if (!objects) {
      const key = rejectedKey(receivedMillis, `windows/${this.#options.application}`, name());
      objects = { key, lines: [] };
      this.#groups.set(group, objects);
    }
    const base64 = Buffer.from(bytes).toString('base64');
    objects.lines.push(JSON.stringify({ ...row, receivedMillis, base64 }));
    this.#held += 1;
  }

  /** Joins the commit now gathering, which must be the one of the checkpoint; stores the objects once it is durable. */
  commit(): void {
    for (const { key, lines } of this.#groups.values()) this.#waiting.set(key, `${lines.join('\n')}\n`);
    if (this.#groups.size > 0) this.#isChanged = true;
    this.#groups.clear();
    this.#held = 0;
    if (this.#isChanged)
      this.#options.log.writeState(this.#stateKey, Buffer.from(JSON.stringify([...this.#waiting])));
    this.#isChanged = false;
    if (this.#waiting.size > this.#underWay.size)
      this.#options.log.whenDurable((error) => error ?? this.#putWaiting());
  }

  /** Waits for the objects that are being stored. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #putWaiting(): void {
    for (const [key, body] of this.#waiting) {
      if (this.#underWay.has(key)) continue;
      this.#underWay.set(key, this.#put(key, body));
    }
  }

  /** What could not be stored is tried again with the next commit. */
  async #put(key: string, body: string): Promise<void> {
    const { putObject, bucketName, report } = this.#options;
    try {
      failpoint('dlq.beforeWrite');
      await putObject(bucketName, key, Buffer.from(body));
      this.#waiting.delete(key);
      this.#isChanged = true;
    } catch (error) {
      report(`Cannot keep refused rows in '${key}', it will be tried again: ${(error as Error).message}`);
    } finally {
      this.#underWay.delete(key);
    }
  }
}
