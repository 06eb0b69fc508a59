/** An instant for people: `2026-11-21 04:05:06.789 UTC`; `an unknown time` for none. */
export function printTime(millis: number): string {
  if (!Number.isFinite(millis) || Math.abs(millis) > MAX_MILLIS) return 'an unknown time';
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** The last instant that a date can be. */
const MAX_MILLIS = 8.64e15;

/** A span for people: `0.4 s`, `34 s`, `3 min`, `2 h`. */
export function printSpan(millis: number): string {
  const seconds = Math.max(0, millis) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
