import type { MetricDatum } from './emf.ts';

/** What one minute added up to. */
export interface MetricMinute {
  readonly minuteMillis: number;
  sum: number;
  count: number;
  minimum: number;
  maximum: number;
}

/** One metric with one set of dimensions. */
export interface MetricSeries {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  last: number;
  lastMillis: number;
  /** Over everything since the start. */
  total: number;
  /** Oldest first. */
  readonly minutes: MetricMinute[];
}

const MINUTE_MILLIS = 60_000;

/** CloudWatch's metrics of the last hour, in memory and bounded: a fleet cannot grow it, only more metric names can. */
export class MetricStore {
  readonly #series = new Map<string, MetricSeries>();
  readonly #maxSeries: number;
  readonly #maxMinutes: number;
  /** Values that found no room, because `maxSeries` others were there first. */
  droppedValues = 0;

  constructor(limits: { maxSeries?: number; maxMinutes?: number } = {}) {
    this.#maxSeries = limits.maxSeries ?? 1000;
    this.#maxMinutes = limits.maxMinutes ?? 60;
  }

  add(datum: MetricDatum): void {
    const series = this.#seriesOf(datum);
    if (!series) {
      this.droppedValues += datum.values.length;
      return;
    }
    const minute = this.#minuteOf(series, datum.timestampMillis);
    for (const value of datum.values) {
      series.total += value;
      if (!minute) continue;
      minute.sum += value;
      minute.count += 1;
      minute.minimum = Math.min(minute.minimum, value);
      minute.maximum = Math.max(minute.maximum, value);
    }
    if (datum.timestampMillis < series.lastMillis) return;
    series.last = datum.values.at(-1) ?? series.last;
    series.lastMillis = datum.timestampMillis;
  }

  list(namespace?: string): MetricSeries[] {
    return [...this.#series.values()].filter((series) => !namespace || series.namespace === namespace);
  }

  get(
    namespace: string,
    name: string,
    dimensions: Readonly<Record<string, string>>,
  ): MetricSeries | undefined {
    return this.#series.get(keyOf({ namespace, name, dimensions }));
  }

  #seriesOf(datum: MetricDatum): MetricSeries | undefined {
    const key = keyOf(datum);
    const known = this.#series.get(key);
    if (known || this.#series.size >= this.#maxSeries) return known;
    const { namespace, name, unit, dimensions } = datum;
    const made = {
      namespace,
      name,
      unit,
      dimensions,
      last: Number.NaN,
      lastMillis: 0,
      total: 0,
      minutes: [],
    };
    this.#series.set(key, made);
    return made;
  }

  /** Undefined for a minute that is older than the oldest one kept. */
  #minuteOf(series: MetricSeries, timestampMillis: number): MetricMinute | undefined {
    const minuteMillis = Math.floor(timestampMillis / MINUTE_MILLIS) * MINUTE_MILLIS;
    const { minutes } = series;
    let at = minutes.length;
    while (at > 0 && minutes[at - 1]!.minuteMillis > minuteMillis) at -= 1;
    if (at > 0 && minutes[at - 1]!.minuteMillis === minuteMillis) return minutes[at - 1];
    if (at === 0 && minutes.length >= this.#maxMinutes) return undefined;
    const minute = { minuteMillis, sum: 0, count: 0, minimum: Infinity, maximum: -Infinity };
    minutes.splice(at, 0, minute);
    if (minutes.length > this.#maxMinutes) minutes.shift();
    return minute;
  }
}

function keyOf(metric: Pick<MetricDatum, 'namespace' | 'name' | 'dimensions'>): string {
  const dimensions = Object.entries(metric.dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric.namespace, metric.name, dimensions]);
}
