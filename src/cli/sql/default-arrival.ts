import { compileLookup } from '../../streaming-sql/engine/json-path.ts';
import { type ApplicationPlan, parseTimestampText } from '../../streaming-sql/index.ts';

/** When a row arrived, milliseconds since the epoch; `given` is what the row itself says. */
export type ArrivalOf = (given: number | undefined, record: unknown) => number;

const STEP_MILLIS = 1;
/** The last millisecond of the year 9999: beyond it no window could close. */
const MAX_ARRIVAL_MILLIS = 253_402_300_799_999;

/** Is this an instant that a record can arrive at? */
export function isArrival(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_ARRIVAL_MILLIS;
}

/**
 * Rows without `$arrival` arrive one millisecond after the row before, the first at 1970-01-01 00:00:00. Where the
 * application goes by a column, such a row arrives at the time in that column, but not before the row before.
 */
export function compileArrival(plan: ApplicationPlan): ArrivalOf {
  const eventTime = compileEventTime(plan);
  let last = -STEP_MILLIS;
  return (given, record) => {
    last = given ?? Math.max(eventTime(record) ?? last + STEP_MILLIS, last);
    return last;
  };
}

function compileEventTime({ time, input }: ApplicationPlan): (record: unknown) => number | undefined {
  const column = input.columns[time.columnIndex];
  if (column === undefined || input.format !== 'JSON') return () => undefined;
  const lookup = compileLookup(column.path);
  return (record) => {
    const value = typeof record === 'object' ? lookup(record) : undefined;
    const millis = typeof value === 'string' ? parseTimestampText(value) : value;
    return isArrival(millis) ? millis : undefined;
  };
}
