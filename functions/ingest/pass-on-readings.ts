import { putReadings } from '../../src/stores/readings-stream.ts';
import { PartialWriteError } from '../../src/stores/store-error.ts';
import type { Reading } from '../../src/telemetry/reading.ts';
import { requiredVariable } from '../environment.ts';

/** What the stream did not take, and what it said. */
export interface NotPassedOn {
  readonly readings: ReadonlySet<Reading>;
  readonly error: Error;
}

/**
 * Writes readings to the data stream, out of which everything else takes them.
 * @returns which readings it did not take; undefined when it took all
 */
export async function passOnReadings(readings: readonly Reading[]): Promise<NotPassedOn | undefined> {
  try {
    await putReadings(requiredVariable('READINGS_STREAM'), readings);
    return undefined;
  } catch (error) {
    if (!(error instanceof PartialWriteError)) return { readings: new Set(readings), error: error as Error };
    return { readings: new Set(error.unwritten.map((index) => readings[index]!)), error };
  }
}
