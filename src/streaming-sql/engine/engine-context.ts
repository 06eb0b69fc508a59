import type { EvaluationError } from './engine-error.ts';
import type { Row } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** What all operators of one engine share. Plain mutable state: one engine runs on one thread. */
export interface EngineContext {
  /** Rows that closing windows may still emit in this call; at zero they stop and set `pending`. */
  budget: number;
  /** Some window stopped half-way for lack of budget. */
  pending: boolean;
  /** Before the watermark gets here, passing time changes nothing: {@link RowSink.advance} is not called. */
  dueMillis: number;
  /** Revision of the row being emitted: 1, or more when it corrects an earlier one. */
  revision: number;
  /** Can the row being emitted still be corrected? */
  final: boolean;
  /** While open windows are shown, rows only pass to this function and change nothing. */
  preview: ((stream: string, row: Row, rowtime: number) => void) | null;
  /** What CURRENT_TIMESTAMP is frozen at, milliseconds since the epoch; NaN before the first record. */
  startMillis: number;
  readonly allowedLatenessMillis: number;
  /** Groups, or rows of a window, that one operator may hold at once. */
  readonly maxGroups: number;
  reportError(error: EvaluationError, row: Row, rowtime: number, pump: string): void;
  reportLate(row: Row, rowtime: number, windowEndMillis: number, pump: string): void;
}

/** An operator with state of its own. */
export interface StatefulOperator {
  save(writer: SnapshotWriter): void;
  load(reader: SnapshotReader): void;
  /** Groups or rows held open now. */
  openKeys(): number;
  /** Bytes of typed state and an estimate of the rest. */
  stateBytes(): number;
}

/** An operator whose open windows can be shown before they close. */
export interface PreviewableOperator {
  /** Pushes at most `limit` partial rows downstream while `context.preview` is set; answers how many. */
  preview(limit: number): number;
}
