import { type KeptReading, keptReadings } from './check-delivery.ts';
import { droppedAs } from './check-ledger.ts';
import { placeOf, readFailures, readRejected, rejectedLines } from './kept-objects.ts';
import { stageOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const MINUTE_MILLIS = 60_000;
const MAX_AHEAD_MILLIS = 300_000;
const I4 = 'I4 windows';
const STAGE = 'windows weather-windows';

/** A row of the stream of windows. */
interface WindowRow {
  readonly sensor_id: string;
  readonly record_timestamp: string;
  readonly revision?: number;
  readonly sensor_avg_value: number;
  readonly sensor_min_value: number;
  readonly sensor_max_value: number;
  readonly '60sec_sum_of_sensor_value': number;
  readonly '60sec_number_of_msg': number;
}

/** A row as it was put out. */
export interface PlacedRow {
  /** Sensor and end. */
  readonly key: string;
  readonly row: WindowRow;
  readonly text: string;
  readonly place: string;
}

/** From the readings to the windows: each is exactly what a naive recomputation gives, and the newest one is stored. */
export function checkWindows(world: World): void {
  const readings = keptReadings(world);
  const first = withoutRepeats(readings);
  const refused = refusedPlaces(world, readings);
  const newest = newestRows(world);
  const expired = droppedAs(world, STAGE, 'expired');
  const repeated = droppedAs(world, STAGE, 'duplicate');
  // Behind a clock that went back, or a record that no longer was there, only the sum over all windows is certain.
  if (expired > 0 || (world.wentBack && world.options.time.source === 'arrival'))
    checkTotal(readings.length - refused.size - expired - repeated, newest);
  else {
    const again = readings.length - first.length;
    demand(repeated === again, 'I2 no double effect', () => `${repeated} repeats are dropped of ${again}`);
    const counted = first.filter(({ place }) => !refused.has(place));
    const naive = Map.groupBy(counted, (reading) => windowOf(timeOf(world, reading), reading));
    for (const [key, group] of naive) checkWindow(key, group, newest.get(key)?.row);
    for (const key of newest.keys())
      demand(naive.has(key), 'I3 no phantom', () => `window ${key} has no readings`);
  }
  checkPublished(world, newest);
}

/** A device that numbers its readings is counted once for each of them, however often they came. */
function withoutRepeats(readings: readonly KeptReading[]): KeptReading[] {
  const seen = new Set<KeptReading['history']>();
  return readings.filter(({ history }) => {
    const isFirst = !history.event.hasIdentity || !seen.has(history);
    seen.add(history);
    return isFirst;
  });
}

/** What the application refused, it keeps with its bytes: none of these records counts in a window. */
function refusedPlaces(world: World, readings: readonly KeptReading[]): Set<string> {
  const lines = rejectedLines(world, 'windows/weather-windows');
  const byPlace = new Map(readings.map((reading) => [reading.place, reading]));
  const refused = new Set<string>();
  for (const { source, reason } of lines) {
    const reading = byPlace.get(placeOf(source.split(' ')[1] ?? ''));
    demand(reading !== undefined, 'I3 no phantom', () => `${reason} of '${source}' is no record`);
    demand(!refused.has(reading!.place), 'I2 no double effect', () => `${reading!.place} is refused twice`);
    demand(
      mayRefuse(world, reading!, reason),
      I4,
      () => `event ${reading!.history.event.number} is ${reason}`,
    );
    refused.add(reading!.place);
  }
  return refused;
}

function mayRefuse(world: World, { history, arrivalMillis }: KeptReading, reason: string): boolean {
  if (world.options.time.source === 'arrival') return false;
  const { timestampMillis } = history.event;
  if (reason === 'TIME_AHEAD') return timestampMillis > arrivalMillis + MAX_AHEAD_MILLIS;
  return reason === 'late' && timestampMillis <= arrivalMillis + MAX_AHEAD_MILLIS;
}

function timeOf({ options }: World, { history, arrivalMillis }: KeptReading): number {
  return options.time.source === 'column' ? history.event.timestampMillis : arrivalMillis;
}

/** The key of the window that holds a reading of this time. */
export function windowOf(millis: number, { history }: KeptReading): string {
  const end = (Math.floor(millis / MINUTE_MILLIS) + 1) * MINUTE_MILLIS;
  return `${history.event.sensorId} ${new Date(end).toISOString().slice(0, 23).replace('T', ' ')}`;
}

/** Every row that was ever kept, in the order of each shard. */
export function windowRows({ options, kept }: World): PlacedRow[] {
  return Array.from({ length: options.windowShards }, (_, shard) =>
    (kept.get(`windows/${shard}`) ?? []).map(({ text }, index) => {
      const row = JSON.parse(text) as WindowRow;
      return { key: `${row.sensor_id} ${row.record_timestamp}`, row, text, place: `${shard}:${index}` };
    }),
  ).flat();
}

/** The row of each window with the highest revision. */
function newestRows(world: World): Map<string, PlacedRow> {
  const newest = new Map<string, PlacedRow>();
  for (const placed of windowRows(world)) {
    const { key, row, text } = placed;
    const before = newest.get(key)?.row;
    demand(
      (row.revision ?? 1) > (before ? (before.revision ?? 1) : 0),
      'I2 no double effect',
      () => `window ${key} comes twice: ${text}`,
    );
    newest.set(key, placed);
  }
  return newest;
}

/** @throws Violation when a row is not what its readings come to */
export function checkWindow(key: string, readings: readonly KeptReading[], row: WindowRow | undefined): void {
  const values = readings.map(({ history }) => history.event.number + 0.25);
  const sum = values.reduce((total, value) => total + value, 0);
  const wanted = [values.length, sum, Math.min(...values), Math.max(...values), sum / values.length];
  const found = row && [
    row['60sec_number_of_msg'],
    row['60sec_sum_of_sensor_value'],
    row.sensor_min_value,
    row.sensor_max_value,
    row.sensor_avg_value,
  ];
  demand(String(found) === String(wanted), I4, () => `window ${key} is ${found}, recomputed it is ${wanted}`);
}

function checkTotal(wanted: number, newest: ReadonlyMap<string, PlacedRow>): void {
  const found = [...newest.values()].reduce((sum, { row }) => sum + row['60sec_number_of_msg'], 0);
  demand(found === wanted, I4, () => `the windows hold ${found} readings, they should hold ${wanted}`);
}

function checkPublished(world: World, newest: ReadonlyMap<string, PlacedRow>): void {
  const { items } = world.aws.tables.get('windows')!;
  const failed = readFailures(world, 'publish');
  const rejected = readRejected(world, 'publish-windows');
  let missing = 0;
  for (const { row, place } of newest.values()) {
    const end = Date.parse(`${row.record_timestamp.replace(' ', 'T')}Z`);
    const item = items.get(JSON.stringify([row.sensor_id, end]));
    const isSame =
      item?.count === row['60sec_number_of_msg'] && item.sum === row['60sec_sum_of_sensor_value'];
    demand(!rejected.has(place), I4, () => `window ${place} was rejected: ${rejected.get(place)}`);
    if (!isSame && !failed.has(place)) missing += 1;
  }
  const expired = droppedAs(world, stageOf('publish'), 'expired');
  demand(missing <= expired, 'I1 no loss', () => `${missing} windows are nowhere, ${expired} expired`);
  demand(
    items.size <= newest.size,
    'I3 no phantom',
    () => `${items.size} windows are stored of ${newest.size}`,
  );
}
