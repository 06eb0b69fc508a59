import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoWeek, isoWeeksBetween } from '../telemetry/iso-week.ts';
import type { Reading } from '../telemetry/reading.ts';
import { dynamoDb } from './aws-clients.ts';
import { itemStartOf, sampleKey, weeklyTableName } from './keys.ts';
import { cutPage, needsMore, type Page } from './page.ts';
import { awsErrorName } from './store-error.ts';
import { decodeNumberAttribute, encodeNullable, encodeNumber } from './stored-number.ts';
import { existingWeeks } from './weekly-tables.ts';

export { sampleKey };

/*
 * One item per sensor and minute, or some minutes (`itemMinutes`, the same for all who write and read): key `sensor_id` +
 * `minute_millis` (the minute in which it begins). Each reading is one attribute of it, named by the reading's identity and
 * holding `[value, smoothed, direction]`:
 *
 *   { sensor_id: 's1', minute_millis: 1795262400000, 'b5s.Xy_9aQ2k': [21.5, 21.4, -1], 'bxk.…': … }
 *
 * Writing is `SET #k = :v` for each reading, without a read: it makes the item when there is none, a replay writes the
 * same again, the order does not matter, and two writers touch different attributes. UPDATED_OLD tells which were there.
 *
 * Cost: one UpdateItem per sensor, item and batch. It takes one write unit per KB of the item after the write, about
 * 40 readings per KB: 1 unit for most writes of a 1 Hz sensor, 2 for a packed publish of 60 readings instead of 60. Longer
 * items are begun and ended less often within a batch, which is cheaper until they outgrow a KB.
 */

/** An update expression may hold 4 KB and 300 operators (DynamoDB developer guide, "Service quotas"). */
const MAX_SAMPLES_PER_WRITE = 100;
const QUERY_ITEMS = 100;
/** Up to here each week is simply asked for; beyond it, the tables are listed first. */
const MAX_WEEKS_PROBED = 4;

/** One reading with its place in the table. */
export interface KeyedReading {
  readonly reading: Reading;
  /** Attribute name within the item, see {@link sampleKey}. */
  readonly sampleKey: string;
}

/** What one write carries: readings of one sensor and item. Under each key, all the readings that have it. */
export interface ItemPack<T extends KeyedReading> {
  readonly week: string;
  readonly sensorId: string;
  readonly minuteMillis: number;
  readonly samples: ReadonlyMap<string, readonly [T, ...T[]]>;
}

/** A stored sample as it is read back; `time` in milliseconds since the epoch. */
export interface Sample {
  readonly time: number;
  readonly value: number | null;
  readonly smoothed: number | null;
  readonly direction: number | null;
  readonly sensor_id: string;
}

/** Groups readings by sensor and item, at most 100 keys in a pack; readings with one identity share a key. */
export function packByItem<T extends KeyedReading>(
  readings: Iterable<T>,
  itemMinutes: number,
): ItemPack<T>[] {
  const groups = new Map<string, Map<string, [T, ...T[]]>>();
  for (const keyed of readings) {
    const group = `${itemStartOf(keyed.reading.sensor_timestamp, itemMinutes)} ${keyed.reading.sensor_id}`;
    let samples = groups.get(group);
    if (samples === undefined) {
      samples = new Map();
      groups.set(group, samples);
    }
    const same = samples.get(keyed.sampleKey);
    if (same === undefined) samples.set(keyed.sampleKey, [keyed]);
    else same.push(keyed);
  }
  return [...groups.values()].flatMap((samples) => splitPacks(samples, itemMinutes));
}

function splitPacks<T extends KeyedReading>(
  samples: ReadonlyMap<string, [T, ...T[]]>,
  itemMinutes: number,
): ItemPack<T>[] {
  const entries = [...samples];
  const packs: ItemPack<T>[] = [];
  for (let from = 0; from < entries.length; from += MAX_SAMPLES_PER_WRITE) {
    const part = entries.slice(from, from + MAX_SAMPLES_PER_WRITE);
    const { sensor_id, sensor_timestamp } = part[0]![1][0].reading;
    const minuteMillis = itemStartOf(sensor_timestamp, itemMinutes);
    packs.push({ week: isoWeek(minuteMillis), sensorId: sensor_id, minuteMillis, samples: new Map(part) });
  }
  return packs;
}

