import { isDeepStrictEqual } from 'node:util';
import { keptStages } from './check-ledger.ts';
import type { EventHistory } from './device-fleet.ts';
import { functionsOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

/** A record of the stream of readings with the event it was made of. */
export interface KeptReading {
  readonly history: EventHistory;
  readonly arrivalMillis: number;
  /** `shardId-…:index`. */
  readonly place: string;
  readonly index: number;
  readonly shard: number;
}

const found = new WeakMap<World, KeptReading[]>();

/** Every record of a reading that was ever kept; for the end of a world. @throws Violation for one that no device has sent so */
export function keptReadings(world: World): KeptReading[] {
  const readings = found.get(world) ?? findReadings(world);
  found.set(world, readings);
  return readings;
}

function findReadings({ options, fleet, kept }: World): KeptReading[] {
  const byNumber = new Map(fleet.history.map((each) => [each.event.number, each]));
  return Array.from({ length: options.readingShards }, (_, shard) =>
    (kept.get(`readings/${shard}`) ?? []).map(({ key, text, arrivalMillis }, index) => {
      const reading = JSON.parse(text) as { sensor_value: number };
      const history = byNumber.get(Math.floor(reading.sensor_value));
      demand(history !== undefined && history.sent > 0, 'I3 no phantom', () => `${text} was not sent`);
      const { sensorId } = history!.event;
      demand(
        key === sensorId && isDeepStrictEqual(reading, resultOf(history!)),
        'I3 no phantom',
        () => `${text} was sent otherwise`,
      );
      return { history: history!, arrivalMillis, place: `${shard}:${index}`, index, shard };
    }),
  ).flat();
}

/** What the rule makes of a reading: its own fields, and what the topic says. */
export function resultOf({ event }: EventHistory): object {
  const [, state, city, station, sensor, sensorId] = event.topic.split('/');
  const payload = JSON.parse(event.payload.toString()) as Record<string, unknown>;
  return { ...payload, sensor_id: sensorId, station_id: station, sensor, state, city };
}

/** From the devices to the stream: nothing acknowledged is lost, what is no reading is counted, and order is kept. */
export function checkDelivery(world: World): void {
  const readings = keptReadings(world);
  const found = new Set(readings.map(({ history }) => history));
  const mayLose = world.options.durability === 'memory';
  for (const history of world.fleet.history) {
    const { event, acknowledged } = history;
    if (event.kind === 'garbage')
      demand(!found.has(history), 'I3 no phantom', () => `${event.payload} was taken`);
    else if (acknowledged > 0 && !mayLose)
      demand(
        found.has(history),
        'I1 no loss',
        () => `event ${event.number} was acknowledged and is not kept`,
      );
  }
  checkFiltered(world, mayLose);
  checkOrder(readings);
  checkGiven(world);
}

function checkFiltered(world: World, mayLose: boolean): void {
  const garbage = world.fleet.history.filter(({ event }) => event.kind === 'garbage');
  const sent = garbage.reduce((sum, each) => sum + each.sent, 0);
  const acknowledged = garbage.reduce((sum, each) => sum + each.acknowledged, 0);
  const { dropped = {} } = keptStages(world).get('rules') ?? {};
  const filtered = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  demand(
    filtered <= sent && (mayLose || filtered >= acknowledged),
    'I1 no loss',
    () => `${filtered} messages were filtered, ${acknowledged} acknowledged and ${sent} sent`,
  );
}

/** A device sends one after the other, so the first records of its events lie in its shard in that order. */
function checkOrder(readings: readonly KeptReading[]): void {
  const seen = new Set<EventHistory>();
  const last = new Map<string, number>();
  for (const { history, place } of readings) {
    if (seen.has(history)) continue;
    seen.add(history);
    const { sensorId, atMillis } = history.event;
    demand(
      atMillis >= (last.get(sensorId) ?? 0),
      'I5 order',
      () => `record ${place} of ${sensorId} is early`,
    );
    last.set(sensorId, atMillis);
  }
}

/** A function is given the records of a key in their order, but for those that it is given once more. */
function checkGiven(world: World): void {
  for (const { name: mapping, stream } of functionsOf(world.options)) {
    const ids = world.given.get(mapping) ?? [];
    const seen = new Set<string>();
    const last = new Map<string, number>();
    for (const id of ids) {
      if (seen.has(id)) continue;
      seen.add(id);
      const shard = Number(id.slice('shardId-'.length).split(':')[0]);
      const index = Number(id.slice(-16));
      const key = world.kept.get(`${stream}/${shard}`)?.[index]?.key;
      demand(key !== undefined, 'I3 no phantom', () => `${mapping} was given ${id}, which is not kept`);
      const place = `${shard}/${key}`;
      demand(index > (last.get(place) ?? -1), 'I5 order', () => `${mapping} was given ${id} too late`);
      last.set(place, index);
    }
  }
}
