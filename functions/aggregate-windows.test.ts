import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { kinesisEvent, type TestData } from '../tests/aws/kinesis-event.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler, type TumblingWindowEvent } from './aggregate-windows.ts';
import type { WindowState } from './windows/window-state.ts';

let aws: TestAws;
const START = Date.parse('2026-03-01T10:00:00Z');

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  aws.captured.length = 0;
});

function reading(sensor: string, value: unknown): object {
  return {
    sensor_id: sensor,
    sensor: 'temperature',
    station_id: 'st-1',
    sensor_value: value,
    sensor_value_smoothed: 1,
  };
}

/** Names that do not compress. */
function randomName(seed: number): string {
  return createHash('sha256').update(String(seed)).digest('base64url').slice(0, 28);
}

interface Step {
  readonly data?: readonly TestData[];
  readonly state?: WindowState;
  readonly isFinal?: boolean;
  readonly first?: number;
}

async function invoke({ data = [], state = {}, isFinal = false, first = 1 }: Step) {
  const event: TumblingWindowEvent = {
    ...kinesisEvent(data, { first, arrivalMillis: START + 5_000 + first }),
    window: { start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:01:00Z' },
    state: JSON.parse(JSON.stringify(state)) as WindowState,
    shardId: 'shardId-000000000000',
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: false,
  };
  const { result, emf } = await captureEmf(() => handler(event));
  return { state: result.state, counts: countsOf(emf, 'aggregate-windows')! };
}

/** The rows on the stream "windows". */
function windows(): Record<string, unknown>[] {
  return aws.captured
    .filter(({ target }) => target.endsWith('PutRecords'))
    .flatMap(({ body }) => body.Records)
    .map(({ Data }) => JSON.parse(Buffer.from(Data, 'base64').toString()) as Record<string, unknown>);
}

describe('aggregate-windows', () => {
  it('carries its state from invocation to invocation and puts the rows out with the last one', async () => {
    const first = await invoke({ data: [reading('a', 1), reading('b', 10)] });
    const second = await invoke({ data: [reading('a', 3)], state: first.state, first: 10 });
    expect(windows()).toEqual([]);
    const last = await invoke({ state: second.state, isFinal: true });
    expect(last.state).toEqual({});
    expect(last.counts).toMatchObject({
      RecordsIn: 0,
      RecordsRejected: 0,
      WindowsClosed: 2,
      StateSpilled: 0,
    });
    expect(windows()).toMatchObject([
      {
        sensor_id: 'a',
        sensor_avg_value: 2,
        '60sec_sum_of_sensor_value': 4,
        '60sec_number_of_msg': 2,
        record_timestamp: '2026-03-01 10:01:00.000',
        sensor_min_value: 1,
        sensor_max_value: 3,
      },
      { sensor_id: 'b', sensor_avg_value: 10, '60sec_number_of_msg': 1 },
    ]);
  });

  it('keeps a record that does not fit, with its bytes, and counts the others', async () => {
    const { state, counts } = await invoke({
      data: [reading('c', 'warm'), Buffer.from('{broken'), reading('c', 7)],
    });
    expect(counts).toMatchObject({ RecordsIn: 3, RecordsRejected: 2 });
    const objects = [...(await aws.objects('rejected/')).values()];
    const lines = objects
      .flatMap((body) => body.toString().trim().split('\n'))
      .map((line) => JSON.parse(line));
    expect(lines.map(({ reason }) => reason)).toEqual(['wrong-type', 'not-json']);
    expect(Buffer.from(lines[1].base64, 'base64').toString()).toBe('{broken');
    await invoke({ state, isFinal: true });
    expect(windows().filter(({ sensor_id }) => sensor_id === 'c')).toMatchObject([
      { '60sec_number_of_msg': 1, sensor_avg_value: 7 },
    ]);
  });

  it('gives the very same rows when an invocation is repeated', async () => {
    const { state } = await invoke({ data: [reading('d', 1)] });
    const step = { data: [reading('d', 2)], state, first: 20 };
    expect(await invoke(step)).toEqual(await invoke(step));
  });

  it('keeps a state that outgrows the megabyte in an object, and goes on from there', async () => {
    const many = (from: number): object[] =>
      Array.from({ length: 5_000 }, (_, n) => reading(randomName(from + n), Math.sin(from + n) * 100));
    let state: WindowState = {};
    for (let batch = 0; batch < 6; batch += 1)
      state = (await invoke({ data: many(batch * 5_000), state, first: 100 + batch * 5_000 })).state;
    expect(Object.keys(state)).toEqual(['invocation', 'object']);
    expect(state.object).toMatch(
      /^state\/windows\/aggregate-windows\/shardId-0{12}\/2026-03-01T10:00:00Z-6\.bin$/,
    );
    const { counts } = await invoke({ state, isFinal: true });
    expect(counts).toMatchObject({ WindowsClosed: 30_000 });
  });
});
