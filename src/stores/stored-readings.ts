import { BatchGetCommand, type BatchGetCommandInput } from '@aws-sdk/lib-dynamodb';
import { isoWeek } from '../telemetry/iso-week.ts';
import { dynamoDb } from './aws-clients.ts';
import { DEFAULT_BACKOFF, pause } from './backoff.ts';
import { itemStartOf, weeklyTableName } from './keys.ts';
import type { KeyedReading } from './readings-table.ts';
import { awsErrorName, StoreError } from './store-error.ts';
import { isClosed } from './week-phase.ts';
import { currentWeeks } from './weekly-tables.ts';

/** What would become of a reading that arrived now: it is there already, it would be new, or its week has no table. */
export type Standing = 'stored' | 'new' | 'no-weekly-table';

/** BatchGetItem takes 100 keys (DynamoDB API reference, "BatchGetItem"). */
const MAX_KEYS = 100;

type Item = Readonly<Record<string, unknown>>;
type Keys = NonNullable<BatchGetCommandInput['RequestItems']>;

export interface StoredReadingsOptions {
  readonly nowMillis: number;
  readonly exportAfterWeeks: number;
  /** As the readings are kept, see readings-table.ts. */
  readonly itemMinutes: number;
}

/** The standing of each reading, in their order; an item is read once however many readings lie in it. */
export async function lookUpReadings(
  prefix: string,
  readings: readonly KeyedReading[],
  { nowMillis, exportAfterWeeks, itemMinutes }: StoredReadingsOptions,
): Promise<Standing[]> {
  const standings = new Map<KeyedReading, Standing>();
  const weeks = Map.groupBy(readings, ({ reading }) => isoWeek(reading.sensor_timestamp));
  for (const [week, group] of weeks) {
    const items = isClosed(week, nowMillis, exportAfterWeeks)
      ? undefined
      : await readItems(weeklyTableName(prefix, week), group, itemMinutes);
    const absent = items || currentWeeks(nowMillis).includes(week) ? 'new' : 'no-weekly-table';
    for (const keyed of group) {
      const item = items?.get(itemKey(keyed, itemMinutes));
      standings.set(keyed, item && Object.hasOwn(item, keyed.sampleKey) ? 'stored' : absent);
    }
  }
  return readings.map((keyed) => standings.get(keyed)!);
}

/** Undefined when there is no such table. */
async function readItems(
  tableName: string,
  readings: readonly KeyedReading[],
  itemMinutes: number,
): Promise<Map<string, Item> | undefined> {
  const keys = [
    ...new Map(readings.map((keyed) => [itemKey(keyed, itemMinutes), keyOf(keyed, itemMinutes)])).values(),
  ];
  const items = new Map<string, Item>();
  try {
    for (let from = 0; from < keys.length; from += MAX_KEYS) {
      for (const item of await readPage(tableName, keys.slice(from, from + MAX_KEYS)))
        items.set(JSON.stringify([item.sensor_id, item.minute_millis]), item);
    }
    return items;
  } catch (error) {
    if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function readPage(tableName: string, keys: readonly Record<string, unknown>[]): Promise<Item[]> {
  const items: Item[] = [];
  let left: Keys = { [tableName]: { Keys: [...keys], ConsistentRead: true } };
  for (let attempt = 0; attempt < DEFAULT_BACKOFF.attempts; attempt++) {
    if (attempt > 0) await pause(attempt, DEFAULT_BACKOFF);
    const { Responses, UnprocessedKeys = {} } = await dynamoDb().send(
      new BatchGetCommand({ RequestItems: left }),
    );
    items.push(...(Responses?.[tableName] ?? []));
    if (Object.keys(UnprocessedKeys).length === 0) return items;
    left = UnprocessedKeys;
  }
  throw new StoreError(
    `Cannot read ${keys.length} items of table "${tableName}": some are still not read after ${DEFAULT_BACKOFF.attempts} attempts`,
  );
}

function keyOf({ reading }: KeyedReading, itemMinutes: number) {
  const { sensor_id, sensor_timestamp } = reading;
  return { sensor_id, minute_millis: itemStartOf(sensor_timestamp, itemMinutes) };
}

function itemKey(keyed: KeyedReading, itemMinutes: number): string {
  const { sensor_id, minute_millis } = keyOf(keyed, itemMinutes);
  return JSON.stringify([sensor_id, minute_millis]);
}
