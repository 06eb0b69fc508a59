import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Rejection } from '../telemetry/rejection.ts';
import { s3 } from './aws-clients.ts';
import { rejectedKey } from './keys.ts';

export { rejectedKey };

/** A refused message with all that is needed to mend and replay it. */
export interface RejectedMessage {
  readonly rejection: Rejection;
  /** When it arrived, milliseconds since the epoch. */
  readonly receivedMillis: number;
  /** Where it came from: a stream's ARN with the sequence number, or a topic. */
  readonly source: string;
  /** The bytes as they arrived. */
  readonly bytes: Uint8Array;
}

/** Puts one object of newline-delimited JSON; the key must follow from the messages, so that a retry overwrites it. */
export async function putRejected(
  bucketName: string,
  key: string,
  messages: readonly RejectedMessage[],
): Promise<void> {
  const lines = messages.map(({ rejection, receivedMillis, source, bytes }) =>
    JSON.stringify({ ...rejection, receivedMillis, source, base64: Buffer.from(bytes).toString('base64') }),
  );
  const Body = `${lines.join('\n')}\n`;
  await s3().send(
    new PutObjectCommand({ Bucket: bucketName, Key: key, Body, ContentType: 'application/x-ndjson' }),
  );
}