/** Writes one pack; returns the sample keys that were stored before. */
export async function storePack(prefix: string, pack: ItemPack<KeyedReading>): Promise<ReadonlySet<string>> {
  const entries = [...pack.samples];
  const values = entries.map(([, [{ reading }]], i) => [`:${i}`, encodeSample(reading)]);
  const { Attributes } = await dynamoDb().send(
    new UpdateCommand({
      TableName: weeklyTableName(prefix, pack.week),
      Key: { sensor_id: pack.sensorId, minute_millis: pack.minuteMillis },
      UpdateExpression: `SET ${entries.map((_, i) => `#${i}=:${i}`).join(',')}`,
      ExpressionAttributeNames: Object.fromEntries(entries.map(([key], i) => [`#${i}`, key])),
      ExpressionAttributeValues: Object.fromEntries(values),
      ReturnValues: 'UPDATED_OLD',
    }),
  );
  return new Set(Object.keys(Attributes ?? {}));
}

/** Which samples to read, out of items of so many minutes. */
export interface SampleQuery {
  readonly sensorId: string;
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly limit: number;
  readonly itemMinutes: number;
}

/** Samples of one sensor in [fromMillis, toMillis), ascending, across the weekly tables; missing weeks are empty. */
export async function querySamples(prefix: string, query: SampleQuery): Promise<Page<Sample>> {
  const samples: Sample[] = [];
  for (const week of await weeksToAsk(prefix, query.fromMillis, query.toMillis)) {
    for await (const page of itemsOf(weeklyTableName(prefix, week), query)) {
      samples.push(
        ...page.flatMap(decodeItem).filter((s) => s.time >= query.fromMillis && s.time < query.toMillis),
      );
      if (!needsMore(samples, query.limit, timeOf)) return cutPage(samples, query.limit, timeOf);
    }
  }
  return cutPage(samples, query.limit, timeOf);
}

async function weeksToAsk(prefix: string, fromMillis: number, toMillis: number): Promise<string[]> {
  if (fromMillis >= toMillis) return [];
  const first = isoWeek(fromMillis);
  const last = isoWeek(toMillis - 1);
  if (toMillis - fromMillis <= MAX_WEEKS_PROBED * 7 * 86_400_000)
    return isoWeeksBetween(fromMillis, toMillis);
  return (await existingWeeks(prefix)).filter((week) => week >= first && week <= last);
}

type Item = Readonly<Record<string, unknown>>;

async function* itemsOf(tableName: string, query: SampleQuery): AsyncGenerator<Item[]> {
  let start: Item | undefined;
  do {
    const page = await dynamoDb()
      .send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'sensor_id = :s AND minute_millis BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':s': query.sensorId,
            ':from': itemStartOf(query.fromMillis, query.itemMinutes),
            ':to': query.toMillis - 1,
          },
          Limit: QUERY_ITEMS,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      )
      .catch((error: unknown) => {
        if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
        throw error;
      });
    if (page === undefined) return;
    yield page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

function encodeSample(reading: Reading): (number | string | null)[] {
  const { sensor_value, sensor_value_smoothed, direction } = reading;
  return [encodeNumber(sensor_value), encodeNullable(sensor_value_smoothed), encodeNullable(direction)];
}

function decodeItem(item: Item): Sample[] {
  const sensor_id = String(item.sensor_id);
  const minuteMillis = Number(item.minute_millis);
  const names = Object.keys(item).filter((name) => name.includes('.'));
  const samples = names.map((name) => {
    const [value, smoothed, direction] = item[name] as unknown[];
    const time = minuteMillis + Number.parseInt(name, 36);
    return {
      name,
      sample: {
        time,
        value: decodeNumberAttribute(value),
        smoothed: decodeNumberAttribute(smoothed),
        direction: decodeNumberAttribute(direction),
        sensor_id,
      },
    };
  });
  samples.sort((a, b) => a.sample.time - b.sample.time || (a.name < b.name ? -1 : 1));
  return samples.map(({ sample }) => sample);
}

function timeOf(sample: Sample): number {
  return sample.time;
}
