import { describe, expect, it } from 'vitest';
import { billOf } from './cost-line.ts';
import { naiveUsage } from './naive-design.ts';
import { US_EAST_1 } from './price-sheet.ts';

describe('the reference design, built plainly', () => {
  const bill = billOf(naiveUsage(100, 1000, 1), US_EAST_1, 100);
  const perMillion = (service: string) =>
    bill.lines.filter((line) => line.service === service).reduce((sum, line) => sum + line.perMillionUsd, 0);

  it('costs 4.91 USD per million messages of 200 bytes at 100 a second from 1,000 devices', () => {
    expect(bill.perMillionUsd).toBeCloseTo(4.91, 2);
  });

  it.each([
    ['AWS IoT Core', 0.0133 + 1 + 0.45 + 0.45],
    ['Kinesis Data Streams', 0.2098],
    ['Data Firehose', 0.1383 + 0.023],
    ['Managed Flink', 0.6301],
    ['Lambda', 0.4413 + 0.0747],
    ['S3', 0.2 + 0.0043],
    ['DynamoDB', 0.625 + 0.0698],
    ['CloudWatch', 0.4 + 0.0228 + 0.1527],
  ])('of which %s', (service, usd) => {
    expect(perMillion(service)).toBeCloseTo(usd, 3);
  });
});
