import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { Operations } from '../aws-endpoint/aws-endpoint-json.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { type MessageAttribute, md5Of, messageBytes } from './sqs-message.ts';
import type { ReceivedMessage, SqsQueue } from './sqs-queue.ts';
import { sqsShapes } from './sqs-shapes.ts';

interface SendInput {
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>>;
}

interface ReceiveInput {
  readonly MaxNumberOfMessages?: number;
  readonly VisibilityTimeout?: number;
  readonly WaitTimeSeconds?: number;
  readonly AttributeNames?: readonly string[];
  readonly MessageSystemAttributeNames?: readonly string[];
  readonly MessageAttributeNames?: readonly string[];
}

type Identified<Entry> = Entry & { readonly Id: string };

const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 1024 * 1024;
/** How often a waiting receiver looks for messages that are visible again. */
const LOOK_AGAIN_MILLIS = 200;

/**
 * The operations of one queue on the log. What is sent or deleted is answered when it is durable.
 * @param url the address of the queue, as the caller reaches it
 */
export function sqsOperations(queue: SqsQueue, log: DurableLog, url: string): Operations {
  const durably = async <Answer extends object>(carryOut: () => Answer): Promise<Answer> => {
    log.checkWritable();
    const answer = carryOut();
    await log.durable();
    return answer;
  };
  return {
    GetQueueUrl: { input: sqsShapes.GetQueueUrl, run: async () => ({ QueueUrl: url }) },
    GetQueueAttributes: {
      input: sqsShapes.GetQueueAttributes,
      run: async ({ AttributeNames = [] }: { AttributeNames?: readonly string[] }) => ({
        Attributes: select(attributesOf(queue), AttributeNames),
      }),
    },
    SendMessage: {
      input: sqsShapes.SendMessage,
      run: (input: SendInput) => durably(() => send(queue, input)),
    },
    SendMessageBatch: {
      input: sqsShapes.SendMessageBatch,
      run: ({ Entries }: { Entries: readonly Identified<SendInput>[] }) => {
        const bytes = Entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
        if (bytes > MAX_BATCH_BYTES)
          throw new AwsError(
            'BatchRequestTooLong',
            `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
          );
        return durably(() => each(Entries, (entry) => send(queue, entry)));
      },
    },
    ReceiveMessage: { input: sqsShapes.ReceiveMessage, run: (input: ReceiveInput) => receive(queue, input) },
    DeleteMessage: {
      input: sqsShapes.DeleteMessage,
      run: ({ ReceiptHandle }: { ReceiptHandle: string }) =>
        durably(() => {
          queue.delete(ReceiptHandle);
          return {};
        }),
    },
    DeleteMessageBatch: {
      input: sqsShapes.DeleteMessageBatch,
      run: ({ Entries }: { Entries: readonly Identified<{ ReceiptHandle: string }>[] }) =>
        durably(() =>
          each(Entries, ({ ReceiptHandle }) => {
            queue.delete(ReceiptHandle);
            return {};
          }),
        ),
    },
    ChangeMessageVisibility: {
      input: sqsShapes.ChangeMessageVisibility,
      run: async (input: { ReceiptHandle: string; VisibilityTimeout: number }) => {
        queue.changeVisibility(input.ReceiptHandle, input.VisibilityTimeout);
        return {};
      },
    },
  };
}

function send(queue: SqsQueue, { MessageBody, DelaySeconds = 0, MessageAttributes }: SendInput): object {
  if (DelaySeconds > 0)
    throw new AwsError('UnsupportedOperation', 'DelaySeconds is not emulated: messages are visible at once');
  const { messageId, body } = queue.send({
    body: MessageBody,
    ...(MessageAttributes && { attributes: MessageAttributes }),
  });
  return { MessageId: messageId, MD5OfMessageBody: md5Of(body) };
}

function bytesOf({ MessageBody, MessageAttributes }: SendInput): number {
  return messageBytes({ body: MessageBody, ...(MessageAttributes && { attributes: MessageAttributes }) });
}

/** Carries out the entries of a batch one by one; one that is refused does not fail the others. */
function each<Entry extends { readonly Id: string }>(
  entries: readonly Entry[],
  run: (entry: Entry) => object,
): { Successful: object[]; Failed: object[] } {
  if (entries.length === 0) throw new AwsError('EmptyBatchRequest', 'There should be at least one entry.');
  if (entries.length > MAX_BATCH_ENTRIES)
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
    );
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  const answer: { Successful: object[]; Failed: object[] } = { Successful: [], Failed: [] };
  for (const entry of entries) {
    try {
      answer.Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      answer.Failed.push({ Id: entry.Id, SenderFault: true, Code: error.name, Message: error.message });
    }
  }
  return answer;
}

async function receive(queue: SqsQueue, input: ReceiveInput): Promise<object> {
  const { MaxNumberOfMessages = 1, VisibilityTimeout, WaitTimeSeconds = 0 } = input;
  const limits = {
    maxMessages: MaxNumberOfMessages,
    ...(VisibilityTimeout !== undefined && { visibilityTimeoutSeconds: VisibilityTimeout }),
  };
  const endMillis = performance.now() + WaitTimeSeconds * 1000;
  for (;;) {
    const messages = queue.receive(limits);
    if (messages.length > 0) return { Messages: messages.map((message) => printMessage(message, input)) };
    if (performance.now() >= endMillis) return {};
    await delay(LOOK_AGAIN_MILLIS);
  }
}

function printMessage(message: ReceivedMessage, input: ReceiveInput): object {
  const { AttributeNames = [], MessageSystemAttributeNames = [], MessageAttributeNames = [] } = input;
  const system = {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sentMillis),
    ApproximateFirstReceiveTimestamp: String(message.firstReceiveMillis),
    ...(message.deadLetterSource && { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
  const asked = select(system, [...AttributeNames, ...MessageSystemAttributeNames]);
  const own = select(message.attributes, MessageAttributeNames);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5Of(message.body),
    ...(Object.keys(asked).length > 0 && { Attributes: asked }),
    ...(Object.keys(own).length > 0 && { MessageAttributes: own }),
  };
}

function attributesOf({ resource, counts }: SqsQueue): Record<string, string> {
  const { arn, visibilityTimeoutSeconds, retentionSeconds, maximumMessageBytes, redrive } = resource;
  return {
    QueueArn: arn,
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.hidden),
    ApproximateNumberOfMessagesDelayed: '0',
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(retentionSeconds),
    MaximumMessageSize: String(maximumMessageBytes),
    ...(redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: redrive.queueArn,
        maxReceiveCount: redrive.maximumReceives,
      }),
    }),
  };
}

/** `All`, the names themselves, or for message attributes a prefix and `.*`. */
function select<Value>(
  values: Readonly<Record<string, Value>>,
  names: readonly string[],
): Record<string, Value> {
  const isAsked = (name: string): boolean =>
    names.some(
      (asked) =>
        asked === name || asked === 'All' || (asked.endsWith('.*') && name.startsWith(asked.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(values).filter(([name]) => isAsked(name)));
}
