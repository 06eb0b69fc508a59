import type { OutputRow } from './row-printer.ts';

/** What comes with a record besides its bytes; stored with it in the stream, so that a re-read is identical. */
export interface RecordMeta {
  /** When the record arrived in the stream, milliseconds since the epoch (ApproximateArrivalTimestamp). */
  readonly arrivalMillis: number;
  readonly shardId?: string;
  readonly sequenceNumber?: string;
  readonly partitionKey?: string;
}

/** What comes with an output row. */
export interface OutputMeta {
  /** ROWTIME of the row: for a window its end, milliseconds since the epoch. */
  readonly rowtimeMillis: number;
  /** 1, or more when the row corrects an earlier row of the same key and window. */
  readonly revision: number;
  /** False while late rows may still correct the row. */
  readonly final: boolean;
}

/** One row of the error stream (developer guide, "Error Handling"). */
export interface ErrorRow {
  /** ROWTIME of the row at fault, as text: the engine has no clock of its own. */
  readonly ERROR_TIME: string;
  readonly ERROR_LEVEL: string;
  readonly ERROR_NAME: string;
  readonly MESSAGE: string;
  readonly DATA_ROWTIME: string;
  /** The row's JSON text as hexadecimal, cut at 49,152 digits. */
  readonly DATA_ROW: string;
  /** Empty for a record that did not fit the input schema. */
  readonly PUMP_NAME: string;
}

/** A row that came after its window could still be corrected. */
export interface LateRow {
  readonly row: readonly (string | number | boolean | null)[];
  readonly rowtimeMillis: number;
  readonly windowEndMillis: number;
  readonly pump: string;
}

export interface EngineOptions {
  /** Takes every row of every in-application stream (or of those in `outputs`), in order. */
  readonly onRow: (stream: string, row: OutputRow, meta: OutputMeta) => void;
  readonly onError?: (error: ErrorRow) => void;
  readonly onLate?: (late: LateRow) => void;
  /** Streams whose rows `onRow` wants; all by default. */
  readonly outputs?: readonly string[];
  /** A snapshot of the same plan to go on from. */
  readonly restore?: Uint8Array;
  /**
   * Shards the source has. Declare them when there are several: a shard that has given nothing yet then holds the
   * windows open until `advance`.
   */
  readonly shardIds?: readonly string[];
  /**
   * Whether rows of several shards come side by side, now or later. Where it is not given, `shardIds` tells. A snapshot of an
   * engine with one shard may be restored with several, not the other way round.
   */
  readonly severalShards?: boolean;
  /** What CURRENT_TIMESTAMP is frozen at; the first record's arrival by default. */
  readonly startMillis?: number;
  /**
   * Groups one window may hold, and rows a join, a sort or the sliding windows of a query may hold; further rows go to
   * the error stream. Default 4,000,000.
   */
  readonly maxGroups?: number;
  /** Rows of the reference tables by table name, parsed JSON or CSV text as their schema says. */
  readonly references?: Readonly<Record<string, readonly unknown[]>>;
}

/** A window's row before the window has closed. */
export interface OpenWindow {
  readonly stream: string;
  readonly row: OutputRow;
  /** When the window will close: its end, milliseconds since the epoch. */
  readonly windowEndMillis: number;
}

export interface EngineStats {
  /** Records given. */
  readonly records: number;
  /** Rows read from them. */
  readonly rowsIn: number;
  /** Rows given to `onRow`, corrections included. */
  readonly rowsOut: number;
  readonly corrections: number;
  readonly late: number;
  readonly errors: number;
  /** Rows refused because their timestamp lay too far ahead of arrival; part of `errors`. */
  readonly ahead: number;
  /** Rows whose arrival lay before the watermark and were moved up to it. */
  readonly lifted: number;
  readonly openKeys: number;
  readonly stateBytes: number;
  /** Milliseconds since the epoch, -Infinity before the first record. */
  readonly watermarkMillis: number;
}
