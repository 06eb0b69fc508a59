import { isDeepStrictEqual } from 'node:util';
import { type KeptReading, keptReadings, resultOf } from './check-delivery.ts';
import { droppedAs } from './check-ledger.ts';
import type { EventHistory } from './device-fleet.ts';
import { ARCHIVE_BUCKET } from './function-environment.ts';
import { placeOf, readFailures, readRejected } from './kept-objects.ts';
import { stageOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const HOUR_MILLIS = 3_600_000;

/**
 * From the stream to the archive: each event at least once, in the hour of its time, and never more often than on the
 * stream; but after a kill the batches that had no checkpoint are put together anew, and of a batch that was split and given
 * up in part the first object stays: then an event may be there as often as the function was given it.
 */
export function checkArchive(world: World): void {
  const readings = keptReadings(world);
  const archived = readArchive(world, readings);
  const rejected = readRejected(world, 'archive-readings');
  const failed = readFailures(world, 'archive');
  const expired = droppedAs(world, stageOf('archive'), 'expired');
  const onStream = Map.groupBy(readings, ({ history }) => history);
  const given = givenTo(world);
  let missing = 0;
  for (const [{ event }, records] of onStream) {
    const times = archived.get(event.number) ?? 0;
    const most =
      world.kills === 0 && failed.size === 0
        ? records.length
        : records.reduce((sum, { place }) => sum + (given.get(place) ?? 0), 0);
    demand(
      times <= most,
      'I2 no double effect',
      () => `event ${event.number} is ${times} times in the archive, it may be there ${most} times`,
    );
    for (const { place } of records) {
      const reason = rejected.get(place);
      demand(
        reason === undefined || reason.startsWith('timestamp-'),
        'I1 no loss',
        () => `${place} was rejected: ${reason}`,
      );
    }
    if (times === 0 && !records.every(({ place }) => rejected.has(place) || failed.has(place))) missing += 1;
  }
  demand(
    missing <= expired,
    'I1 no loss',
    () => `${missing} events are not in the archive, ${expired} expired`,
  );
}

/** How often the function was given each record, by its place. */
function givenTo({ given }: World): Map<string, number> {
  const times = new Map<string, number>();
  for (const id of given.get('archive') ?? []) {
    const place = placeOf(id.slice(id.indexOf(':') + 1));
    times.set(place, (times.get(place) ?? 0) + 1);
  }
  return times;
}

/** How often each event is there, by its number. */
function readArchive({ aws }: World, readings: readonly KeptReading[]): Map<number, number> {
  const events = new Map(readings.map(({ history }) => [history.event.number, history]));
  const times = new Map<number, number>();
  for (const [key, text] of aws.objects) {
    if (!key.startsWith(`${ARCHIVE_BUCKET}/curated/`)) continue;
    demand(text.endsWith('\n'), 'I1 no loss', () => `object ${key} is not whole`);
    for (const line of text.trimEnd().split('\n')) {
      const { event_id: id, ...reading } = JSON.parse(line) as { event_id: string; sensor_value: number };
      const history = events.get(reading.sensor_value - 0.25);
      demand(
        history !== undefined &&
          id !== '' &&
          isDeepStrictEqual(reading, fieldsOf(history)) &&
          key.includes(folderOf(history)),
        'I3 no phantom',
        () => `${key} holds ${line}, which no device has sent`,
      );
      const { number } = history!.event;
      times.set(number, (times.get(number) ?? 0) + 1);
    }
  }
  return times;
}

/** What of a reading is kept: a mark of the simulation is no field of it. */
function fieldsOf(history: EventHistory): object {
  const { poison: _, ...fields } = resultOf(history) as { readonly poison?: unknown };
  return fields;
}

function folderOf({ event }: EventHistory): string {
  const iso = new Date(Math.floor(event.timestampMillis / HOUR_MILLIS) * HOUR_MILLIS).toISOString();
  return `/date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
}
