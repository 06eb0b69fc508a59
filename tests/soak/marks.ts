/** One thing that a run has to show. What depends on the speed of the machine is told apart from what must hold on any. */
export interface Mark {
  readonly kind: 'correct' | 'speed';
  readonly name: string;
  readonly isMet: boolean;
  /** What was measured, and what is wanted. */
  readonly numbers: string;
}

/** A machine that is slow, or busy, has not lost anything. */
const NOT_MET = { correct: 'FAILED', speed: 'slow  ' } satisfies Record<Mark['kind'], string>;

export function printMarks(marks: readonly Mark[]): string {
  return marks
    .map(
      ({ isMet, kind, name, numbers }) =>
        `${isMet ? 'ok    ' : NOT_MET[kind]}  ${kind.padEnd(7)}  ${name.padEnd(34)} ${numbers}`,
    )
    .join('\n');
}

/** A value over time. */
export interface Point {
  readonly atMillis: number;
  readonly value: number;
}

/** Least squares: how much the values grow in ten minutes, as a part of their mean. */
export function growthPerTenMinutes(points: readonly Point[]): number {
  const meanOf = (numbers: readonly number[]): number =>
    numbers.reduce((total, each) => total + each, 0) / Math.max(1, numbers.length);
  const meanAt = meanOf(points.map(({ atMillis }) => atMillis));
  const mean = meanOf(points.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { atMillis, value } of points) {
    covariance += (atMillis - meanAt) * (value - mean);
    variance += (atMillis - meanAt) ** 2;
  }
  return variance === 0 || mean === 0 ? 0 : ((covariance / variance) * TEN_MINUTES_MILLIS) / mean;
}

/** Memory after garbage was collected, which happens once in each. */
export function leastOfEachMinute(points: readonly Point[]): Point[] {
  const minutes = Map.groupBy(points, ({ atMillis }) => Math.floor(atMillis / MINUTE_MILLIS));
  return [...minutes.values()].map((minute) =>
    minute.reduce((least, point) => (point.value < least.value ? point : least)),
  );
}

const MINUTE_MILLIS = 60_000;
const TEN_MINUTES_MILLIS = 600_000;

export function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}
