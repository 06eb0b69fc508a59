import { BatchGetCommand, GetCommand, QueryCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Reading } from '../telemetry/reading.ts';
import { dynamoDb } from './aws-clients.ts';
import { DEFAULT_BACKOFF, pause } from './backoff.ts';
import { orderKey } from './keys.ts';
import { awsErrorName, StoreError } from './store-error.ts';
import { decodeNumberAttribute, encodeNullable, encodeNumber } from './stored-number.ts';

export { orderKey };

/*
 * One item per sensor: key `sensor_id`. The indexes `by-station` and `by-state` project keys only, so that a new value
 * does not write them.
 */

/** The newest reading of a sensor; `time` in milliseconds since the epoch. */
export interface LatestReading {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly state: string;
  readonly city: string;
  readonly time: number;
  readonly value: number | null;
  readonly smoothed: number | null;
  readonly direction: number | null;
}

const INDEX_OF = { station_id: 'by-station', state: 'by-state' } as const;
/** BatchGetItem takes 100 keys (DynamoDB API reference, "BatchGetItem"). */
const MAX_KEYS = 100;
/** Sensors of a station that one request reads. */
const STATION_PAGE = 1000;

/** Keeps the reading when it is newer than the stored one (greater {@link orderKey}); returns whether it was. */
export async function putLatest(tableName: string, reading: Reading): Promise<boolean> {
  const fields = {
    sensor: reading.sensor,
    station_id: reading.station_id,
    state: reading.state,
    city: reading.city,
    time_millis: reading.sensor_timestamp,
    value: encodeNumber(reading.sensor_value),
    smoothed: encodeNullable(reading.sensor_value_smoothed),
    direction: encodeNullable(reading.direction),
    order_key: orderKey(reading),
  };
  const names = Object.keys(fields);
  try {
    await dynamoDb().send(
      new UpdateCommand({
        TableName: tableName,
        Key: { sensor_id: reading.sensor_id },
        UpdateExpression: `SET ${names.map((name) => `#${name}=:${name}`).join(',')}`,
        ConditionExpression: 'attribute_not_exists(sensor_id) OR #order_key < :order_key',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [`:${name}`, value]),
        ),
      }),
    );
    return true;
  } catch (error) {
    if (awsErrorName(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

export async function getLatest(tableName: string, sensorId: string): Promise<LatestReading | undefined> {
  const { Item } = await dynamoDb().send(
    new GetCommand({ TableName: tableName, Key: { sensor_id: sensorId } }),
  );
  return Item === undefined ? undefined : decodeLatest(Item);
}

/** Which sensors to list; `after` is the `next` of the page before. */
export interface SensorQuery {
  readonly station_id?: string;
  readonly state?: string;
  readonly limit: number;
  readonly after?: string;
}

/** One page of sensors, sorted by `sensor_id` within the page, and the cursor of the next. */
export async function listSensors(
  tableName: string,
  query: SensorQuery,
): Promise<{ rows: LatestReading[]; next?: string }> {
  const key = query.station_id !== undefined ? 'station_id' : query.state !== undefined ? 'state' : undefined;
  const ids: string[] = [];
  const rows: LatestReading[] = [];
  let after = query.after;
  do {
    const page = await readPage(tableName, key, query, query.limit - rows.length - ids.length, after);
    const { Items = [], LastEvaluatedKey } = page;
    if (key === undefined) rows.push(...Items.map(decodeLatest));
    else ids.push(...Items.map((item) => String(item.sensor_id)));
    after = LastEvaluatedKey === undefined ? undefined : String(LastEvaluatedKey.sensor_id);
  } while (after !== undefined && rows.length + ids.length < query.limit);
  const found = key === undefined ? rows : await readMany(tableName, ids);
  const wanted = found.filter((row) => query.state === undefined || row.state === query.state);
  wanted.sort((a, b) => (a.sensor_id < b.sensor_id ? -1 : 1));
  return after === undefined ? { rows: wanted } : { rows: wanted, next: after };
}

/** The ids of all sensors of a station. */
export async function listStationSensors(tableName: string, stationId: string): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const query = { station_id: stationId, limit: STATION_PAGE };
    const { Items = [], LastEvaluatedKey } = await readPage(
      tableName,
      'station_id',
      query,
      STATION_PAGE,
      after,
    );
    ids.push(...Items.map((item) => String(item.sensor_id)));
    after = LastEvaluatedKey === undefined ? undefined : String(LastEvaluatedKey.sensor_id);
  } while (after !== undefined);
  return ids;
}

function readPage(
  TableName: string,
  key: keyof typeof INDEX_OF | undefined,
  query: SensorQuery,
  Limit: number,
  after: string | undefined,
) {
  const start = after === undefined ? {} : { sensor_id: after };
  if (key === undefined) {
    const resume = after === undefined ? {} : { ExclusiveStartKey: start };
    return dynamoDb().send(new ScanCommand({ TableName, Limit, ...resume }));
  }
  const resume = after === undefined ? {} : { ExclusiveStartKey: { ...start, [key]: query[key] } };
  return dynamoDb().send(
    new QueryCommand({
      TableName,
      Limit,
      IndexName: INDEX_OF[key],
      KeyConditionExpression: '#key = :key',
      ExpressionAttributeNames: { '#key': key },
      ExpressionAttributeValues: { ':key': query[key] },
      ...resume,
    }),
  );
}

async function readMany(tableName: string, ids: readonly string[]): Promise<LatestReading[]> {
  const rows: LatestReading[] = [];
  for (let from = 0; from < ids.length; from += MAX_KEYS) {
    let keys: Record<string, unknown>[] = ids
      .slice(from, from + MAX_KEYS)
      .map((sensor_id) => ({ sensor_id }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      if (attempt === DEFAULT_BACKOFF.attempts) {
        throw new StoreError(
          `Cannot read table "${tableName}": ${keys.length} keys unprocessed after ${attempt} attempts`,
        );
      }
      if (attempt > 0) await pause(attempt, DEFAULT_BACKOFF);
      const answer = await dynamoDb().send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: keys } } }),
      );
      rows.push(...(answer.Responses?.[tableName] ?? []).map(decodeLatest));
      keys = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
  }
  return rows;
}

function decodeLatest(item: Record<string, unknown>): LatestReading {
  return {
    sensor_id: String(item.sensor_id),
    sensor: String(item.sensor),
    station_id: String(item.station_id),
    state: String(item.state),
    city: String(item.city),
    time: Number(item.time_millis),
    value: decodeNumberAttribute(item.value),
    smoothed: decodeNumberAttribute(item.smoothed),
    direction: decodeNumberAttribute(item.direction),
  };
}
