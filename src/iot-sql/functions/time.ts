import { toText } from '../conversion.ts';
import { toDouble } from '../number.ts';
import { formatJoda } from '../time/format-joda.ts';
import { parseJavaTime } from '../time/parse-java-time.ts';
import { findTimeZone } from '../time/time-zone.ts';
import type { Value } from '../value.ts';
import type { FunctionTable } from './function-spec.ts';

/** `parse_time(pattern, milliseconds[, zone])` formats a moment; its pattern is Joda-Time's. */
function formatTime(pattern: Value, moment: Value, ...rest: readonly Value[]): Value {
  const [format, millis] = [toText(pattern), toDouble(moment)];
  const zoneId = rest.length === 0 ? 'UTC' : toText(rest[0]);
  if (format === undefined || millis === undefined || zoneId === undefined) return undefined;
  const zone = findTimeZone(zoneId);
  return zone === undefined ? undefined : formatJoda(format, Math.floor(millis), zone);
}

/** `time_to_epoch(text, pattern)` reads a moment; its pattern is that of java.time. */
function parseTime(text: Value, pattern: Value): Value {
  const [written, format] = [toText(text), toText(pattern)];
  return written === undefined || format === undefined ? undefined : parseJavaTime(written, format);
}

/** Dates (AWS IoT developer guide, iot-sql-functions, "parse_time" and "time_to_epoch"). */
export const TIME_FUNCTIONS: FunctionTable = {
  parse_time: { minArguments: 2, maxArguments: 3, since: '2016-03-23', evaluate: formatTime },
  time_to_epoch: { minArguments: 2, maxArguments: 2, since: '2016-03-23', evaluate: parseTime },
};
