import { setTimeout as delay } from 'node:timers/promises';
import { askDynalite, type DescribedTable } from './described-table.ts';
import type { DynamodbState } from './dynamodb-state.ts';

/** DynamoDB counts about every six hours (DynamoDB API reference, "TableDescription", ItemCount). */
const RECOUNT_MILLIS = 6 * 3_600_000;
const PAGE_ITEMS = 1000;
/** Pauses between pages, as a multiple of what a page took: those who write and query come first. */
const PAUSE_SHARE = 3;

interface ScanPage {
  readonly Count: number;
  readonly LastEvaluatedKey?: object;
}

/**
 * The item counts that DescribeTable tells. As in the service they are up to six hours old, and a table that was never
 * counted has none: counting reads a whole table, so that nobody waits for it.
 */
export class ItemCounts {
  readonly #url: () => string;
  readonly #state: DynamodbState;
  readonly #nowMillis: () => number;
  readonly #running = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(url: () => string, state: DynamodbState, nowMillis: () => number) {
    this.#url = url;
    this.#state = state;
    this.#nowMillis = nowMillis;
  }

  /** The last count; begins a new one when it is due. */
  of(table: DescribedTable): number {
    const { itemCount } = this.#state.settings(table.TableId);
    const due = (itemCount?.countedMillis ?? Number.NEGATIVE_INFINITY) + RECOUNT_MILLIS <= this.#nowMillis();
    if (due && !this.#stopped && !this.#running.has(table.TableId)) {
      const counted = this.#count(table).catch(() => {});
      this.#running.set(
        table.TableId,
        counted.finally(() => this.#running.delete(table.TableId)),
      );
    }
    return itemCount?.items ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running.values());
  }

  async #count({ TableName, TableId }: DescribedTable): Promise<void> {
    const countedMillis = this.#nowMillis();
    let items = 0;
    let start: object | undefined;
    do {
      const started = performance.now();
      const page: ScanPage = await askDynalite(this.#url(), 'Scan', {
        TableName,
        Select: 'COUNT',
        Limit: PAGE_ITEMS,
        ...(start && { ExclusiveStartKey: start }),
      });
      items += page.Count;
      start = page.LastEvaluatedKey;
      if (start !== undefined) await delay((performance.now() - started) * PAUSE_SHARE);
    } while (start !== undefined && !this.#stopped);
    if (start === undefined) await this.#state.change(TableId, { itemCount: { items, countedMillis } });
  }
}
