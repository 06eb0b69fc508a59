import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { type Alert, publishAlert } from '../src/stores/alert-topic.ts';
import { type AlertRecord, decodeAlert } from '../src/telemetry/decode-alert.ts';
import { requiredVariable } from './environment.ts';
import { settleBatch } from './kinesis/settle-batch.ts';
import { decodeRecords, FAILED, type Outcome, STORED } from './kinesis/stream-record.ts';
import { createLogger } from './observability/logger.ts';

const FUNCTION = 'publish-alerts';
const logger = createLogger(FUNCTION);

/**
 * Kinesis "alerts" → SNS, in order. When one cannot be sent, those behind it wait for the retry with it; a retry may send
 * one twice, with the same `alert_id`.
 */
export async function handler(event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const topicArn = requiredVariable('ALERT_TOPIC_ARN');
  const records = decodeRecords(event, decodeAlert);
  const outcomes: Outcome[] = [];
  for (const { decoded } of records) {
    if (outcomes.includes(FAILED)) outcomes.push(FAILED);
    else if (!decoded.ok) outcomes.push({ kind: 'rejected', rejection: decoded.rejection });
    else outcomes.push(await send(topicArn, decoded.value));
  }
  return settleBatch(FUNCTION, records, outcomes, logger);
}

async function send(topicArn: string, record: AlertRecord): Promise<Outcome> {
  try {
    await publishAlert(topicArn, JSON.stringify(printAlert(record)));
    return STORED;
  } catch (error) {
    logger.error('Cannot send an alert, it will be retried', {
      error: error as Error,
      sensor_id: record.sensor_id,
    });
    return FAILED;
  }
}

function printAlert({ endMillis, ...record }: AlertRecord): Alert {
  const { sensor_id, sensor, station_id, kind, value, threshold } = record;
  const measured = Number(value.toPrecision(6));
  const what = `${sensor} at station ${station_id} (${sensor_id})`;
  return {
    alert_id: `${sensor_id}/${endMillis}/lasting-${kind}`,
    time: endMillis,
    ...record,
    message:
      kind === 'normal'
        ? `${what} is lastingly back to normal: ${measured} over five minutes, limit ${threshold}`
        : `${what} is lastingly ${kind} ${threshold}: ${measured} over five minutes`,
  };
}
