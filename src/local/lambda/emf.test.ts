import { describe, expect, test } from 'vitest';
import { parseEmf } from './emf.ts';
import { MetricStore } from './emf-store.ts';

const directive = {
  Namespace: 'Mesonet',
  Dimensions: [['function']],
  Metrics: [{ Name: 'RecordsIn', Unit: 'Count' }],
};
const emf = (fields: object, metadata: object = {}): string =>
  JSON.stringify({ _aws: { Timestamp: 60_000, CloudWatchMetrics: [directive], ...metadata }, ...fields });

describe('parseEmf', () => {
  test('reads each metric with its dimensions and leaves the rest as properties', () => {
    expect(parseEmf(emf({ function: 'store', RecordsIn: 5, reason: 'x' }))).toEqual({
      kind: 'metrics',
      data: [
        {
          namespace: 'Mesonet',
          name: 'RecordsIn',
          unit: 'Count',
          dimensions: { function: 'store' },
          values: [5],
          timestampMillis: 60_000,
          properties: { reason: 'x' },
        },
      ],
    });
  });

  test('reads an array of values, and a directive without dimensions', () => {
    const result = parseEmf(
      emf({ RecordsIn: [1, 2] }, { CloudWatchMetrics: [{ ...directive, Dimensions: [] }] }),
    );
    expect(result).toMatchObject({ kind: 'metrics', data: [{ values: [1, 2], dimensions: {} }] });
  });

  test.each([
    ['plain text', 'hello'],
    ['ordinary JSON', '{"level":"INFO"}'],
    ['broken JSON', '{"_aws": '],
    ['a metadata object of somebody else', '{"_aws": {"x": 1}}'],
  ])('lets %s pass as a log line', (_, line) => {
    expect(parseEmf(line)).toEqual({ kind: 'not-emf' });
  });

  test.each([
    ['no dimension value', emf({ RecordsIn: 1 }), 'dimension "function" has no text value'],
    [
      'a text as value',
      emf({ function: 'f', RecordsIn: '1' }),
      'metric "RecordsIn" is neither a number nor 1 to 100 numbers',
    ],
    [
      'NaN printed as null',
      emf({ function: 'f', RecordsIn: null }),
      'metric "RecordsIn" is neither a number nor 1 to 100 numbers',
    ],
    [
      '101 values',
      emf({ function: 'f', RecordsIn: Array(101).fill(1) }),
      'metric "RecordsIn" is neither a number nor 1 to 100 numbers',
    ],
    [
      'no timestamp',
      emf({ function: 'f', RecordsIn: 1 }, { Timestamp: 'x' }),
      '_aws.Timestamp is not a number',
    ],
    [
      'a directive that is none',
      emf({}, { CloudWatchMetrics: [{}] }),
      'a metric directive lacks Namespace, Dimensions or Metrics',
    ],
    [
      'more than 1 MB',
      emf({ function: 'f', RecordsIn: 1, x: 'y'.repeat(1 << 20) }),
      'the document is larger than 1 MB',
    ],
  ])('refuses a document with %s', (_, line, reason) => {
    expect(parseEmf(line)).toEqual({ kind: 'refused', reason });
  });
});

describe('MetricStore', () => {
  const datum = (name: string, value: number, timestampMillis: number) => ({
    namespace: 'Mesonet',
    name,
    unit: 'Count',
    dimensions: { function: 'f' },
    values: [value],
    timestampMillis,
    properties: {},
  });

  test('keeps the last value and the sum of each minute, whatever the order of arrival', () => {
    const store = new MetricStore();
    for (const [value, millis] of [
      [1, 0],
      [2, 61_000],
      [4, 30_000],
    ] as const)
      store.add(datum('n', value, millis));
    expect(store.get('Mesonet', 'n', { function: 'f' })).toMatchObject({
      last: 2,
      total: 7,
      minutes: [
        { minuteMillis: 0, sum: 5, count: 2, minimum: 1, maximum: 4 },
        { minuteMillis: 60_000, sum: 2, count: 1 },
      ],
    });
  });

  test('stays bounded in minutes and in series', () => {
    const store = new MetricStore({ maxSeries: 2, maxMinutes: 3 });
    for (let minute = 0; minute < 10; minute++) store.add(datum('n', 1, minute * 60_000));
    store.add(datum('n', 1, 0));
    for (const name of ['a', 'b', 'c']) store.add(datum(name, 1, 0));
    expect(store.list().map((series) => series.name)).toEqual(['n', 'a']);
    expect(store.list()[0]).toMatchObject({
      total: 11,
      minutes: [7, 8, 9].map((m) => ({ minuteMillis: m * 60_000 })),
    });
    expect(store.droppedValues).toBe(2);
  });
});
