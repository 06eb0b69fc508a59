import { decodeName, decodeNumber } from './decode-field.ts';
import { decodeJsonObject } from './decode-json.ts';
import { parseRecordTimestamp } from './decode-window.ts';
import { accept, type Decoded, reject } from './rejection.ts';

/** One row of `analytics-sql/weather-alerts.sql`: an average over several windows crossed a limit, or came back. */
export interface AlertRecord {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly kind: 'above' | 'below' | 'normal';
  readonly value: number;
  readonly threshold: number;
  /** End of the last window that counts, milliseconds since the epoch. */
  readonly endMillis: number;
}

const MAX_ALERT_BYTES = 16 * 1024;
const KINDS = ['above', 'below', 'normal'] as const;

/** Bytes of one record of the stream "alerts" → alert, or why it is refused for good. Never throws. */
export function decodeAlert(bytes: Uint8Array): Decoded<AlertRecord> {
  const json = decodeJsonObject(bytes, MAX_ALERT_BYTES);
  if (!json.ok) return json;
  const names: string[] = [];
  for (const name of ['sensor_id', 'sensor', 'station_id', 'kind', 'record_timestamp']) {
    const field = decodeName(json.value, name);
    if (!field.ok) return field;
    names.push(field.value);
  }
  const [sensor_id = '', sensor = '', station_id = '', kindName = '', end = ''] = names;
  const value = decodeNumber(json.value, 'value');
  if (!value.ok) return value;
  const threshold = decodeNumber(json.value, 'threshold');
  if (!threshold.ok) return threshold;
  const kind = KINDS.find((known) => known === kindName);
  if (kind === undefined)
    return reject('wrong-type', `"kind" is ${JSON.stringify(kindName)}, not above, below or normal`);
  const endMillis = parseRecordTimestamp(end);
  if (endMillis === undefined)
    return reject('wrong-type', `"record_timestamp" is ${JSON.stringify(end)}, not yyyy-MM-dd HH:mm:ss.fff`);
  return accept({
    sensor_id,
    sensor,
    station_id,
    kind,
    value: value.value,
    threshold: threshold.value,
    endMillis,
  });
}
