import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace, AwsRequest, AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';

/** Hands a message to the broker as a device would; resolves when it is durable. */
export type PublishToTopic = (topic: string, payload: Buffer, qos: 0 | 1) => Promise<void>;

export interface IotDataOptions {
  readonly publish: PublishToTopic;
}

/** AWS IoT Core message broker limits. */
const MAX_TOPIC_BYTES = 256;
const MAX_PAYLOAD_BYTES = 128 * 1024;

/** The data plane: Publish (AWS IoT API reference, Publish: `POST /topics/<topic>?qos=<qos>`). */
export function iotDataFace({ publish }: IotDataOptions): AwsFace {
  return async (request) => {
    if (request.method !== 'POST' || !request.path.startsWith(TOPICS))
      throw new AwsError(
        'UnknownOperationException',
        `The operation '${request.method} ${request.path}' of iotdata is not emulated; emulated is Publish`,
      );
    const { topic, qos } = parsePublish(request);
    await publish(topic, request.body, qos);
    return json({ message: 'OK' });
  };
}

const TOPICS = '/topics/';

function parsePublish({ path, query, body }: AwsRequest): { topic: string; qos: 0 | 1 } {
  const topic = decodeTopic(path.slice(TOPICS.length));
  const qos = query.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') throw new AwsError('InvalidRequestException', `Invalid QoS ${qos}`);
  if (query.get('retain') === 'true')
    throw new AwsError('InvalidRequestException', 'Retained messages are not emulated by Publish');
  if (topic === '' || /[+#\0]/.test(topic) || Buffer.byteLength(topic) > MAX_TOPIC_BYTES)
    throw new AwsError('InvalidRequestException', `Topic '${topic}' cannot be published to`);
  if (body.length > MAX_PAYLOAD_BYTES)
    throw new AwsError(
      'RequestEntityTooLargeException',
      `Payload is larger than ${MAX_PAYLOAD_BYTES} bytes`,
      413,
    );
  return { topic, qos: qos === '1' ? 1 : 0 };
}

function decodeTopic(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidRequestException', `Topic '${text}' is not percent-encoded UTF-8`);
  }
}

function json(body: object): AwsResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
