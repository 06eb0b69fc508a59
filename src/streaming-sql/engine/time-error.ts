import { printTimestamp } from '../timestamp-text.ts';
import { EvaluationError } from './engine-error.ts';
import type { ClockVerdict } from './source-clock.ts';

/** Why a row has no place in time; `event` is the value of its time column. */
export function timeError(
  verdict: Exclude<ClockVerdict, 'onTime'>,
  event: number | null,
  arrivalMillis: number,
): EvaluationError {
  if (verdict === 'missing') return new EvaluationError('TIME_MISSING', 'The time column is NULL');
  if (verdict === 'outOfRange')
    return new EvaluationError(
      'TIME_OUT_OF_RANGE',
      `Timestamp ${event} ms lies outside the years 0000 to 9999`,
    );
  const arrival = printTimestamp(arrivalMillis);
  const message = `Timestamp ${event} lies too far ahead of its arrival at ${arrival}`;
  return new EvaluationError('TIME_AHEAD', message);
}
