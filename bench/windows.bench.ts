import { readFileSync } from 'node:fs';
import { createEngine } from '../src/streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema } from '../src/streaming-sql/index.ts';

/**
 * Rows per second and bytes per open key of the shipped window application, against a hand-written Map loop on the same
 * records in the same process. Run: node --expose-gc bench/windows.bench.ts
 */
interface Reading {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly sensor_timestamp: number;
  readonly sensor_value: number;
  readonly sensor_value_smoothed: number;
  readonly direction: number;
}

const folder = new URL('../analytics-sql/', import.meta.url);
const sql = readFileSync(new URL('weather-windows.sql', folder), 'utf8');
const input = JSON.parse(readFileSync(new URL('weather-windows.input.json', folder), 'utf8')) as InputSchema;
const plan = compileApplication(sql, { input });
const START = 1_478_672_880_000;

/** Records as JSON.parse makes them: every one with strings of its own. */
function makeReadings(keys: number, count: number): Reading[] {
  return Array.from({ length: count }, (_, i) => {
    const key = (i * 7919) % keys;
    const text = `{"sensor_id":"sensor-${key}","sensor":"vib","station_id":"station-${key % 500}","sensor_timestamp":${START + i},"sensor_value":${(key % 97) / 7},"sensor_value_smoothed":${(i % 89) / 7},"direction":-1}`;
    return JSON.parse(text) as Reading;
  });
}

function engineRun(readings: readonly Reading[]): {
  millis: number;
  closeMillis: number;
  rows: number;
  perKey: number;
} {
  let rows = 0;
  const engine = createEngine(plan, { onRow: () => rows++ });
  const before = memory();
  const start = performance.now();
  for (const reading of readings) engine.acceptRecord(reading, { arrivalMillis: START });
  const millis = performance.now() - start;
  const perKey = (memory() - before) / engine.stats().openKeys;
  const closing = performance.now();
  while (engine.advance(START + 60_000, 10_000));
  return { millis, closeMillis: performance.now() - closing, rows, perKey };
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

function mapRun(readings: readonly Reading[]): { millis: number; perKey: number } {
  const groups = new Map<string, Naive>();
  const before = memory();
  const start = performance.now();
  for (const { sensor_id, sensor, station_id, sensor_value, sensor_value_smoothed } of readings) {
    let group = groups.get(sensor_id);
    if (group === undefined) {
      group = { count: 0, sum: 0, smoothed: 0, min: Infinity, max: -Infinity, sensor, station: station_id };
      groups.set(sensor_id, group);
    }
    group.count++;
    group.sum += sensor_value;
    group.smoothed += sensor_value_smoothed;
    if (sensor_value < group.min) group.min = sensor_value;
    if (sensor_value > group.max) group.max = sensor_value;
  }
  const millis = performance.now() - start;
  return { millis, perKey: (memory() - before) / groups.size };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The strings of the keys belong to the records here, which both sides share; a pipeline lets the records go. */
function report(keys: number, count: number): void {
  const readings = makeReadings(keys, count);
  mapRun(readings);
  engineRun(readings);
  const naive = mapRun(readings);
  const engine = engineRun(readings);
  const rate = (millis: number) => `${(count / millis / 1000).toFixed(2)} M/s`;
  console.log(
    `${String(keys).padStart(9)} keys  engine ${rate(engine.millis)}  Map ${rate(naive.millis)}  ` +
      `ratio ${(naive.millis / engine.millis).toFixed(2)}  bytes/key engine ${engine.perKey.toFixed(0)} Map ${naive.perKey.toFixed(0)}  ` +
      `close ${engine.closeMillis.toFixed(1)} ms for ${engine.rows} rows`,
  );
}

if (globalThis.gc === undefined) console.log('bytes/key need node --expose-gc');
for (const keys of [100, 10_000, 100_000, 1_000_000]) report(keys, Math.max(1_000_000, keys));
