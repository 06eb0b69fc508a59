import { createHash, randomUUID } from 'node:crypto';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';

/** A value beside the body; bytes are base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** A message as the queue keeps it. */
export interface SqsMessage {
  readonly messageId: string;
  readonly body: string;
  /** When it was sent first, milliseconds since the epoch: a dead-letter queue does not change it. */
  readonly sentMillis: number;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** The ARN of the queue that gave the message up. */
  readonly deadLetterSource?: string;
}

export interface NewMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
}

/** Characters that XML 1.0 has not (Amazon SQS API reference, SendMessage). */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * Makes a message of what somebody sends.
 * @throws AwsError what SQS refuses: no body, a forbidden character, more bytes than the queue takes
 */
export function createMessage(
  { body, attributes = {} }: NewMessage,
  { maximumBytes, nowMillis }: { maximumBytes: number; nowMillis: number },
): SqsMessage {
  if (body === '')
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  const bytes = messageBytes({ body, attributes });
  if (bytes > maximumBytes)
    throw new AwsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maximumBytes} bytes.`,
    );
  const found = FORBIDDEN.exec(body)?.[0].codePointAt(0);
  if (found !== undefined)
    throw new AwsError(
      'InvalidMessageContents',
      `Invalid binary character '#x${found.toString(16).toUpperCase()}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]`,
    );
  return { messageId: randomUUID(), body, sentMillis: nowMillis, attributes };
}

/** What counts against the limit: the body, and names, types and values of the attributes. */
export function messageBytes({ body, attributes = {} }: NewMessage): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue) +
      Buffer.byteLength(BinaryValue, 'base64'),
    Buffer.byteLength(body),
  );
}

export function md5Of(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

export function encodeMessage(message: SqsMessage): string {
  return JSON.stringify(message);
}

export function decodeMessage(data: Buffer): SqsMessage {
  return JSON.parse(data.toString()) as SqsMessage;
}
