import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { putRejected, type RejectedMessage, rejectedKey } from '../src/stores/rejected-bucket.ts';
import { runBounded } from '../src/stores/run-bounded.ts';
import { decodeUpload } from '../src/telemetry/decode-upload.ts';
import type { Reading } from '../src/telemetry/reading.ts';
import { requiredVariable } from './environment.ts';
import { passOnReadings } from './ingest/pass-on-readings.ts';
import { countReasons, refusedMessages } from './ingest/refused-messages.ts';
import { createLogger } from './observability/logger.ts';
import { printRecordCounts } from './observability/record-metrics.ts';

const FUNCTION = 'ingest-http';
/** Objects written at once. */
const PARALLEL_WRITES = 8;
const logger = createLogger(FUNCTION);

/** One body that was posted. */
interface Upload {
  readonly messageId: string;
  /** When it was posted, milliseconds since the epoch: the same for each delivery. */
  readonly receivedMillis: number;
  readonly readings: readonly Reading[];
  readonly refused: readonly RejectedMessage[];
}

/**
 * SQS → the data stream. Each message is a body that was posted: readings as one object, a list or lines. The good ones are passed
 * on, the bad ones kept with their bytes; only a message of which a store refused something is reported, and comes again
 * (AWS Lambda developer guide, "Implementing partial batch responses" for SQS).
 */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const uploads = event.Records.map(decodeUploadRecord);
  const failed = await passOn(uploads);
  await runBounded(
    uploads.filter(({ refused, messageId }) => refused.length > 0 && !failed.has(messageId)),
    PARALLEL_WRITES,
    async (upload) => {
      if (!(await keepRefused(upload))) failed.add(upload.messageId);
    },
  );
  printCounts(uploads, failed);
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

function decodeUploadRecord({ body, messageId, attributes, eventSourceARN }: SQSRecord): Upload {
  const bytes = Buffer.from(body);
  const receivedMillis = Number(attributes.SentTimestamp);
  const batch = decodeUpload(bytes, receivedMillis);
  return {
    messageId,
    receivedMillis,
    readings: batch.ok ? batch.value.readings : [],
    refused: refusedMessages({ batch, bytes, source: `${eventSourceARN} ${messageId}`, receivedMillis }),
  };
}

/** All readings of the batch together, since requests are what costs. Returns the messages that are not passed on whole. */
async function passOn(uploads: readonly Upload[]): Promise<Set<string>> {
  const notPassedOn = await passOnReadings(uploads.flatMap(({ readings }) => readings));
  if (!notPassedOn) return new Set();
  const failed = uploads.filter(({ readings }) =>
    readings.some((reading) => notPassedOn.readings.has(reading)),
  );
  logger.error('Cannot pass on readings, their messages will be retried', {
    error: notPassedOn.error,
    messages: failed.length,
  });
  return new Set(failed.map(({ messageId }) => messageId));
}

/** The object is named by the message, so that another delivery overwrites it. */
async function keepRefused({ messageId, receivedMillis, refused }: Upload): Promise<boolean> {
  try {
    const key = rejectedKey(receivedMillis, FUNCTION, `sqs-${messageId}`);
    await putRejected(requiredVariable('ARCHIVE_BUCKET'), key, refused);
    return true;
  } catch (error) {
    logger.error('Cannot keep refused readings, their message will be retried', error as Error);
    return false;
  }
}

function printCounts(uploads: readonly Upload[], failed: ReadonlySet<string>): void {
  const sizeOf = ({ readings, refused }: Upload): number => readings.length + refused.length;
  const sum = (each: readonly Upload[], count: (upload: Upload) => number): number =>
    each.reduce((total, upload) => total + count(upload), 0);
  const [done, retried] = [false, true].map((isFailed) =>
    uploads.filter(({ messageId }) => failed.has(messageId) === isFailed),
  ) as [Upload[], Upload[]];
  printRecordCounts(FUNCTION, {
    in: sum(uploads, sizeOf),
    stored: sum(done, ({ readings }) => readings.length),
    duplicate: 0,
    failed: sum(retried, sizeOf),
    rejected: countReasons(done.flatMap(({ refused }) => refused)),
  });
}
