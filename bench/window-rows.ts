/** A reading as JSON.parse makes it. */
export interface Reading {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly sensor_timestamp: number;
  readonly sensor_value: number;
  readonly sensor_value_smoothed: number;
}

export const START = 1_478_672_880_000;
export const WINDOW_MILLIS = 60_000;

/** JSON texts of readings that go round the keys in a mixed order, from the `first` on, as the rule "readings" writes them. */
export function makeTexts(keys: number, count: number, timeOf: (i: number) => number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const key = ((first + i) * 7919) % keys;
    const values = `"sensor_value":${(key % 97) / 7},"sensor_value_smoothed":${(i % 89) / 7},"direction":-1`;
    const place = `"sensor_id":"sensor-${key}","station_id":"station-${key % 500}","sensor":"vibration"`;
    return `{"sensor_timestamp":${timeOf(i)},${values},${place},"state":"washington","city":"seattle"}`;
  });
}

/** Records with strings of their own each, as JSON.parse makes them. */
export function parseAll(texts: readonly string[]): Reading[] {
  return texts.map((text) => JSON.parse(text) as Reading);
}

interface Naive {
  count: number;
  sum: number;
  smoothed: number;
  min: number;
  max: number;
  readonly sensor: string;
  readonly station: string;
}

/** The same aggregates by hand: a Map of objects, plain sums, one window, no time, nothing to restore. */
export class HandWritten {
  readonly groups = new Map<string, Naive>();

  add({ sensor_id, sensor, station_id, sensor_value, sensor_value_smoothed }: Reading): void {
    let group = this.groups.get(sensor_id);
    if (group === undefined) {
      group = { count: 0, sum: 0, smoothed: 0, min: Infinity, max: -Infinity, sensor, station: station_id };
      this.groups.set(sensor_id, group);
    }
    group.count++;
    group.sum += sensor_value;
    group.smoothed += sensor_value_smoothed;
    if (sensor_value < group.min) group.min = sensor_value;
    if (sensor_value > group.max) group.max = sensor_value;
  }
}
