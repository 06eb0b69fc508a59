import type { AwsRequest } from '../../aws-endpoint/aws-endpoint-message.ts';
import { type Deliver, DeliveryError } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';
import { isTrue } from './stream-actions.ts';

type MessagingTargets = Pick<RuleActionTargets, 'messaging' | 'region'>;

/** Sqs (AWS IoT developer guide, sqs-rule-action): one message, in base64 where the rule asks for it. */
export function createSqsDelivery(targets: MessagingTargets): Deliver {
  return async ({ members, output }) => {
    const QueueUrl = String(members.QueueUrl);
    if (QueueUrl.endsWith('.fifo'))
      throw new DeliveryError(
        'FIFO queue',
        `The rules engine does not send to FIFO queues such as '${QueueUrl}'`,
      );
    const MessageBody = isTrue(members.UseBase64)
      ? Buffer.from(output as string).toString('base64')
      : String(output);
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' };
    await call(targets, 'sqs', headers, JSON.stringify({ QueueUrl, MessageBody }));
  };
}

/** Sns (AWS IoT developer guide, sns-rule-action): the result as it is, or as a document with a text for each protocol. */
export function createSnsDelivery(targets: MessagingTargets): Deliver {
  return async ({ members, output }) => {
    const text = String(output);
    const message = members.MessageFormat === 'JSON' ? textForQueues(text) : text;
    const form = new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: String(members.TargetArn),
      Message: message,
    });
    await call(targets, 'sns', { 'content-type': 'application/x-www-form-urlencoded' }, form.toString());
  };
}

/** What queues get of a document for several protocols; nothing else subscribes here (Amazon SNS API reference, Publish). */
function textForQueues(json: string): string {
  const document = parseObject(json);
  const text = document?.sqs ?? document?.default;
  if (typeof document?.default !== 'string' || typeof text !== 'string')
    throw new DeliveryError(
      'no default message',
      'MessageFormat JSON needs a result that is an object with the text "default"',
    );
  return text;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function call(
  { messaging, region }: MessagingTargets,
  service: 'sns' | 'sqs',
  headers: Readonly<Record<string, string>>,
  text: string,
): Promise<void> {
  const request: AwsRequest = {
    service,
    region,
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {
      ...headers,
      host: 'localhost',
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/${service}/aws4_request`,
    },
    body: Buffer.from(text),
  };
  const { status, body } = await messaging(request);
  if (status === 200) return;
  const answer = String(body);
  const code = /"__type":"(?:[^"#]*#)?([\w.]+)"|<Code>([\w.]+)<\/Code>/.exec(answer);
  throw new DeliveryError(code?.[1] ?? code?.[2] ?? `status ${status}`, answer, { isFinal: status < 500 });
}
