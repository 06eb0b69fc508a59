import { type FoundMessage, foundPublish, foundRecord } from './found-message.ts';
import { parseObjectLine } from './parse-object-line.ts';
import type { ReplayContext, ReplaySource } from './replay-source.ts';

const RULES = 'failed/rules/';
const DAY_MILLIS = 86_400_000;
/** `aws/lambda/<mapping>/<shard>/2026/11/21/…` and `aws/lambda/async/<function>/2026/11/21/…`: the day of the arrival. */
const KEY_DAY = /^aws\/lambda\/.*?\/(\d{4})\/(\d{2})\/(\d{2})\//;

/** The members that are read of what Lambda and topic rules write about a failure. */
interface FailureDocument {
  /** A failed batch: its event as JSON text (AWS Lambda developer guide, "Retaining discarded batch records"). */
  readonly payload?: unknown;
  readonly KinesisBatchInfo?: { readonly streamArn?: unknown };
  /** A failed asynchronous event (same guide, "Retaining records of asynchronous invocations"). */
  readonly requestPayload?: unknown;
  /** A failed rule action (AWS IoT developer guide, "Error handling (error action)"). */
  readonly topic?: unknown;
  readonly base64OriginalPayload?: unknown;
}

interface KinesisEvent {
  readonly Records: readonly {
    readonly eventSourceARN: string;
    readonly kinesis: {
      readonly data: string;
      readonly sequenceNumber: string;
      readonly approximateArrivalTimestamp: number;
    };
  }[];
}

/** What Lambda and topic rules gave up on, with its bytes: `aws/lambda/…` and `failed/rules/…`, a document each. */
export const failedSource: ReplaySource = {
  bucket: 'archive',
  prefixes: ['aws/lambda/', RULES],
  timeMeans: 'arrival; of asynchronous events the day, of rule actions the time of failing',
  mayHold: ({ key, modifiedMillis }, { fromMillis, toMillis }) => {
    if (key.startsWith(RULES)) return modifiedMillis >= fromMillis && modifiedMillis < toMillis;
    const [, year, month, day] = KEY_DAY.exec(key) ?? [];
    const dayMillis = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
    // A batch is named by its first record; the others come within the day that a stream keeps them.
    return dayMillis < toMillis && dayMillis + 2 * DAY_MILLIS > fromMillis;
  },
  async *read(object, context) {
    const parts: Buffer[] = [];
    for await (const line of object.lines()) parts.push(line);
    yield* messagesOf(parseObjectLine(Buffer.concat(parts)) as FailureDocument, context);
  },
};

function messagesOf(document: FailureDocument, context: ReplayContext): FoundMessage[] {
  if (typeof document.payload === 'string') return batchMessages(document.payload, context);
  const { topic, base64OriginalPayload: payload } = document;
  if (typeof topic === 'string' && typeof payload === 'string')
    return foundPublish(topic, Buffer.from(payload, 'base64'), context.nowMillis);
  return packedMessages(document.requestPayload, context);
}

/** Records of the readings stream; a failed batch of another stream has none. */
function batchMessages(payload: string, { streamName, nowMillis }: ReplayContext): FoundMessage[] {
  const { Records = [] } = parseObjectLine(Buffer.from(payload)) as Partial<KinesisEvent>;
  return Records.filter(({ eventSourceARN }) => eventSourceARN.endsWith(`:stream/${streamName}`)).map(
    ({ eventSourceARN, kinesis: { data, sequenceNumber, approximateArrivalTimestamp } }) =>
      foundRecord(Buffer.from(data, 'base64'), nowMillis, {
        timeMillis: Math.round(approximateArrivalTimestamp * 1000),
        source: `${eventSourceARN} ${sequenceNumber}`,
      }),
  );
}

/** What the rule hands to ingest-batch; events of schedules have neither. */
function packedMessages(event: unknown, { nowMillis }: ReplayContext): FoundMessage[] {
  const { payload, topic } = (event ?? {}) as { payload?: unknown; topic?: unknown };
  if (typeof payload !== 'string' || typeof topic !== 'string') return [];
  return foundPublish(topic, Buffer.from(payload, 'base64'), nowMillis);
}
