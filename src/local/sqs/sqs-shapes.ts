import type { Members, Shape } from '../aws-endpoint/aws-endpoint-shape.ts';

const text: Shape = { type: 'string', required: true };
const url = { QueueUrl: text } satisfies Members;
const attributes: Shape = {
  type: 'map',
  of: {
    type: 'structure',
    members: { DataType: text, StringValue: { type: 'string' }, BinaryValue: { type: 'string' } },
  },
};
const message = {
  MessageBody: text,
  DelaySeconds: { type: 'integer', min: 0, max: 900 },
  MessageAttributes: attributes,
} satisfies Members;
const seconds: Shape = { type: 'integer', min: 0, max: 43_200 };
const entries = (members: Members): Shape => ({
  type: 'list',
  required: true,
  of: { type: 'structure', members: { Id: text, ...members } },
});
const names: Shape = { type: 'list', of: { type: 'string' } };

/** What each operation takes (Amazon SQS API reference). */
export const sqsShapes = {
  GetQueueUrl: { QueueName: text },
  GetQueueAttributes: { ...url, AttributeNames: names },
  SendMessage: { ...url, ...message },
  SendMessageBatch: { ...url, Entries: entries(message) },
  ReceiveMessage: {
    ...url,
    MaxNumberOfMessages: { type: 'integer', min: 1, max: 10 },
    VisibilityTimeout: seconds,
    WaitTimeSeconds: { type: 'integer', min: 0, max: 20 },
    AttributeNames: names,
    MessageSystemAttributeNames: names,
    MessageAttributeNames: names,
  },
  DeleteMessage: { ...url, ReceiptHandle: text },
  DeleteMessageBatch: { ...url, Entries: entries({ ReceiptHandle: text }) },
  ChangeMessageVisibility: { ...url, ReceiptHandle: text, VisibilityTimeout: { ...seconds, required: true } },
} satisfies Readonly<Record<string, Members>>;
