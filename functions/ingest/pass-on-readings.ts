import { deliverReadings } from '../../src/stores/raw-delivery-stream.ts';
import { putReadings } from '../../src/stores/readings-stream.ts';
import { PartialWriteError } from '../../src/stores/store-error.ts';
import type { Reading } from '../../src/telemetry/reading.ts';
import { requiredVariable } from '../environment.ts';

/** What a stream did not take, and what it said. */
export interface NotPassedOn {
  readonly readings: ReadonlySet<Reading>;
  readonly error: Error;
}

/**
 * Writes readings to the data stream, and those that it took to the delivery stream.
 * @returns which readings are not in both; undefined when all are
 */
export async function passOnReadings(readings: readonly Reading[]): Promise<NotPassedOn | undefined> {
  const stream = requiredVariable('READINGS_STREAM');
  const deliveryStream = requiredVariable('RAW_DELIVERY_STREAM');
  const notPut = await refusedBy((each) => putReadings(stream, each), readings);
  const put = notPut ? readings.filter((reading) => !notPut.readings.has(reading)) : readings;
  const notDelivered = await refusedBy((each) => deliverReadings(deliveryStream, each), put);
  if (!notPut || !notDelivered) return notPut ?? notDelivered;
  return { readings: new Set([...notPut.readings, ...notDelivered.readings]), error: notPut.error };
}

async function refusedBy(
  write: (readings: readonly Reading[]) => Promise<void>,
  readings: readonly Reading[],
): Promise<NotPassedOn | undefined> {
  try {
    await write(readings);
    return undefined;
  } catch (error) {
    if (!(error instanceof PartialWriteError)) return { readings: new Set(readings), error: error as Error };
    return { readings: new Set(error.unwritten.map((index) => readings[index]!)), error };
  }
}
