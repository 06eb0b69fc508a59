const dash = '–';

/** A measured value: two decimals below ten, else one; in exponent form from a million on. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return dash;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6) return value.toExponential(2);
  const digits = magnitude >= 10 ? 1 : 2;
  return withoutNegativeZero(value.toFixed(digits));
}

/** A change, with its sign: `+0.31`, `−1.2`, `±0`. */
export function formatChange(change: number): string {
  if (!Number.isFinite(change)) return dash;
  const size = formatValue(Math.abs(change));
  if (Number(size) === 0) return '±0';
  return `${change > 0 ? '+' : '−'}${size}`;
}

const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A whole number with separators: `12,345`. */
export function formatCount(count: number): string {
  return Number.isFinite(count) ? integers.format(count) : dash;
}

/** A count for narrow places: `12,345` below ten millions, then `12.3M`. */
export function formatCompact(count: number): string {
  if (!Number.isFinite(count)) return dash;
  return Math.abs(count) < 10_000_000 ? integers.format(count) : compact.format(count);
}

/** A span of time, at most two units: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 d 3 h`. */
export function formatSpan(millis: number): string {
  if (!Number.isFinite(millis)) return dash;
  const seconds = Math.max(0, millis) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** A span in one unit, for narrow places: `4 s`, `3 min`, `2 h`, `4 d`. */
export function formatShortSpan(millis: number): string {
  if (!Number.isFinite(millis)) return dash;
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The age of a reading; a device whose clock runs ahead of the runtime's is named, not hidden. */
export function formatAge(nowMillis: number, timeMillis: number): string {
  const age = nowMillis - timeMillis;
  if (!Number.isFinite(age)) return 'no reading';
  if (age < -2_000) return `clock ${formatSpan(-age)} ahead`;
  return `${formatSpan(age)} ago`;
}

/** A lag: `3 ms` below a second, then as a span. */
export function formatLag(millis: number): string {
  if (!Number.isFinite(millis)) return dash;
  return millis < 1000 ? `${Math.round(millis)} ms` : formatSpan(millis);
}

/** Bytes in binary units: `142 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return dash;
  const mebibytes = bytes / 1_048_576;
  return mebibytes < 1024
    ? `${mebibytes.toFixed(mebibytes < 10 ? 1 : 0)} MiB`
    : `${(mebibytes / 1024).toFixed(2)} GiB`;
}

/** Local wall clock, `14:03` or with seconds `14:03:22`. */
export function formatClock(millis: number, withSeconds = false): string {
  if (!Number.isFinite(millis)) return dash;
  const date = new Date(millis);
  const minutes = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${pad(date.getSeconds())}` : minutes;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function withoutNegativeZero(printed: string): string {
  return Number(printed) === 0 ? printed.replace('-', '') : printed;
}
