import { createAlarmDelivery, createLogsDelivery, createMetricDelivery } from './cloudwatch-delivery.ts';
import { createDynamodbDelivery, createDynamodbV2Delivery } from './dynamodb-delivery.ts';
import { createHttpDelivery } from './http-delivery.ts';
import { createSnsDelivery, createSqsDelivery } from './messaging-delivery.ts';
import { createRepublishDelivery } from './republish-delivery.ts';
import type { Deliver } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';

interface DeliveryKind {
  readonly create: (targets: RuleActionTargets) => Deliver;
  /** Deliveries at once; 1 where their order may matter to the target. */
  readonly concurrency: number;
}

/** The actions that a durable queue carries out after the PUBACK, by their names in CloudFormation. */
export const DELIVERIES: Readonly<Record<string, DeliveryKind>> = {
  CloudwatchAlarm: { create: createAlarmDelivery, concurrency: 1 },
  CloudwatchLogs: { create: createLogsDelivery, concurrency: 1 },
  CloudwatchMetric: { create: createMetricDelivery, concurrency: 1 },
  DynamoDB: { create: createDynamodbDelivery, concurrency: 1 },
  DynamoDBv2: { create: createDynamodbV2Delivery, concurrency: 1 },
  Http: { create: createHttpDelivery, concurrency: 20 },
  Republish: { create: createRepublishDelivery, concurrency: 1 },
  S3: { create: createS3Delivery, concurrency: 8 },
  Sns: { create: createSnsDelivery, concurrency: 1 },
  Sqs: { create: createSqsDelivery, concurrency: 1 },
};

/** S3 (AWS IoT developer guide, s3-rule-action): one object; a key that does not change is written again and again. */
function createS3Delivery({ putObject }: RuleActionTargets): Deliver {
  return ({ members, output }) =>
    putObject(String(members.BucketName), String(members.Key), Buffer.from(output as string));
}
