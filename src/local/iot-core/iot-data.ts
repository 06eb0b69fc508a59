import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace } from '../aws-endpoint/aws-endpoint-message.ts';
import { type DataPlaneOperation, type DataPlaneRequest, dataPlaneFace } from './data-plane.ts';
import type { DeviceServices } from './device-services.ts';
import { retainedOperations } from './sessions/retained-api.ts';
import { type ShadowApiOptions, shadowOperations } from './shadows/shadow-api.ts';

/** Hands a message to the broker as a device would; resolves when it is durable. */
export type PublishToTopic = (
  topic: string,
  payload: Buffer,
  qos: 0 | 1,
  isRetained?: boolean,
) => Promise<void>;

export interface IotDataOptions extends Pick<ShadowApiOptions, 'tell' | 'nowMillis'> {
  readonly publish: PublishToTopic;
  readonly services: DeviceServices;
}

/** AWS IoT Core message broker limits. */
const MAX_TOPIC_BYTES = 256;
const MAX_PAYLOAD_BYTES = 128 * 1024;

/** The data plane: messages and shadows over HTTPS (AWS IoT API reference, AWS IoT data). */
export function iotDataFace(options: IotDataOptions): AwsFace {
  return dataPlaneFace([
    publishOperation(options),
    ...retainedOperations(options.services.retained),
    ...shadowOperations({ ...options, shadows: options.services.shadows }),
  ]);
}

function publishOperation({ publish, services }: IotDataOptions): DataPlaneOperation {
  return {
    name: 'Publish',
    method: 'POST',
    path: /^\/topics\/(.*)$/,
    run: async (request) => {
      const { topic, qos, isRetained } = checkPublish(request);
      if (isRetained && !services.retained.hasRoomFor(topic))
        throw new AwsError('ThrottlingException', 'Too many messages are retained', 429);
      await publish(topic, request.body, qos, isRetained);
      return { message: 'OK' };
    },
  };
}

interface CheckedPublish {
  readonly topic: string;
  readonly qos: 0 | 1;
  readonly isRetained: boolean;
}

function checkPublish({ label: topic, query, body }: DataPlaneRequest): CheckedPublish {
  const qos = query.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') throw new AwsError('InvalidRequestException', `Invalid QoS ${qos}`);
  const isRetained = query.get('retain') === 'true';
  if (topic === '' || /[+#\0]/.test(topic) || Buffer.byteLength(topic) > MAX_TOPIC_BYTES)
    throw new AwsError('InvalidRequestException', `Topic '${topic}' cannot be published to`);
  if (body.length > MAX_PAYLOAD_BYTES)
    throw new AwsError(
      'RequestEntityTooLargeException',
      `Payload is larger than ${MAX_PAYLOAD_BYTES} bytes`,
      413,
    );
  if (isRetained && topic.startsWith('$'))
    throw new AwsError('InvalidRequestException', `Nothing can be retained on topic '${topic}'`);
  return { topic, qos: qos === '1' ? 1 : 0, isRetained };
}
