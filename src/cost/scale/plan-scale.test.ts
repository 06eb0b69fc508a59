import { describe, expect, test } from 'vitest';
import { US_EAST_1 } from '../price-sheet.ts';
import { deploy, resource, SMALL_STACK } from '../stack.test-support.ts';
import { planScale, planStep, SCALE_RATES } from './plan-scale.ts';

const options = { sheet: US_EAST_1, storageMonths: 1 };
const windows = resource('AWS::Lambda::Function', {
  FunctionName: 'windows',
  Handler: 'functions/aggregate-windows.handler',
  MemorySize: 1769,
});
const windowsMapping = resource('AWS::Lambda::EventSourceMapping', {
  EventSourceArn: { 'Fn::GetAtt': ['Readings', 'Arn'] },
  FunctionName: 'windows',
  StartingPosition: 'TRIM_HORIZON',
  BatchSize: 10_000,
  TumblingWindowInSeconds: 60,
});
const step = (rate: number, resources = SMALL_STACK, pack = 1) =>
  planStep(deploy(resources), { rate, devices: rate * 10, pack, basicIngest: true }, options);

describe('a stack at each power of ten', () => {
  test('has a shard for each 700 records a second, where 1,000 are the limit', () => {
    expect([100, 1_000, 10_000, 100_000].map((rate) => step(rate).streams[0]?.shards)).toEqual([
      1, 2, 15, 143,
    ]);
  });

  test('gives a function more batches of a shard at once before the stream gets more shards', () => {
    const { lanes, streams } = step(10_000);
    expect(lanes.store).toBeGreaterThan(1);
    expect(lanes.store).toBeLessThanOrEqual(10);
    expect(streams[0]?.shards).toBe(15);
  });

  test('runs the windows in Flink where no function does, with units for the readings of each', () => {
    expect(step(10_000)).toMatchObject({ windows: 'flink', kpus: 1 });
    expect(step(10_000_000)).toMatchObject({ windows: 'flink', kpus: 239 });
  });

  test('runs them in a function while that is cheaper than Flink', () => {
    const withWindows = { ...SMALL_STACK, Windows: windows, WindowsMapping: windowsMapping };
    expect(step(100, withWindows)).toMatchObject({ windows: 'lambda', kpus: 0 });
    for (const rate of SCALE_RATES) {
      const [either, byFlink] = [step(rate, withWindows), step(rate)];
      expect(either.perMonthUsd).toBeLessThanOrEqual(byFlink.perMonthUsd);
      expect(either.windows === 'flink').toBe(either.perMonthUsd === byFlink.perMonthUsd);
    }
  });

  test('names the limits of an account that it goes beyond, and none at a hundred readings a second', () => {
    expect(step(100).exceeded).toEqual([]);
    const needed = Object.fromEntries(
      step(1_000_000).exceeded.map(({ limit, needed }) => [limit.name, needed]),
    );
    expect(needed).not.toHaveProperty(['Flink units of one application']);
    expect(needed).toMatchObject({
      'IoT connections': 10_000_000,
      'IoT publishes/s': 1_000_000,
      'Kinesis shards': 1_429,
    });
  });

  test('has fewer publishes packed, and the same records', () => {
    const [plain, packed] = [step(100_000), step(100_000, SMALL_STACK, 24)];
    expect(packed.publishesPerSecond).toBeCloseTo(plain.publishesPerSecond / 24);
    expect(packed.exceeded.map(({ limit }) => limit.name)).not.toContain('IoT publishes/s');
  });

  test('is all of one embedded runtime at 17,000 readings a second', () => {
    expect(step(17_000).embeddedShare).toBe(1);
  });

  test('goes from 100 to 10,000,000', () => {
    const steps = planScale(deploy(SMALL_STACK), { pack: 1, basicIngest: true }, options);
    expect(steps.map(({ readingsPerSecond }) => readingsPerSecond)).toEqual(SCALE_RATES);
    expect(SCALE_RATES.at(0)).toBe(100);
    expect(SCALE_RATES.at(-1)).toBe(10_000_000);
    for (const { perMonthUsd } of steps) expect(perMonthUsd).toBeGreaterThan(0);
  });
});
