import { type KeptReading, keptReadings } from './check-delivery.ts';
import { droppedAs } from './check-ledger.ts';
import { readFailures, readRejected } from './kept-objects.ts';
import { stageOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const DAY_MILLIS = 86_400_000;
const CLOSED_AFTER_DAYS = 40;

/** A reading as it lies in a weekly table. */
interface StoredSample {
  readonly number: number;
  readonly sensorId: string;
  readonly timeMillis: number;
}

/** From the stream to the tables: each reading is stored once, or kept with its bytes, or its retention passed. */
export function checkStores(world: World): void {
  const readings = keptReadings(world);
  const samples = readSamples(world);
  checkSamples(readings, samples);
  const stored = new Set(samples.map(({ number }) => number));
  const rejected = readRejected(world, 'store-readings');
  const failed = readFailures(world, 'store');
  let missing = 0;
  for (const reading of readings) {
    const reason = rejected.get(reading.place);
    const wanted = reasonToReject(reading);
    demand(
      reason === undefined || reason === wanted,
      'I1 no loss',
      () => `${at(reading)} was rejected: ${reason}`,
    );
    if (wanted === undefined && stored.has(reading.history.event.number)) continue;
    if (wanted !== undefined)
      demand(
        !stored.has(reading.history.event.number),
        'I3 no phantom',
        () => `${at(reading)} should be ${wanted}`,
      );
    if (reason === undefined && !failed.has(reading.place)) missing += 1;
  }
  const expired = droppedAs(world, stageOf('store'), 'expired');
  demand(missing <= expired, 'I1 no loss', () => `${missing} readings are nowhere, ${expired} expired`);
  checkLatest(world, readings, stored, failed.size + expired);
}

function at({ history, place }: KeptReading): string {
  return `event ${history.event.number} at ${place}`;
}

/** Why a reading can never be stored. */
function reasonToReject({ history, arrivalMillis }: KeptReading): string | undefined {
  const { timestampMillis } = history.event;
  if (timestampMillis < 0) return 'timestamp-negative';
  if (timestampMillis > arrivalMillis + DAY_MILLIS) return 'timestamp-ahead';
  return arrivalMillis - timestampMillis > CLOSED_AFTER_DAYS * DAY_MILLIS ? 'no-weekly-table' : undefined;
}

function readSamples({ aws }: World): StoredSample[] {
  return [...aws.tables]
    .filter(([name]) => name.startsWith('readings-'))
    .flatMap(([, { items }]) => [...items.values()])
    .flatMap((item) =>
      Object.entries(item)
        .filter(([name]) => name.includes('.'))
        .map(([name, value]) => ({
          number: (value as number[])[0]! - 0.25,
          sensorId: String(item.sensor_id),
          timeMillis: Number(item.minute_millis) + Number.parseInt(name, 36),
        })),
    );
}

function checkSamples(readings: readonly KeptReading[], samples: readonly StoredSample[]): void {
  const events = new Map(readings.map(({ history: { event } }) => [event.number, event]));
  const seen = new Set<number>();
  for (const { number, sensorId, timeMillis } of samples) {
    const event = events.get(number);
    demand(
      event?.sensorId === sensorId && event.timestampMillis === timeMillis,
      'I3 no phantom',
      () => `sample ${number} of ${sensorId} is stored, and no record says so`,
    );
    demand(!seen.has(number), 'I2 no double effect', () => `sample ${number} of ${sensorId} is stored twice`);
    seen.add(number);
  }
}

/** The newest reading of a sensor is the newest one stored, whatever the order in which they came. */
function checkLatest(
  { aws }: World,
  readings: readonly KeptReading[],
  stored: ReadonlySet<number>,
  lost: number,
): void {
  const newest = new Map<string, number>();
  for (const { history } of readings) {
    const { number, sensorId, timestampMillis } = history.event;
    if (stored.has(number)) newest.set(sensorId, Math.max(newest.get(sensorId) ?? 0, timestampMillis));
  }
  const latest = aws.tables.get('latest')!.items;
  for (const [sensorId, millis] of newest) {
    const row = latest.get(JSON.stringify([sensorId]));
    const kept = Number(row?.time_millis);
    demand(
      // A reading that the function gave up on may have been the newest before.
      kept === millis || (lost > 0 && kept > millis),
      'I5 order',
      () => `the latest reading of ${sensorId} is of ${kept}, the newest stored one of ${millis}`,
    );
  }
}
