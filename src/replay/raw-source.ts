import { foundRecord } from './found-message.ts';
import type { ReplaySource } from './replay-source.ts';

/** Firehose holds records back for at most 15 minutes (Amazon Data Firehose developer guide, buffering hints). */
const LONGEST_BUFFER_MILLIS = 15 * 60_000;
const HOUR_MILLIS = 3_600_000;
/** `<stream>-<version>-2026-11-21-04-00-12-<id>`: the time of the first record (same guide, object names). */
const NAME_TIME = /-(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})-(\d{2})-[^/]*$/;

/** `raw/2026/11/21/04/…`: what the delivery stream wrote, records as they were in the stream, one a line. */
export const rawSource: ReplaySource = {
  bucket: 'raw',
  prefixes: ['raw/'],
  timeMeans: 'arrival, by whole objects',
  startAfter: ({ fromMillis }) => {
    const iso = new Date(fromMillis - HOUR_MILLIS).toISOString();
    return `raw/${iso.slice(0, 13).replaceAll('-', '/').replace('T', '/')}/`;
  },
  mayHold: ({ key }, { fromMillis, toMillis }) => {
    const firstMillis = firstRecordMillis(key);
    return firstMillis < toMillis && firstMillis + LONGEST_BUFFER_MILLIS > fromMillis;
  },
  async *read(object, { nowMillis }) {
    for await (const line of object.lines()) yield foundRecord(line, nowMillis);
  },
};

/** NaN for an object that has another name, which then lies in no range. */
function firstRecordMillis(key: string): number {
  const [, day, hours, minutes, seconds] = NAME_TIME.exec(key) ?? [];
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
}
