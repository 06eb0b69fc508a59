const SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

/** Runs per second of `rate(5 minutes)`; a `cron(…)` expression is counted as once a day. */
export function parseRate(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  return 1 / (Number(count ?? 1) * SECONDS[unit ?? 'day']!);
}
