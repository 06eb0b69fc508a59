import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { EngineOptions } from '../../streaming-sql/engine/index.ts';
import { parseTimestampText } from '../../streaming-sql/index.ts';
import { printStream } from './print-stream.ts';

/** A row as it is printed: `$stream` and `$rowtime` first. */
type PrintedRow = Readonly<Record<string, unknown>> & { readonly $stream: string };

/** Takes what an engine puts out and prints it in order. */
export interface RowPrinter {
  readonly sinks: Required<Pick<EngineOptions, 'onRow' | 'onError' | 'onLate'>>;
  /** Waits while whoever reads the output is behind. */
  flushed(): Promise<void>;
  /** Prints what is still held, and `last` behind it. */
  end(last: string): Promise<void>;
}

/** Rows that one table of the human form shares a width over. */
const TABLE_ROWS = 200;

/** One JSON object a line, or tables of the rows that follow each other in one stream. */
export function createRowPrinter(output: Writable, json: boolean): RowPrinter {
  let held: PrintedRow[] = [];
  let isFull = false;
  const write = (text: string): void => {
    isFull = !output.write(text);
  };
  const printHeld = (): void => {
    if (held.length > 0) write(`${printStream(held)}\n`);
    held = [];
  };
  const print = (row: PrintedRow): void => {
    if (json) {
      write(`${JSON.stringify(row)}\n`);
      return;
    }
    if (held.length >= TABLE_ROWS || (held[0] && held[0].$stream !== row.$stream)) printHeld();
    held.push(row);
  };
  return {
    sinks: sinksOf(print),
    async flushed() {
      if (isFull) await once(output, 'drain');
      isFull = false;
    },
    async end(last) {
      printHeld();
      if (last !== '') write(last);
      await this.flushed();
    },
  };
}

function sinksOf(print: (row: PrintedRow) => void): RowPrinter['sinks'] {
  return {
    onRow: ($stream, row, { rowtimeMillis, revision }) =>
      print({ $stream, $rowtime: rowtimeMillis, ...(revision > 1 && { $revision: revision }), ...row }),
    onError: (row) =>
      print({ $stream: 'error_stream', $rowtime: parseTimestampText(row.DATA_ROWTIME), ...row }),
    onLate: ({ rowtimeMillis, windowEndMillis, pump, row }) =>
      print({ $stream: 'late_rows', $rowtime: rowtimeMillis, $windowEnd: windowEndMillis, $pump: pump, row }),
  };
}
