const MILLIS_PER_DAY = 86_400_000;
const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const entry = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (.*)$/s;

/**
 * SYS_LOG_PARSE: `Mon DD HH:MM:SS server message` (RFC 3164, the priority in front of it allowed) as a time and the
 * rest. The entry has no year: it is the year of ROWTIME, or the one before where that would lie more than a day
 * ahead. Null for text of another form.
 */
export function parseSyslog(text: string, rowtime: number): readonly (string | null)[] | null {
  const [, name = '', day, hour, minute, second, message = ''] = entry.exec(text) ?? [];
  const month = months.indexOf(name) / 3;
  if (name === '' || !Number.isInteger(month) || month < 0) return null;
  const timeIn = (year: number): number =>
    Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  const year = new Date(rowtime).getUTCFullYear();
  const millis = timeIn(year) > rowtime + MILLIS_PER_DAY ? timeIn(year - 1) : timeIn(year);
  const date = new Date(millis);
  const exists =
    date.getUTCMonth() === month &&
    date.getUTCDate() === Number(day) &&
    date.getUTCHours() === Number(hour) &&
    date.getUTCMinutes() === Number(minute);
  return exists ? [date.toISOString().replace('T', ' ').replace('Z', ''), message] : null;
}
