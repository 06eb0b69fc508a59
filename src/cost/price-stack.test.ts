import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingsPerSecond } from './load.ts';
import { US_EAST_1 } from './price-sheet.ts';
import { priceStack } from './price-stack.ts';
import { deploy, price, resource, SMALL_STACK, usdOf } from './stack.test-support.ts';
import { readTrace } from './trace.ts';

/*
 * 10 readings/s are 26.28 million a month of 730 hours. 600 devices publish once a minute each, so a batch of 60 s holds
 * each of them once.
 */
describe('a small stack priced by hand', () => {
  const report = price(SMALL_STACK);

  it.each([
    ['iot.connectivity', [((600 * 43_800) / 1e6) * 0.08]],
    ['iot.rules', [26.28 * 0.15]],
    ['iot.actions', [26.28 * 0.15]],
    ['kinesis.shardHours', [730 * 0.015]],
    ['kinesis.putUnits', [26.28 * 0.014]],
    // One latest and one minute item for each reading.
    ['dynamodb.writes', [26.28 * 0.625, 26.28 * 0.625]],
    // An item holds one sample: 40 + 25 + 100 bytes.
    ['dynamodb.storage', [((26.28e6 * 165) / 1024 ** 3) * 0.25]],
    // One batch a minute.
    ['lambda.requests', [0.0438 * 0.2]],
    // 600 records and 1,200 calls: 1 + 6 + 516 ms of CPU, 75 rounds of 5 ms; 1,769 MB are one CPU.
    ['lambda.armGbSeconds', [43_800 * 0.898 * (1769 / 1024) * 0.0000133334]],
    ['cloudwatch.metrics', [12 * 0.3]],
    ['cloudwatch.logsIn', [((43_800 * (264 + 5 * 265 + 400)) / 1024 ** 3) * 0.5]],
  ])('has the line %s', (name, usd) => {
    const actual = usdOf(report, name);
    expect(actual).toHaveLength(usd.length);
    for (const [i, value] of usd.entries()) expect(actual[i]).toBeCloseTo(value, 8);
  });

  it('adds its lines up, per month and per million readings', () => {
    const sum = report.lines.reduce((total, line) => total + line.perMonthUsd, 0);
    expect(report.perMonthUsd).toBeCloseTo(sum, 8);
    expect(report.perMillionUsd).toBeCloseTo(sum / 26.28, 8);
  });

  it('says of each line how much of what at which price from where', () => {
    expect(report.lines.find((line) => line.price === 'iot.connectivity')).toMatchObject({
      service: 'AWS IoT Core',
      what: 'devices connected: 600',
      quantity: 26.28,
      unit: 'million connection minutes',
      unitPriceUsd: 0.08,
      source: expect.stringContaining('2026-09-20'),
    });
    for (const { quantity, unitPriceUsd, perMonthUsd } of report.lines)
      expect(quantity * unitPriceUsd).toBeCloseTo(perMonthUsd, 8);
  });

  it('has nothing to warn of', () => {
    expect(report).toMatchObject({ warnings: [], notPriced: [] });
  });
});

