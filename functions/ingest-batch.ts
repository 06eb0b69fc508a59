import { publishName } from '../src/stores/keys.ts';
import { putRejected, type RejectedMessage, rejectedKey } from '../src/stores/rejected-bucket.ts';
import { decodeBatch } from '../src/telemetry/decode-batch.ts';
import { reject } from '../src/telemetry/rejection.ts';
import { requiredVariable } from './environment.ts';
import { passOnReadings } from './ingest/pass-on-readings.ts';
import { countReasons, refusedMessages } from './ingest/refused-messages.ts';
import { createLogger } from './observability/logger.ts';
import { printRecordCounts } from './observability/record-metrics.ts';

const FUNCTION = 'ingest-batch';
const logger = createLogger(FUNCTION);

/** What the rule `SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client_id` makes of a publish. */
export interface PackedPublish {
  readonly payload: string;
  readonly topic: string;
  readonly client_id?: string;
}

/**
 * AWS IoT rule → the data stream. Unpacks one packed publish and writes its readings to the stream. Throws when the stream
 * keeps refusing: Lambda then runs the invocation again, and identities make that harmless.
 */
export async function handler(event: PackedPublish): Promise<void> {
  const receivedMillis = Date.now();
  const { bytes, topic, batch } = decodeEvent(event, receivedMillis);
  const readings = batch.ok ? batch.value.readings : [];
  const refused = refusedMessages({ batch, bytes, source: topic, receivedMillis });
  const total = readings.length + refused.length;
  try {
    const notPassedOn = await passOnReadings(readings);
    if (notPassedOn) throw notPassedOn.error;
    await keepRefused(refused, bytes, topic, receivedMillis);
  } catch (error) {
    logger.error('Cannot pass on a packed publish, it will be retried', { error: error as Error, topic });
    printRecordCounts(FUNCTION, { in: total, stored: 0, duplicate: 0, failed: total, rejected: new Map() });
    throw error;
  }
  const rejected = countReasons(refused);
  printRecordCounts(FUNCTION, { in: total, stored: readings.length, duplicate: 0, failed: 0, rejected });
}

function decodeEvent(event: PackedPublish, receivedMillis: number) {
  const { payload, topic } = event;
  if (typeof payload !== 'string' || typeof topic !== 'string') {
    const batch = reject('not-a-batch', 'the rule gave no "payload" and "topic"');
    return { bytes: Buffer.from(JSON.stringify(event)), topic: String(topic), batch };
  }
  const bytes = Buffer.from(payload, 'base64');
  return { bytes, topic, batch: decodeBatch(bytes, topic, receivedMillis) };
}

async function keepRefused(
  refused: readonly RejectedMessage[],
  bytes: Uint8Array,
  topic: string,
  receivedMillis: number,
): Promise<void> {
  if (refused.length === 0) return;
  const key = rejectedKey(receivedMillis, FUNCTION, publishName(topic, bytes));
  await putRejected(requiredVariable('ARCHIVE_BUCKET'), key, refused);
}
