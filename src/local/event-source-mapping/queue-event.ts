import { type MessageAttribute, md5Of } from '../sqs/sqs-message.ts';
import type { ReceivedMessage } from '../sqs/sqs-queue.ts';

/** Whoever sends is nobody in particular here: signatures are not verified. */
const LOCAL_SENDER = 'local';

/** The event of a batch of messages as JSON text (AWS Lambda developer guide, "Using Lambda with Amazon SQS"). */
export function queueEvent(
  messages: readonly ReceivedMessage[],
  { queueArn, region }: { queueArn: string; region: string },
): string {
  return JSON.stringify({
    Records: messages.map((message) => ({
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receives),
        SentTimestamp: String(message.sentMillis),
        SenderId: LOCAL_SENDER,
        ApproximateFirstReceiveTimestamp: String(message.firstReceiveMillis),
        ...(message.deadLetterSource && { DeadLetterQueueSourceArn: message.deadLetterSource }),
      },
      messageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, value]) => [name, eventAttribute(value)]),
      ),
      md5OfBody: md5Of(message.body),
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  });
}

function eventAttribute({ DataType, StringValue, BinaryValue }: MessageAttribute): object {
  return {
    ...(StringValue !== undefined && { stringValue: StringValue }),
    ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}