describe('a change of the template changes the price', () => {
  const with_ = (logicalId: string, properties: Record<string, unknown>) => {
    const { Type, Properties } = SMALL_STACK[logicalId]!;
    return { ...SMALL_STACK, [logicalId]: resource(Type, { ...Properties, ...properties }) };
  };

  it('of a batching window: twelve times the batches, and no fewer writes at one reading a minute', () => {
    const report = price(with_('StoreMapping', { MaximumBatchingWindowInSeconds: 5 }));
    expect(usdOf(report, 'lambda.requests')[0]).toBeCloseTo(12 * 0.0438 * 0.2, 8);
    expect(usdOf(report, 'dynamodb.writes')[0]).toBeCloseTo(26.28 * 0.625, 8);
  });

  it('of shards', () => {
    expect(usdOf(price(with_('Readings', { ShardCount: 3 })), 'kinesis.shardHours')).toEqual([
      expect.closeTo(3 * 730 * 0.015, 8),
    ]);
  });

  it('of a stream on demand, where each record counts as 1 KB in and as it is out', () => {
    const report = price(with_('Readings', { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }));
    expect(usdOf(report, 'kinesis.shardHours')).toEqual([]);
    expect(usdOf(report, 'kinesis.onDemandStreamHours')).toEqual([expect.closeTo(730 * 0.04, 8)]);
    expect(usdOf(report, 'kinesis.onDemandIn')).toEqual([
      expect.closeTo(((26.28e6 * 1024) / 1024 ** 3) * 0.08, 8),
    ]);
    // 200 bytes and 104 that the rule adds.
    expect(usdOf(report, 'kinesis.onDemandOut')).toEqual([
      expect.closeTo(((26.28e6 * 304) / 1024 ** 3) * 0.04, 8),
    ]);
  });

  it('of a table to provisioned capacity', () => {
    const throughput = { WriteCapacityUnits: 20, ReadCapacityUnits: 5 };
    const report = price(with_('Latest', { BillingMode: 'PROVISIONED', ProvisionedThroughput: throughput }));
    expect(usdOf(report, 'dynamodb.writeCapacity')).toEqual([expect.closeTo(20 * 730 * 0.00065, 8)]);
    expect(usdOf(report, 'dynamodb.writes')).toHaveLength(1);
    expect(report.warnings).toEqual([]);
    const small = { WriteCapacityUnits: 5, ReadCapacityUnits: 5 };
    const throttled = with_('Latest', { BillingMode: 'PROVISIONED', ProvisionedThroughput: small });
    expect(price(throttled).warnings).toEqual([
      "table 'latest' has 5 write units with its indexes and needs 10: writes would be throttled",
    ]);
  });

  it('of an index that follows values, and not of one with keys only', () => {
    const index = (ProjectionType: string) => ({ Projection: { ProjectionType } });
    const writes = (...types: string[]) =>
      usdOf(price(with_('Latest', { GlobalSecondaryIndexes: types.map(index) })), 'dynamodb.writes')[0]!;
    expect(writes('ALL') / writes()).toBeCloseTo(2, 8);
    expect(writes('KEYS_ONLY')).toBe(writes());
  });

  it('of a delivery stream, where each record counts as 5 KB', () => {
    const report = price({
      ...SMALL_STACK,
      Raw: resource('AWS::KinesisFirehose::DeliveryStream', {
        DeliveryStreamName: 'raw',
        ExtendedS3DestinationConfiguration: {
          BucketARN: 'arn:aws:s3:::raw',
          Prefix: 'raw/',
          CompressionFormat: 'GZIP',
          BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 64 },
        },
      }),
      RawRule: resource('AWS::IoT::TopicRule', {
        RuleName: 'raw',
        TopicRulePayload: {
          Sql: "SELECT * FROM 'weather/#'",
          Actions: [{ Firehose: { DeliveryStreamName: 'raw' } }],
        },
      }),
    });
    // By Basic Ingest the message is for one rule only.
    expect(usdOf(report, 'firehose.ingest')).toEqual([]);
    const broker = price(
      {
        ...SMALL_STACK,
        Rule: resource('AWS::IoT::TopicRule', {
          RuleName: 'telemetry',
          TopicRulePayload: {
            Sql: "SELECT * FROM 'weather/#'",
            Actions: [{ Kinesis: { StreamName: 'readings' } }, { Firehose: { DeliveryStreamName: 'raw' } }],
          },
        }),
        Raw: resource('AWS::KinesisFirehose::DeliveryStream', { DeliveryStreamName: 'raw' }),
      },
      { basicIngest: false },
    );
    expect(usdOf(broker, 'iot.messages')).toEqual([expect.closeTo(26.28, 8)]);
    expect(usdOf(broker, 'iot.actions')).toHaveLength(2);
    expect(usdOf(broker, 'firehose.ingest')).toEqual([
      expect.closeTo(((26.28e6 * 5 * 1024) / 1024 ** 3) * 0.029, 8),
    ]);
  });

  it('of alarms and dashboards, and names what it has no price for', () => {
    const report = price({
      ...SMALL_STACK,
      Alarm: resource('AWS::CloudWatch::Alarm'),
      Board: resource('AWS::CloudWatch::Dashboard'),
      Warehouse: resource('AWS::RedshiftServerless::Workgroup'),
      Role: resource('AWS::IAM::Role'),
    });
    expect(usdOf(report, 'cloudwatch.alarms')).toEqual([expect.closeTo(0.1, 8)]);
    expect(usdOf(report, 'cloudwatch.dashboards')).toEqual([3]);
    expect(report.notPriced).toEqual(['AWS::RedshiftServerless::Workgroup']);
  });
});

describe('a load that the stack would not carry', () => {
  it('is priced with a warning of the shards and of the function', () => {
    expect(price(SMALL_STACK, { rate: 2500, devices: 25_000 }).warnings).toEqual([
      "stream 'readings' needs 3 shards and has 1: the load puts 2500 records and 0.72 MB a second",
      expect.stringMatching(
        /^function 'store' would fall behind: it needs \d+\.\d batches at once, its mapping allows 1/,
      ),
    ]);
  });

  it('says which topic no rule takes', () => {
    expect(price(SMALL_STACK, { pack: 6 }).warnings).toContain(
      "no rule takes 'weather/WA/Seattle/vzqHb8vgh0/batch': only its messages are priced",
    );
  });
});

