import { gzipSync } from 'node:zlib';
import { PayloadTooLargeError } from '../device-error.ts';
import { payloadFields, type SentReading } from './payload.ts';

/** AWS IoT Core endpoints and quotas, "Message size": 128 KB for a publish. */
export const MAX_PAYLOAD_BYTES = 131_072;

/**
 * The payload of a packed publish, `{"readings":[…]}`, gzipped if asked. State, city and station stand in the topic.
 * @throws PayloadTooLargeError when the result is larger than AWS IoT Core accepts
 */
export function encodeBatch(readings: readonly SentReading[], { gzip = false } = {}): Buffer {
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
