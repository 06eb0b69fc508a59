import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { escapeXml } from '../aws-endpoint/aws-endpoint-xml.ts';
import { failpoint } from '../failpoint.ts';
import { HTTP_STAGE, type Ledger, LOG_UNWRITABLE } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { md5Of } from '../sqs/sqs-message.ts';
import type { SqsQueue } from '../sqs/sqs-queue.ts';
import type { ApiResponse } from './http-api-event.ts';

/** Puts a body on a queue, and answers what SQS answers. */
export type SendToQueue = (queueName: string, body: Buffer) => Promise<ApiResponse>;

export interface QueueSenderOptions {
  readonly queues: ReadonlyMap<string, SqsQueue>;
  readonly log: DurableLog;
  readonly ledger: Ledger;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The integration SQS-SendMessage (API Gateway developer guide, "Integration subtype reference"): what SQS says goes back to the
 * caller, in the XML of its query protocol. 200 means that the message is on the log, and the log durable.
 */
export function createQueueSender({ queues, log, ledger }: QueueSenderOptions): SendToQueue {
  const stage = ledger.stage(HTTP_STAGE);
  return async (queueName, body) => {
    if (log.failure) {
      stage.in(1);
      stage.drop(LOG_UNWRITABLE, 1);
      throw log.failure;
    }
    try {
      failpoint('upload.beforeAppend');
      const { messageId, body: sent } = queues.get(queueName)!.send({ body: textOf(body) });
      stage.in(1);
      stage.out(1);
      await log.durable();
      failpoint('upload.afterAppendBeforeAnswer');
      const result = `<MessageId>${messageId}</MessageId><MD5OfMessageBody>${md5Of(sent)}</MD5OfMessageBody>`;
      return xml(200, 'SendMessageResponse', `<SendMessageResult>${result}</SendMessageResult>`, true);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { name, message, statusCode } = error;
      stage.in(1);
      stage.drop(name, 1);
      const detail = `<Type>Sender</Type><Code>${name}</Code><Message>${escapeXml(message)}</Message><Detail/>`;
      return xml(statusCode, 'ErrorResponse', `<Error>${detail}</Error>`, false);
    }
  };
}

/** A message is text. @throws AwsError for bytes that are none */
function textOf(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new AwsError('InvalidMessageContents', 'The message body is not valid UTF-8');
  }
}

function xml(statusCode: number, root: string, inner: string, hasMetadata: boolean): ApiResponse {
  const requestId = `<RequestId>${randomUUID()}</RequestId>`;
  const tail = hasMetadata ? `<ResponseMetadata>${requestId}</ResponseMetadata>` : requestId;
  const text = `<?xml version="1.0"?><${root} xmlns="http://queue.amazonaws.com/doc/2012-11-05/">${inner}${tail}</${root}>`;
  return { statusCode, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) };
}
