/**
 * When a scheduled event was due (EventBridge user guide, "Scheduled Event", `time`), milliseconds since the epoch; now,
 * when somebody else invoked the function. The event's time, because a retry or a moved clock must not make another day of it.
 */
export function eventTimeMillis(event: unknown): number {
  const { time } = (event ?? {}) as { time?: unknown };
  const millis = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(millis) ? Date.now() : millis;
}
