import { printTimestamp } from '../timestamp-text.ts';
import type { EvaluationError } from './engine-error.ts';
import type { ErrorRow } from './engine-options.ts';

/** Digits of DATA_ROW (developer guide, "Error Handling"): VARCHAR(49152) of hexadecimal. */
const MAX_DATA_ROW = 49_152;
const encoder = new TextEncoder();

/** The error stream's row for a failing record or row; `rowtime` in milliseconds, `pump` empty for the input. */
export function makeErrorRow(error: EvaluationError, data: unknown, rowtime: number, pump: string): ErrorRow {
  const time = printTimestamp(rowtime);
  return {
    ERROR_TIME: time,
    ERROR_LEVEL: 'ERROR',
    ERROR_NAME: error.errorName.slice(0, 32),
    MESSAGE: error.message.slice(0, 4096),
    DATA_ROWTIME: time,
    DATA_ROW: hex(typeof data === 'string' ? data : (JSON.stringify(data) ?? '')),
    PUMP_NAME: pump.slice(0, 128),
  };
}

function hex(text: string): string {
  const bytes = encoder.encode(text.slice(0, MAX_DATA_ROW / 2)).subarray(0, MAX_DATA_ROW / 2);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
