import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { DescribeStreamCommand } from '@aws-sdk/client-kinesis';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { ReadBack } from './read-back.test-support.ts';

/** What carries and keeps records, read from its own service into the words of CloudFormation. */
export const dataReaders: Readonly<Record<string, ReadBack>> = {
  'AWS::Kinesis::Stream': async ({ kinesis }, { physicalId }) => {
    const { StreamDescription: stream } = await kinesis.send(
      new DescribeStreamCommand({ StreamName: physicalId }),
    );
    const { EncryptionType, KeyId } = stream!;
    return {
      ...stream,
      Name: stream!.StreamName,
      ShardCount: stream!.Shards?.length,
      StreamEncryption: { EncryptionType, KeyId },
    };
  },
  'AWS::KinesisFirehose::DeliveryStream': async ({ firehose }, { physicalId }) => {
    const command = new DescribeDeliveryStreamCommand({ DeliveryStreamName: physicalId });
    const { DeliveryStreamDescription: stream } = await firehose.send(command);
    return {
      ...stream,
      KinesisStreamSourceConfiguration: stream?.Source?.KinesisStreamSourceDescription,
      ExtendedS3DestinationConfiguration: stream?.Destinations?.[0]?.ExtendedS3DestinationDescription,
    };
  },
  'AWS::DynamoDB::Table': async ({ dynamoDb }, { physicalId: TableName }) => {
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
    const { TimeToLiveDescription: ttl } = await dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
    const backups = await dynamoDb.send(new DescribeContinuousBackupsCommand({ TableName }));
    const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    return {
      ...Table,
      BillingMode: Table?.BillingModeSummary?.BillingMode,
      TimeToLiveSpecification: {
        AttributeName: ttl?.AttributeName,
        Enabled: ttl?.TimeToLiveStatus === 'ENABLED',
      },
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: recovery?.PointInTimeRecoveryStatus === 'ENABLED',
      },
    };
  },
  'AWS::S3::Bucket': async ({ s3 }, { physicalId: Bucket }) => {
    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket })).catch(absent);
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket })).catch(absent);
    const ownership = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket })).catch(absent);
    const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).catch(absent);
    const sse = encryption?.ServerSideEncryptionConfiguration?.Rules?.map((rule) => ({
      ServerSideEncryptionByDefault: rule.ApplyServerSideEncryptionByDefault,
    }));
    return {
      PublicAccessBlockConfiguration: access?.PublicAccessBlockConfiguration,
      BucketEncryption: { ServerSideEncryptionConfiguration: sse },
      OwnershipControls: ownership?.OwnershipControls,
      VersioningConfiguration: await s3.send(new GetBucketVersioningCommand({ Bucket })),
      LifecycleConfiguration: {
        TransitionDefaultMinimumObjectSize: lifecycle?.TransitionDefaultMinimumObjectSize,
        Rules: lifecycle?.Rules?.map(lifecycleRule),
      },
    };
  },
  'AWS::S3::BucketPolicy': async ({ s3 }, { properties }) => {
    const Bucket = String(properties.Bucket);
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    return { Bucket, PolicyDocument: JSON.parse(Policy ?? '{}') };
  },
  'AWS::SNS::Topic': async ({ sns }, { physicalId }) => {
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: physicalId }));
    return { TopicName: Attributes?.TopicArn?.split(':').at(-1), KmsMasterKeyId: Attributes?.KmsMasterKeyId };
  },
  'AWS::SNS::TopicPolicy': async ({ sns }, { properties }) => {
    const [TopicArn = ''] = properties.Topics as string[];
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    return { Topics: [Attributes?.TopicArn], PolicyDocument: JSON.parse(Attributes?.Policy ?? '{}') };
  },
  'AWS::SQS::Queue': async ({ sqs }, { physicalId: QueueUrl }) => {
    const {
      QueueArn = '',
      RedrivePolicy,
      RedriveAllowPolicy,
      ...attributes
    } = await queueAttributes(sqs, QueueUrl);
    return {
      ...attributes,
      QueueName: QueueArn.split(':').at(-1),
      RedrivePolicy: RedrivePolicy && JSON.parse(RedrivePolicy),
      RedriveAllowPolicy: RedriveAllowPolicy && JSON.parse(RedriveAllowPolicy),
    };
  },
  'AWS::SQS::QueuePolicy': async ({ sqs }, { properties }) => {
    const [QueueUrl = ''] = properties.Queues as string[];
    const { Policy = '{}' } = await queueAttributes(sqs, QueueUrl);
    return { Queues: [QueueUrl], PolicyDocument: JSON.parse(Policy) };
  },
};

async function queueAttributes(sqs: SQSClient, QueueUrl: string): Promise<Partial<Record<string, string>>> {
  const query = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  return (await sqs.send(query)).Attributes ?? {};
}

/** CloudFormation and S3 name the members of a lifecycle rule differently. */
function lifecycleRule({ ID, Filter, Expiration, Transitions, ...rule }: LifecycleRule) {
  return {
    ...rule,
    Id: ID,
    Prefix: Filter?.Prefix || rule.Prefix,
    ExpirationInDays: Expiration?.Days,
    Transitions: Transitions?.map(({ StorageClass, Days }) => ({ StorageClass, TransitionInDays: Days })),
  };
}

/** A configuration that a bucket does not have is an error of S3; anything else stays one here. */
function absent(error: Error): undefined {
  if (/^NoSuch|NotFound/.test(error.name)) return undefined;
  throw error;
}
