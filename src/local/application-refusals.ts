import type { ErrorRow, LateRow, RecordMeta } from '../streaming-sql/engine/index.ts';
import { type ApplicationPlan, printTimestamp } from '../streaming-sql/index.ts';
import type { LedgerStage } from './ledger.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { RecordBlock } from './log/record-block.ts';
import type { RejectedRow, RejectedRows } from './rejected-rows.ts';

/** A record that the engine is being given: where it lies in the source. One object serves a whole block. */
export interface CurrentRecord {
  readonly block: RecordBlock;
  readonly at: number;
  readonly shardId: string;
}

export type MetaOf = (record: CurrentRecord) => RecordMeta;

/** Making text of a sequence number or a partition key for every record costs, so it is done only where it is read. */
export function compileMeta({ input }: ApplicationPlan, stream: KinesisStream): MetaOf {
  const hasSequence = input.pseudoColumns?.includes('SEQUENCE_NUMBER') ?? false;
  const hasKey = input.pseudoColumns?.includes('PARTITION_KEY') ?? false;
  if (!hasSequence && !hasKey)
    return ({ block, at, shardId }) => ({ arrivalMillis: block.arrivalMillis(at), shardId });
  return (record) => ({
    arrivalMillis: record.block.arrivalMillis(record.at),
    shardId: record.shardId,
    ...(hasSequence && { sequenceNumber: sequenceOf(record, stream) }),
    ...(hasKey && { partitionKey: record.block.partitionKey(record.at) }),
  });
}

function sequenceOf({ block, at, shardId }: CurrentRecord, stream: KinesisStream): string {
  return stream.sequenceNumber(shardId, block.firstIndex + at);
}

export interface ApplicationRefusalsOptions {
  readonly input: KinesisStream;
  /** The stage of the records, and that of the rows the pumps make. */
  readonly records: LedgerStage;
  readonly rows: LedgerStage;
  /** Keeps the bytes; without it they are only counted. */
  readonly rejected: RejectedRows | undefined;
  /** How many rows the engine has refused in all; restored with its state, so that a number never comes again. */
  readonly refusedSoFar: () => number;
}

/** Counts what an application refuses, and hands it over with its bytes and the record that brought it about. */
export class ApplicationRefusals {
  readonly #options: ApplicationRefusalsOptions;
  #current: CurrentRecord | undefined;
  #isRefused = false;
  #refusedRecords = 0;

  constructor(options: ApplicationRefusalsOptions) {
    this.#options = options;
  }

  begin(record: CurrentRecord): void {
    this.#current = record;
    this.#isRefused = false;
  }

  /** No record is being read; answers how many were refused since the last call. */
  end(): number {
    const refused = this.#refusedRecords;
    this.#current = undefined;
    this.#refusedRecords = 0;
    return refused;
  }

  /** A record is dropped once, however many rows of it were refused; a row of a pump is none of the records. */
  takeError({ ERROR_NAME, MESSAGE, DATA_ROW, DATA_ROWTIME, PUMP_NAME }: ErrorRow): void {
    const current = this.#current;
    const isInput = PUMP_NAME === '' && current !== undefined;
    if (!isInput) this.#dropRow(ERROR_NAME);
    else if (!this.#isRefused) {
      this.#isRefused = true;
      this.#refusedRecords += 1;
      this.#options.records.drop(ERROR_NAME, 1);
    }
    const bytes = isInput ? current.block.data(current.at) : Buffer.from(DATA_ROW, 'hex');
    this.#keep(
      { reason: ERROR_NAME, detail: MESSAGE, pump: PUMP_NAME, bytes },
      Date.parse(`${DATA_ROWTIME}Z`),
    );
  }

  takeLate({ row, rowtimeMillis, windowEndMillis, pump }: LateRow): void {
    this.#dropRow('late');
    const detail = `The window that ended at ${printTimestamp(windowEndMillis)} could no longer be corrected`;
    // The record that brought it about can be replayed; a row of its own has only its values.
    const bytes = this.#current?.block.data(this.#current.at) ?? Buffer.from(JSON.stringify(row));
    this.#keep({ reason: 'late', detail, pump, bytes }, rowtimeMillis);
  }

  #dropRow(reason: string): void {
    this.#options.rows.in(1);
    this.#options.rows.drop(reason, 1);
  }

  /** Objects are named by the record that brought their first row about, or else by its time and number. */
  #keep(row: Omit<RejectedRow, 'source'>, rowtimeMillis: number): void {
    const { rejected, input } = this.#options;
    const current = this.#current;
    if (current) {
      const sequenceNumber = sequenceOf(current, input);
      const { shardId: group, block, at } = current;
      const name = (): string => `${group}-${sequenceNumber}`;
      const place = { name, group, receivedMillis: block.arrivalMillis(at) };
      rejected?.add({ ...row, source: `${input.arn} ${sequenceNumber}` }, place);
      return;
    }
    const receivedMillis = Number.isNaN(rowtimeMillis) ? 0 : rowtimeMillis;
    const name = (): string => `time-${receivedMillis}-${this.#options.refusedSoFar()}`;
    rejected?.add({ ...row, source: '' }, { name, group: '', receivedMillis });
  }
}
