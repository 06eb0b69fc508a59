import { decodeReading } from '../telemetry/decode-reading.ts';
import type { ReplaySource } from './replay-source.ts';

const HOUR_MILLIS = 3_600_000;
const KEY_HOUR = /^curated\/date=(\d{4}-\d{2}-\d{2})\/hour=(\d{2})\//;

/** `curated/date=2026-11-21/hour=04/…`: readings by the hour in which they were measured, one a line. */
export const curatedSource: ReplaySource = {
  bucket: 'archive',
  prefixes: ['curated/'],
  timeMeans: 'time of measurement',
  startAfter: ({ fromMillis }) => {
    const iso = new Date(fromMillis).toISOString();
    return `curated/date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
  },
  mayHold: ({ key }, { fromMillis, toMillis }) => {
    const [, day, hour] = KEY_HOUR.exec(key) ?? [];
    const hourMillis = Date.parse(`${day}T${hour}:00:00Z`);
    return hourMillis < toMillis && hourMillis + HOUR_MILLIS > fromMillis;
  },
  async *read(object, { nowMillis }) {
    for await (const line of object.lines()) {
      const decoded = decodeReading(line, nowMillis);
      yield { decoded, ...(decoded.ok && { timeMillis: decoded.value.sensor_timestamp }) };
    }
  },
};
