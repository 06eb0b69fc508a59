import { createHash } from 'node:crypto';
import { eventId } from '../telemetry/event-id.ts';
import type { Reading } from '../telemetry/reading.ts';

/*
 * The names under which things are kept, as functions of what is kept: for those who write them, and for those who only
 * want to know whether something is there.
 */

const MINUTE_MILLIS = 60_000;
const HOUR_MILLIS = 3_600_000;

/** Start of the item that keeps a sensor's readings of an instant, milliseconds since the epoch: a whole minute. */
export function itemStartOf(millis: number, itemMinutes: number): number {
  const itemMillis = itemMinutes * MINUTE_MILLIS;
  return Math.floor(millis / itemMillis) * itemMillis;
}

/** Start of the hour of an instant, milliseconds since the epoch. */
export function hourOf(millis: number): number {
  return Math.floor(millis / HOUR_MILLIS) * HOUR_MILLIS;
}

/** The table that keeps the readings of an ISO week, such as `2026-W47`. */
export function weeklyTableName(prefix: string, week: string): string {
  return `${prefix}${week}`;
}

/** Where the exports of a week's table go, without a slash at the end. */
export function readingsExportPrefix(week: string): string {
  return `exports/readings/${week}`;
}

/** Attribute name of a reading within its item: its offset from the start, base 36, and a hash of its identity. */
export function sampleKey(reading: Reading, itemMinutes: number): string {
  const offset = reading.sensor_timestamp - itemStartOf(reading.sensor_timestamp, itemMinutes);
  // 48 bits need to tell apart only the events of one sensor in one millisecond.
  const hash = createHash('sha256').update(eventId(reading)).digest('base64url').slice(0, 8);
  return `${offset.toString(36)}.${hash}`;
}

/**
 * Total order of a sensor's readings as text: event time, then the device's sequence, then the identity. It does not depend
 * on the order of arrival, so every replay ends with the same item.
 */
export function orderKey(reading: Reading): string {
  const { sequence } = reading;
  const tie = Number.isSafeInteger(sequence) && sequence! >= 0 ? sequence! : 0;
  return `${pad(reading.sensor_timestamp)}#${pad(tie)}#${eventId(reading)}`;
}

/**
 * `curated/date=2026-11-21/hour=04/shardId-000000000000-4954….json.gz`. The name follows from the first record that the
 * object holds, so that a retry of the batch overwrites it.
 */
export function archiveKey(hourMillis: number, shardId: string, firstSequenceNumber: string): string {
  const iso = new Date(hourMillis).toISOString();
  return `curated/date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/${shardId}-${firstSequenceNumber}.json.gz`;
}

/** `rejected/date=2026-11-21/store-readings/shardId-000000000000-4954…-4954….json` */
export function rejectedKey(receivedMillis: number, functionName: string, name: string): string {
  return `rejected/date=${new Date(receivedMillis).toISOString().slice(0, 10)}/${functionName}/${name}.json`;
}

/** What a rejected packed publish is named by: itself, as there is no sequence number. A retry overwrites it. */
export function publishName(topic: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(topic).update('\n').update(bytes).digest('hex');
  return `mqtt-${hash.slice(0, 32)}`;
}

function pad(value: number): string {
  return String(value).padStart(16, '0');
}
