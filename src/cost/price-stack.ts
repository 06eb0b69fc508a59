import { overwritten } from './capacity.ts';
import { CostError } from './cost-error.ts';
import { type Bill, billOf, type Usage } from './cost-line.ts';
import type { Deployment } from './deployment.ts';
import type { Use } from './handlers/work.ts';
import { type Load, readingsPerSecond } from './load.ts';
import { naiveUsage } from './naive-design.ts';
import type { PriceSheet } from './price-sheet.ts';
import { apiUsage } from './services/api.ts';
import { cloudWatchUsage } from './services/cloudwatch.ts';
import { dynamoDbUsage } from './services/dynamodb.ts';
import { deliveredObjects, firehoseUsage } from './services/firehose.ts';
import { flinkUsage } from './services/flink.ts';
import { iotCoreUsage } from './services/iot-core.ts';
import { kinesisUsage } from './services/kinesis.ts';
import { lambdaUsage } from './services/lambda.ts';
import { MONTHLY, monthlyUsage } from './services/monthly.ts';
import { s3Usage } from './services/s3.ts';
import { sqsUsage } from './services/sqs.ts';
import { trafficOf } from './traffic.ts';

export interface PricingOptions {
  readonly sheet: PriceSheet;
  /** How many months of what is stored are counted, at most; data that the template deletes earlier counts less. */
  readonly storageMonths: number;
}

/** What a stack costs under a load. */
export interface CostReport extends Bill {
  readonly readingsPerSecond: number;
  readonly devices: number;
  /** The reference design under the same load, by the same sheet. */
  readonly naive: Bill;
  /** What is priced otherwise than it is deployed, or would not work, in sentences. */
  readonly warnings: readonly string[];
  /** Resource types of the template that have a price and none here. */
  readonly notPriced: readonly string[];
}

/**
 * Prices a deployed stack under a load, line by line.
 * @throws CostError when nothing is published
 */
export function priceStack(deployment: Deployment, load: Load, options: PricingOptions): CostReport {
  const { sheet, storageMonths } = options;
  const rate = readingsPerSecond(load);
  if (!(rate > 0)) throw new CostError('Cannot price a load without readings: the rate must be above 0');
  const traffic = trafficOf(deployment, load);
  const uses: Use[] = [
    ...traffic.functions.flatMap(({ work }) => work.uses),
    ...deliveredObjects(deployment, traffic),
  ];
  const usages: Usage[] = [
    ...iotCoreUsage(load, traffic),
    ...kinesisUsage(deployment, traffic),
    ...firehoseUsage(deployment, traffic),
    ...flinkUsage(deployment),
    ...lambdaUsage(traffic),
    ...dynamoDbUsage(deployment, uses, storageMonths),
    ...s3Usage(deployment, uses, storageMonths),
    ...cloudWatchUsage(deployment, traffic, storageMonths),
    ...apiUsage(uses),
    ...sqsUsage(deployment),
    ...monthlyUsage(deployment),
  ];
  return {
    ...billOf(usages, sheet, rate),
    readingsPerSecond: rate,
    devices: load.devices,
    naive: billOf(naiveUsage(rate, load.devices, storageMonths), sheet, rate),
    warnings: [...traffic.warnings, ...overwritten(deployment, uses)],
    notPriced: notPricedTypes(deployment),
  };
}

/** Types that are priced by what happens in them, and those that are by the month. */
const PRICED = [
  ...Object.keys(MONTHLY),
  'AWS::ApiGatewayV2::Api',
  'AWS::DynamoDB::Table',
  'AWS::Events::Rule',
  'AWS::IoT::TopicRule',
  'AWS::Kinesis::Stream',
  'AWS::Kinesis::StreamConsumer',
  'AWS::KinesisAnalyticsV2::Application',
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption',
  'AWS::Logs::LogGroup',
  'AWS::Logs::LogStream',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
];

/** Types that cost nothing, or nothing while nobody uses them: rights, names, wiring. */
const FREE =
  /^AWS::(IAM|CloudFormation|Budgets)::|^AWS::(Lambda::(Version|Permission|EventInvokeConfig|Alias)|IoT::(Policy|Thing|ThingGroup|ThingType|RoleAlias|Logging)|S3::BucketPolicy|SQS::QueuePolicy|SNS::TopicPolicy|SNS::Subscription|ApiGatewayV2::(Stage|Integration|Route|Authorizer)|Kinesis::ResourcePolicy|SQS::Queue)$/;

function notPricedTypes({ resources }: Deployment): string[] {
  const types = new Set(resources.map(({ type }) => type));
  return [...types].filter((type) => !PRICED.includes(type) && !FREE.test(type)).sort();
}
