import { gzipSync } from 'node:zlib';
import type { Reading } from '../src/telemetry/reading.ts';
import { PayloadTooLargeError } from './device-error.ts';

/** AWS IoT Core endpoints and quotas, "Message size": 128 KB for a publish. */
export const MAX_PAYLOAD_BYTES = 131_072;

/**
 * The payload of one reading, as JSON text. The topic carries the address, so the payload does not repeat it; optional fields
 * that the device does not keep are left out.
 */
export function encodeReading(reading: Reading): string {
  return JSON.stringify(payloadFields(reading));
}

/**
 * The payload of a packed publish, `{"readings":[…]}`, gzipped if asked. State, city and station stand in the topic.
 * @throws PayloadTooLargeError when the result is larger than AWS IoT Core accepts
 */
export function encodeBatch(readings: readonly Reading[], { gzip = false } = {}): Buffer {
  const entries = readings.map((reading) => ({
    sensor: reading.sensor,
    sensor_id: reading.sensor_id,
    ...payloadFields(reading),
  }));
  const plain = Buffer.from(JSON.stringify({ readings: entries }));
  const payload = gzip ? gzipSync(plain) : plain;
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new PayloadTooLargeError(
      `Cannot publish a batch of ${readings.length} readings: it has ${payload.length} bytes, at most ${MAX_PAYLOAD_BYTES} are allowed`,
    );
  return payload;
}

/** JSON.stringify leaves out what is undefined, which is what an optional field that is not kept means. */
function payloadFields(reading: Reading) {
  return {
    sensor_timestamp: reading.sensor_timestamp,
    sensor_value: reading.sensor_value,
    sensor_value_smoothed: reading.sensor_value_smoothed,
    direction: reading.direction,
    device_id: reading.device_id,
    boot_id: reading.boot_id,
    sequence: reading.sequence,
  };
}
