import { gunzipSync } from 'node:zlib';
import { archiveKey, hourOf, itemStartOf, orderKey, sampleKey, weeklyTableName } from '../../stores/keys.ts';
import { decodeReading } from '../../telemetry/decode-reading.ts';
import { decodeWindow, parseRecordTimestamp } from '../../telemetry/decode-window.ts';
import { eventId } from '../../telemetry/event-id.ts';
import { isoWeek } from '../../telemetry/iso-week.ts';
import type { Reading } from '../../telemetry/reading.ts';
import type { PublishedWindow } from '../../telemetry/window.ts';
import { callDynamodb, DynamodbError } from '../dynamodb/dynamodb-call.ts';
import type { FoundRecord } from './find-records.ts';
import { printTime } from './print-time.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>;

/** What a record carries, for the stores. */
interface Stored {
  readonly record: FoundRecord;
  readonly reading: Reading | undefined;
  readonly window: PublishedWindow | undefined;
  /** Of the items in the readings table. */
  readonly itemMinutes: number;
}

/** Looks for what a function made of a record in one of its stores; undefined when nothing of the kind goes there. */
type LookUp = (name: string, stored: Stored, context: TraceContext) => Promise<TraceStep> | undefined;

/** By the variable of its environment that names the store to the function. */
const LOOK_UPS: Readonly<Record<string, LookUp>> = {
  READINGS_TABLE_PREFIX: (name, { reading, itemMinutes }, context) =>
    reading && lookUpSample(name, reading, itemMinutes, context),
  LATEST_TABLE: (name, { reading }, context) => reading && lookUpLatest(name, reading, context),
  WINDOWS_TABLE: (name, { window }, context) => window && lookUpWindow(name, window, context),
};

/**
 * What a function with this environment keeps of a record, store by store. What is not there is
 * `waiting`: whoever knows how far the function is decides whether it may still come.
 */
export async function traceItems(
  environment: Readonly<Record<string, string>>,
  record: FoundRecord,
  context: TraceContext,
): Promise<readonly TraceStep[]> {
  const reading = decodeReading(record.data, record.arrivalMillis);
  const window = decodeWindow(record.data);
  const stored: Stored = {
    record,
    reading: reading.ok ? reading.value : undefined,
    window: window.ok ? window.value : undefined,
    itemMinutes: Number(environment.READINGS_ITEM_MINUTES ?? 1),
  };
  const lookUps = Object.entries(LOOK_UPS).flatMap(([variable, lookUp]) => {
    const name = environment[variable];
    return (name && lookUp(name, stored, context)) || [];
  });
  const bucketName = environment.ARCHIVE_BUCKET;
  const keepsItems = Object.keys(LOOK_UPS).some((variable) => environment[variable]);
  const steps = await Promise.all(lookUps);
  if (keepsItems || !bucketName || !stored.reading) return steps;
  return [...steps, ...(await findArchived(bucketName, stored.reading, record, context))];
}

async function lookUpSample(
  prefix: string,
  reading: Reading,
  itemMinutes: number,
  context: TraceContext,
): Promise<TraceStep> {
  const table = weeklyTableName(prefix, isoWeek(reading.sensor_timestamp));
  const minuteMillis = itemStartOf(reading.sensor_timestamp, itemMinutes);
  const attribute = sampleKey(reading, itemMinutes);
  const key = { sensor_id: reading.sensor_id, minute_millis: minuteMillis };
  const item = await getItem(
    table,
    { sensor_id: { S: reading.sensor_id }, minute_millis: { N: String(minuteMillis) } },
    context,
  );
  const isThere = item !== undefined && Object.hasOwn(item, attribute);
  const place = `table ${table}, item ${reading.sensor_id} + ${minuteMillis}, attribute ${attribute}`;
  return found(isThere, place, { table, ...key, attribute });
}

async function lookUpLatest(table: string, reading: Reading, context: TraceContext): Promise<TraceStep> {
  const item = await getItem(table, { sensor_id: { S: reading.sensor_id } }, context);
  const kept = item?.order_key?.S ?? '';
  const isNewest = kept === orderKey(reading);
  const place = `table ${table}, item ${reading.sensor_id}`;
  const data = { table, sensor_id: reading.sensor_id };
  if (kept <= orderKey(reading)) return found(isNewest, place, { ...data, isNewest: true });
  const newest = Number(item?.time_millis?.N);
  const text =
    newest === reading.sensor_timestamp
      ? `${place}: keeps another reading of the same instant`
      : `${place}: keeps a newer reading, of ${printTime(newest)}`;
  return { kind: 'item', state: 'passed', text, data: { ...data, isNewest: false, newestMillis: newest } };
}

async function lookUpWindow(
  table: string,
  window: PublishedWindow,
  context: TraceContext,
): Promise<TraceStep> {
  const endMillis = parseRecordTimestamp(window.record_timestamp)!;
  const key = { sensor_id: { S: window.sensor_id }, window_end_millis: { N: String(endMillis) } };
  const item = await getItem(table, key, context);
  const revision = Number(item?.revision?.N ?? -1);
  const place = `table ${table}, item ${window.sensor_id} + ${endMillis}`;
  return found(revision >= window.revision, place, {
    table,
    sensor_id: window.sensor_id,
    window_end_millis: endMillis,
  });
}

/** The object of the archive that holds a reading, where a function archives: most that may write there do not. */
async function findArchived(
  bucketName: string,
  reading: Reading,
  { shardId, sequenceNumber }: FoundRecord,
  { objects }: TraceContext,
): Promise<TraceStep[]> {
  const own = archiveKey(hourOf(reading.sensor_timestamp), shardId, sequenceNumber);
  const prefix = own.slice(0, own.lastIndexOf('/') + 1) + shardId;
  const key = await objects.lastUpTo(bucketName, own, prefix);
  const bytes = key && (await objects.read(bucketName, key));
  if (!bytes || !gunzipSync(bytes).includes(JSON.stringify(eventId(reading)))) return [];
  return [
    { kind: 'object', state: 'passed', text: `object s3://${bucketName}/${key}`, data: { bucketName, key } },
  ];
}

function found(isThere: boolean, place: string, data: NonNullable<TraceStep['data']>): TraceStep {
  return { kind: 'item', state: isThere ? 'passed' : 'waiting', text: place, data };
}

/** @returns undefined when there is no such item, or no such table */
async function getItem(
  TableName: string,
  Key: object,
  { dynamodbUrl }: TraceContext,
): Promise<Attributes | undefined> {
  try {
    const input = { TableName, Key, ConsistentRead: true };
    return ((await callDynamodb(dynamodbUrl, 'GetItem', input)) as { Item?: Attributes }).Item;
  } catch (error) {
    if (error instanceof DynamodbError && error.type === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
