import { createHash } from 'node:crypto';
import type { Reading } from './reading.ts';

/**
 * The identity of an event, derived and never random, so that a replay overwrites itself: `device/boot/sequence` when the
 * device sends all three, else the SHA-256 of the topic's parts, the timestamp and the payload's fields. Kinesis sequence
 * numbers are no identity: a producer's retry gets a new one (Kinesis developer guide, "Handle duplicate records").
 */
export function eventId(reading: Reading): string {
  const { device_id, boot_id, sequence } = reading;
  if (device_id !== undefined && boot_id !== undefined && sequence !== undefined) {
    return `${encodeURIComponent(device_id)}/${encodeURIComponent(boot_id)}/${sequence}`;
  }
  return createHash('sha256')
    .update(JSON.stringify(identifyingFields(reading)))
    .digest('base64url');
}

function identifyingFields(reading: Reading): readonly (string | number | null)[] {
  return [
    reading.state,
    reading.city,
    reading.station_id,
    reading.sensor,
    reading.sensor_id,
    reading.sensor_timestamp,
    reading.sensor_value,
    reading.sensor_value_smoothed ?? null,
    reading.direction ?? null,
    reading.device_id ?? null,
    reading.boot_id ?? null,
    reading.sequence ?? null,
  ];
}