describe('windows', () => {
  const application = (Name: string, more: Record<string, unknown> = {}) => ({
    Name,
    Code: 'w.sql',
    Input: 'Readings',
    Outputs: { D: { Stream: 'Windows', PartitionKey: 'sensor_id' } },
    ...more,
  });
  const metadata = (...applications: object[]) => ({ 'Mesonet::StreamingApplications': applications });
  const stack = {
    ...SMALL_STACK,
    Windows: resource('AWS::Kinesis::Stream', { Name: 'windows', ShardCount: 1 }),
  };

  it('are one record for each sensor and minute', () => {
    const report = price(stack, { rate: 100 }, metadata(application('windows', { Function: 'Store' })));
    expect(usdOf(report, 'kinesis.putUnits')[1]).toBeCloseTo(((600 * 43_800) / 1e6) * 0.014, 8);
    expect(report.warnings).toEqual([]);
  });

  it('are none where nothing on AWS makes them, and that is said', () => {
    const report = price(stack, {}, metadata(application('windows')));
    expect(usdOf(report, 'kinesis.putUnits')).toHaveLength(1);
    expect(report.warnings).toEqual([
      "nothing in the template runs 'windows' on AWS: neither it nor what it would put out is priced",
    ]);
  });

  it('run in Managed Flink where the template has it, with one unit more for orchestration', () => {
    const flink = resource('AWS::KinesisAnalyticsV2::Application', {
      ApplicationConfiguration: {
        FlinkApplicationConfiguration: { ParallelismConfiguration: { Parallelism: 4, ParallelismPerKPU: 2 } },
      },
    });
    const report = price({ ...stack, Flink: flink }, {}, metadata(application('windows')));
    expect(usdOf(report, 'flink.kpuHours')).toEqual([expect.closeTo(3 * 730 * 0.11, 8)]);
    expect(usdOf(report, 'flink.runningStorage')).toEqual([expect.closeTo(2 * 50 * 0.1, 8)]);
    expect(usdOf(report, 'kinesis.putUnits')).toHaveLength(2);
  });

  it('flow on from one application to the next, whichever stands first', () => {
    const second = application('second', {
      Input: 'Windows',
      Function: 'Store',
      Outputs: { D: { Stream: 'Again', PartitionKey: 'sensor_id' } },
    });
    const first = application('first', { Function: 'Store' });
    const both = { ...stack, Again: resource('AWS::Kinesis::Stream', { Name: 'again', ShardCount: 1 }) };
    const [, windows, again] = usdOf(price(both, {}, metadata(second, first)), 'kinesis.putUnits');
    expect(again).toBeCloseTo(windows!, 8);
  });
});

describe('the price of a load', () => {
  it('rises with the rate, month by month', () => {
    const rate = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        const [lower, higher] = [Math.min(a, b), Math.max(a, b)];
        const slack = 1 + 1e-9;
        expect(price(SMALL_STACK, { rate: lower }).perMonthUsd).toBeLessThanOrEqual(
          price(SMALL_STACK, { rate: higher }).perMonthUsd * slack,
        );
      }),
    );
  });

  it('is finite and above zero for any fleet', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 1e7 }),
        fc.integer({ min: 1, max: 500 }),
        (rate, devices, pack) => {
          const { perMonthUsd, lines } = price(SMALL_STACK, { rate, devices, pack });
          expect(perMonthUsd).toBeGreaterThan(0);
          expect(lines.every((line) => Number.isFinite(line.perMonthUsd))).toBe(true);
        },
      ),
    );
  });

  it('is the same for a recording of it', () => {
    const lines = Array.from({ length: 6000 }, (_, i) =>
      JSON.stringify({
        timestampMillis: 1_795_226_400_000 + i * 100,
        topic: `$aws/rules/telemetry/weather/WA/Seattle/st-${i % 600}/temperature/s-${i % 600}`,
        bytes: 200,
      }),
    );
    const load = readTrace(lines.join('\n'));
    expect(load.devices).toBe(600);
    expect(readingsPerSecond(load)).toBeCloseTo(10, 8);
    const recorded = priceStack(deploy(SMALL_STACK), load, { sheet: US_EAST_1, storageMonths: 1 });
    expect(recorded.perMonthUsd).toBeCloseTo(price(SMALL_STACK).perMonthUsd, 8);
  });

  it('needs readings', () => {
    expect(() => price(SMALL_STACK, { rate: 0 })).toThrow('Cannot price a load without readings');
  });
});
