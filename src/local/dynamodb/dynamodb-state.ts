import type { DurableLog } from '../log/durable-log.ts';

/** What DynamoDB keeps about a table beside its items, and dynalite does not. Times are milliseconds since the epoch. */
export interface TableSettings {
  readonly tableClass?: { readonly name: string; readonly updatedMillis: number };
  readonly onDemandThroughput?: Readonly<Record<string, number>>;
  /** Undefined when it is off. */
  readonly pointInTimeRecovery?: { readonly enabledMillis: number; readonly days: number } | undefined;
  readonly itemCount?: { readonly items: number; readonly countedMillis: number };
}

/** One export job, as it is kept. */
export interface TableExport {
  readonly arn: string;
  readonly tableArn: string;
  readonly tableId: string;
  readonly tableName: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly startMillis: number;
  readonly endMillis?: number;
  readonly exportMillis: number;
  readonly clientToken: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly manifestKey?: string;
  readonly itemCount?: number;
  readonly billedBytes?: number;
  readonly failure?: { readonly code: string; readonly message: string };
}

interface Kept {
  readonly tables: Readonly<Record<string, TableSettings>>;
  readonly exports: readonly TableExport[];
}

const STATE = 'dynamodb/control';
/** ListExports tells of the past 90 days (DynamoDB API reference, "ListExports"). */
const EXPORT_DAYS = 90;
const DAY_MILLIS = 86_400_000;

/** Settings by table id, so that a table that is made again under the same name begins without any; and the exports. */
export class DynamodbState {
  readonly #log: DurableLog;
  readonly #nowMillis: () => number;
  #kept: Kept;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.#log = log;
    this.#nowMillis = nowMillis;
    const bytes = log.readState(STATE);
    this.#kept = bytes ? (JSON.parse(bytes.toString()) as Kept) : { tables: {}, exports: [] };
  }

  get exports(): readonly TableExport[] {
    return this.#kept.exports;
  }

  settings(tableId: string): TableSettings {
    return this.#kept.tables[tableId] ?? {};
  }

  /** Resolves when the change is durable. */
  async change(tableId: string, change: TableSettings): Promise<void> {
    const tables = { ...this.#kept.tables, [tableId]: { ...this.settings(tableId), ...change } };
    await this.#keep({ ...this.#kept, tables });
  }

  /** Adds an export, or replaces the one with its ARN. Resolves when that is durable. */
  async putExport(job: TableExport): Promise<void> {
    const oldest = this.#nowMillis() - EXPORT_DAYS * DAY_MILLIS;
    const others = this.#kept.exports.filter(
      ({ arn, startMillis }) => arn !== job.arn && startMillis >= oldest,
    );
    await this.#keep({ ...this.#kept, exports: [...others, job] });
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    this.#log.writeState(STATE, Buffer.from(JSON.stringify(kept)));
    await this.#log.durable();
  }
}
