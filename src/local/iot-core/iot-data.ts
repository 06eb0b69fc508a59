import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace } from '../aws-endpoint/aws-endpoint-message.ts';
import {
  type DataPlaneCaller,
  type DataPlaneOperation,
  type DataPlaneRequest,
  dataPlaneFace,
} from './data-plane.ts';
import type { DeviceServices } from './device-services.ts';
import { jobExecutionOperations } from './jobs/job-api.ts';
import { topicProblemOf } from './publish-limits.ts';
import { retainedOperations } from './sessions/retained-api.ts';
import { type ShadowApiOptions, shadowOperations } from './shadows/shadow-api.ts';

/** Hands a message to the broker as a device would; resolves when it is durable. */
export type PublishToTopic = (
  topic: string,
  payload: Buffer,
  qos: 0 | 1,
  isRetained?: boolean,
  caller?: DataPlaneCaller,
) => Promise<void>;

export interface IotDataOptions extends Pick<ShadowApiOptions, 'tell' | 'nowMillis'> {
  readonly publish: PublishToTopic;
  readonly services: DeviceServices;
}

/** AWS IoT Core message broker limits. */
const MAX_TOPIC_BYTES = 256;
const MAX_PAYLOAD_BYTES = 128 * 1024;

/** The data plane: messages, shadows and jobs over HTTPS (AWS IoT API reference, AWS IoT data and AWS IoT jobs data). */
export function iotDataOperations(options: IotDataOptions): readonly DataPlaneOperation[] {
  const { retained, shadows, jobs } = options.services;
  return [
    publishOperation(options),
    ...retainedOperations(retained),
    ...shadowOperations({ ...options, shadows }),
    ...jobExecutionOperations({ ...options, jobs }),
  ];
}

/** The same at the endpoint for AWS clients. */
export function iotDataFace(options: IotDataOptions): AwsFace {
  return dataPlaneFace(iotDataOperations(options));
}

function publishOperation({ publish, services }: IotDataOptions): DataPlaneOperation {
  return {
    name: 'Publish',
    method: 'POST',
    path: /^\/topics\/(.*)$/,
    permissions: ({ label, query }) => [
      { action: 'iot:Publish', resource: `topic/${label}` },
      ...(query.get('retain') === 'true'
        ? [{ action: 'iot:RetainPublish', resource: `topic/${label}` }]
        : []),
    ],
    run: async (request) => {
      const { topic, qos, isRetained } = checkPublish(request);
      if (isRetained && !services.retained.hasRoomFor(topic))
        throw new AwsError('ThrottlingException', 'Too many messages are retained', 429);
      await publish(topic, request.body, qos, isRetained, request.caller);
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
  const problem = topicProblemOf(topic);
  if (problem !== undefined)
    throw new AwsError('InvalidRequestException', `Topic '${topic}' cannot be published to: ${problem}`);
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
