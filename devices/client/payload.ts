import type { Reading } from '../../src/telemetry/reading.ts';

/** A reading as a device sends it. */
export interface SentReading extends Reading {
  /** How far the device's clock was ahead of the server's, when that was too much. */
  readonly clock_offset_millis?: number;
}

/**
 * The payload of one reading, as JSON text. The topic carries the address, so the payload does not repeat it; optional fields
 * that the device does not keep are left out.
 */
export function encodeReading(reading: SentReading): string {
  return JSON.stringify(payloadFields(reading));
}

/** JSON.stringify leaves out what is undefined, which is what an optional field that is not kept means. */
export function payloadFields(reading: SentReading) {
  return {
    sensor_timestamp: reading.sensor_timestamp,
    sensor_value: reading.sensor_value,
    sensor_value_smoothed: reading.sensor_value_smoothed,
    direction: reading.direction,
    device_id: reading.device_id,
    boot_id: reading.boot_id,
    sequence: reading.sequence,
    clock_offset_millis: reading.clock_offset_millis,
  };
}
