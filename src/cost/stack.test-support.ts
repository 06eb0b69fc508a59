import type { Template, TemplateResource } from '../stack/template.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { steadyLoad } from './load.ts';
import { US_EAST_1 } from './price-sheet.ts';
import { type CostReport, priceStack } from './price-stack.ts';

type Resources = Template['Resources'];

const resource = (Type: string, Properties: Record<string, unknown> = {}): TemplateResource => ({
  Type,
  Properties,
});

/** A stack small enough to price by hand: one rule, one stream, one function, one table. */
export const SMALL_STACK: Resources = {
  Readings: resource('AWS::Kinesis::Stream', { Name: 'readings', ShardCount: 1 }),
  Latest: resource('AWS::DynamoDB::Table', { TableName: 'latest', BillingMode: 'PAY_PER_REQUEST' }),
  Rule: resource('AWS::IoT::TopicRule', {
    RuleName: 'telemetry',
    TopicRulePayload: {
      Sql: "SELECT * FROM 'weather/+/+/+/+/+'",
      Actions: [{ Kinesis: { StreamName: { Ref: 'Readings' } } }],
    },
  }),
  Store: resource('AWS::Lambda::Function', {
    FunctionName: 'store',
    Handler: 'functions/store-readings.handler',
    MemorySize: 1769,
    Architectures: ['arm64'],
    Environment: { Variables: { LATEST_TABLE: 'latest', READINGS_TABLE_PREFIX: 'week-' } },
  }),
  StoreMapping: resource('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': ['Readings', 'Arn'] },
    FunctionName: 'store',
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 1000,
    MaximumBatchingWindowInSeconds: 60,
  }),
};

export { resource };

export function deploy(Resources: Resources, Metadata = {}): Deployment {
  return readDeployment({ Resources, Metadata }, '/project');
}

/** Prices resources under a steady load; one month of storage. */
export function price(
  Resources: Resources,
  load: Partial<Parameters<typeof steadyLoad>[0]> = {},
  Metadata = {},
): CostReport {
  return priceStack(
    deploy(Resources, Metadata),
    steadyLoad({ rate: 10, devices: 600, pack: 1, basicIngest: true, ...load }),
    { sheet: US_EAST_1, storageMonths: 1 },
  );
}

/** USD per month of the lines with that price, in the order of the bill. */
export function usdOf({ lines }: Pick<CostReport, 'lines'>, name: string): number[] {
  return lines.filter((line) => line.price === name).map((line) => line.perMonthUsd);
}
