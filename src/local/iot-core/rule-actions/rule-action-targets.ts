import type { AwsFace } from '../../aws-endpoint/aws-endpoint-message.ts';
import type { MetricStore } from '../../lambda/emf-store.ts';
import type { KinesisStream } from '../../log/kinesis-stream.ts';
import type { AlarmStates } from './alarm-states.ts';
import type { LogGroups } from './log-groups.ts';

/** A message that a Republish action puts on a topic. */
export interface RepublishedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** How often it has been republished, this time included. */
  readonly hops: number;
  readonly headers?: RepublishHeaders | undefined;
}

/** MQTT 5 properties of a republished message. */
export interface RepublishHeaders {
  readonly isUtf8?: boolean;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly messageExpirySeconds?: number;
  readonly userProperties?: readonly (readonly [string, string])[];
}

/** What rule actions can reach, by the names of the template. */
export interface RuleActionTargets {
  readonly streams: ReadonlyMap<string, KinesisStream>;
  /** The buffers of the delivery streams. */
  readonly deliveryStreams: ReadonlyMap<string, KinesisStream>;
  /** The asynchronous queues of the functions, by ARN. */
  readonly functionQueues: ReadonlyMap<string, (event: string) => void>;
  readonly buckets: ReadonlySet<string>;
  /** Resolves when the object is durable. @throws AwsError */
  readonly putObject: (bucketName: string, key: string, body: Uint8Array) => Promise<void>;
  /** Calls one operation of DynamoDB. @throws DynamodbError */
  readonly callDynamodb: (operation: string, input: object) => Promise<unknown>;
  /** ARNs of the topics. */
  readonly topics: ReadonlySet<string>;
  /** Names of the queues. */
  readonly queues: ReadonlySet<string>;
  /** The door of SNS and SQS. */
  readonly messaging: AwsFace;
  readonly region: string;
  readonly metrics: MetricStore;
  readonly alarms: AlarmStates;
  readonly logGroups: LogGroups;
  /** Hands a message to the subscribers and to the rules. @throws DeliveryError when the topic cannot be published to */
  readonly republish: (message: RepublishedMessage) => Promise<void>;
  /** `host` (the scheme's own port) or `host:port` that Http actions may post to. */
  readonly allowedHttpHosts: ReadonlySet<string>;
  readonly nowMillis: () => number;
}
