import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handler as aggregate, type TumblingWindowEvent } from '../../functions/aggregate-windows.ts';
import { handler as publish } from '../../functions/publish-windows.ts';
import type { WindowState } from '../../functions/windows/window-state.ts';
import { createEngine } from '../../src/streaming-sql/engine/index.ts';
import { printFlinkJob } from '../../src/streaming-sql/flink/index.ts';
import { compileApplication, type InputSchema } from '../../src/streaming-sql/index.ts';
import { parseRecordTimestamp } from '../../src/telemetry/decode-window.ts';
import { captureEmf } from '../aws/capture-stdout.ts';
import { kinesisEvent } from '../aws/kinesis-event.ts';
import { startAws, type TestAws } from '../aws/start-aws.ts';
import { buildRunner, hasFlinkTools, runOnFlink } from './flink-runner.test-support.ts';

/*
 * docs/flink.md, "Switching": the windows go from the function to Flink and back while readings arrive. The function is the
 * handler that is deployed, called as Lambda calls it; Flink is the engine, which gives the rows that Flink gives
 * (equality.test.ts), and where a JDK and Maven are here, Flink itself. Both write to publish-windows.
 */

type Row = Readonly<Record<string, unknown>>;

interface Reading {
  readonly shard: number;
  readonly arrivalMillis: number;
  readonly data: Row;
}

/** From when one side reads, and when it is stopped. */
interface Turn {
  readonly by: 'function' | 'flink';
  readonly from: number;
  readonly until: number;
}

const MINUTE = 60_000;
const START = Date.parse('2026-03-01T10:00:00Z');
const END = START + 12 * MINUTE;
const at = (minute: number, second = 0): number => START + minute * MINUTE + second * 1000;
const url = (file: string): URL => new URL(`../../analytics-sql/${file}`, import.meta.url);
const input = JSON.parse(readFileSync(url('weather-windows.input.json'), 'utf8')) as InputSchema;
const plan = compileApplication(readFileSync(url('weather-windows.sql'), 'utf8'), {
  input,
  file: 'analytics-sql/weather-windows.sql',
});

const SWITCHES: readonly { readonly name: string; readonly turns: readonly Turn[] }[] = [
  {
    name: 'from the function to Flink',
    turns: [
      { by: 'function', from: START, until: at(5, 37) },
      { by: 'flink', from: at(3), until: END },
    ],
  },
  {
    name: 'from Flink to the function',
    turns: [
      { by: 'flink', from: START, until: at(5, 37) },
      { by: 'function', from: at(3), until: END },
    ],
  },
  {
    name: 'there and back, the first minute that is not given out being the last that may be left out',
    turns: [
      { by: 'function', from: START, until: at(4, 10) },
      { by: 'flink', from: at(4), until: at(8, 50) },
      { by: 'function', from: at(8), until: END },
    ],
  },
];

/** Two sensors on each of two shards, every seven seconds; the first one is too warm in the middle. */
function readingsOf(scenario: string): Reading[] {
  const readings: Reading[] = [];
  for (let millis = START, n = 0; millis < END; millis += 7_000, n++)
    for (const sensor of ['a', 'b', 'c', 'd']) {
      const isWarm = sensor === 'a' && millis >= at(4) && millis < at(7);
      readings.push({
        shard: sensor < 'c' ? 0 : 1,
        arrivalMillis: millis,
        data: {
          sensor_id: `${scenario}-${sensor}`,
          sensor: 'temperature',
          station_id: `st-${scenario}`,
          sensor_value: isWarm ? 40 : (n * 7) % 30,
          sensor_value_smoothed: n % 5,
        },
      });
    }
  return readings;
}

const within = (readings: readonly Reading[], { from, until }: Turn): Reading[] =>
  readings.filter(({ arrivalMillis }) => arrivalMillis >= from && arrivalMillis < until);

/** Lambda developer guide, "Tumbling windows": invocations of one window carry its state, the last one ends it. */
async function runFunction(aws: TestAws, readings: readonly Reading[], turn: Turn): Promise<Row[]> {
  aws.captured.length = 0;
  for (const shard of [0, 1])
    for (let start = turn.from; start < turn.until; start += MINUTE) {
      const own = within(readings, { ...turn, from: start, until: Math.min(start + MINUTE, turn.until) });
      const inShard = own.filter((reading) => reading.shard === shard);
      const middle = Math.ceil(inShard.length / 2);
      const state = await invoke(inShard.slice(0, middle), shard, start, {});
      const next = await invoke(inShard.slice(middle), shard, start, state);
      // Stopped within the window, it never sees its end, and gives nothing.
      if (start + MINUTE <= turn.until) await invoke([], shard, start, next, true);
    }
  return aws.captured
    .filter(({ target }) => target.endsWith('PutRecords'))
    .flatMap(({ body }) => body.Records)
    .map(({ Data }) => JSON.parse(Buffer.from(Data, 'base64').toString()) as Row);
}

async function invoke(
  readings: readonly Reading[],
  shard: number,
  start: number,
  state: WindowState,
  isFinal = false,
): Promise<WindowState> {
  const { Records } = kinesisEvent(
    readings.map(({ data }) => data),
    { shard },
  );
  const event: TumblingWindowEvent = {
    Records: Records.map((record, index) => ({
      ...record,
      kinesis: {
        ...record.kinesis,
        approximateArrivalTimestamp: readings[index]!.arrivalMillis / 1000,
      },
    })),
    window: { start: new Date(start).toISOString(), end: new Date(start + MINUTE).toISOString() },
    state: JSON.parse(JSON.stringify(state)) as WindowState,
    shardId: `shardId-00000000000${shard}`,
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: false,
  };
  return (await captureEmf(() => aggregate(event))).result.state;
}

function runEngine(readings: readonly Reading[], turn: Turn): Row[] {
  const rows: Row[] = [];
  const engine = createEngine(plan, {
    shardIds: ['shardId-000000000000', 'shardId-000000000001'],
    outputs: ['DESTINATION_SQL_STREAM'],
    onRow: (_, row) => rows.push(row),
    onError: ({ MESSAGE }) => {
      throw new Error(MESSAGE);
    },
  });
  within(readings, turn).forEach(({ shard, arrivalMillis, data }, index) => {
    const shardId = `shardId-00000000000${shard}`;
    engine.acceptRecord(data, { arrivalMillis, shardId, sequenceNumber: String(index) });
  });
  engine.advance(turn.until);
  return rows;
}

/** The harness ends the input, which closes the last window too; a job that is stopped gives out nothing more. */
async function runFlink(classPath: string, readings: readonly Reading[], turn: Turn): Promise<Row[]> {
  const records = within(readings, turn).map(({ shard, arrivalMillis, data }) => ({
    data: Buffer.from(JSON.stringify(data)).toString('base64'),
    arrivalMillis,
    shardId: `shardId-00000000000${shard}`,
  }));
  const [result] = await runOnFlink(classPath, [
    { id: 'switch', job: printFlinkJob(plan), records, startMillis: 0 },
  ]);
  if (!result?.outputs) throw new Error(result?.failure ?? 'no result');
  const rows = (result.outputs.DESTINATION_SQL_STREAM ?? []).map((line) => JSON.parse(line) as Row);
  return rows.filter((row) => endOf(row) <= turn.until).sort((a, b) => endOf(a) - endOf(b));
}

function endOf({ record_timestamp }: Row): number {
  return parseRecordTimestamp(String(record_timestamp)) ?? Number.NaN;
}

describe('switching what runs the windows', () => {
  let aws: TestAws;
  beforeAll(async () => {
    aws = await startAws();
  });
  afterAll(() => aws.stop());

  /** Runs the turns one after the other; what publish-windows has then kept and sent. */
  async function run(
    scenario: string,
    turns: readonly Turn[],
    flink: (readings: readonly Reading[], turn: Turn) => Promise<Row[]> | Row[],
  ) {
    const readings = readingsOf(scenario);
    let written = 0;
    for (const turn of turns) {
      const rows = await (turn.by === 'flink' ? flink(readings, turn) : runFunction(aws, readings, turn));
      written += rows.length;
      await captureEmf(() => publish(kinesisEvent(rows)));
    }
    const own = ({ sensor_id }: Row): boolean => String(sensor_id).startsWith(`${scenario}-`);
    const kept = (await aws.items('mesonet-test-windows')).filter(own).map((item) => {
      const { sensor_id, window_end_millis, count, sum, min, max, revision } = item;
      return {
        sensor: String(sensor_id).slice(scenario.length + 1),
        window_end_millis,
        count,
        sum,
        min,
        max,
        revision,
      };
    });
    const alerts = aws.alerts().filter(own);
    return { written, kept: sortRows(kept), alerts: alerts.map(({ kind }) => kind) };
  }
  const whole: Turn = { by: 'function', from: START, until: END };

  describe.each([
    { side: 'the engine', isHere: true },
    { side: 'Flink', isHere: hasFlinkTools() },
  ])('with $side for Flink', ({ side, isHere }) => {
    let classPath = '';
    const flink = (readings: readonly Reading[], turn: Turn) =>
      side === 'Flink' ? runFlink(classPath, readings, turn) : runEngine(readings, turn);
    beforeAll(async () => {
      if (side === 'Flink' && isHere) classPath = await buildRunner();
    }, 600_000);

    it.skipIf(!isHere).each(side === 'Flink' ? SWITCHES.slice(-1) : SWITCHES)(
      '$name loses nothing and doubles nothing',
      async ({ name, turns }) => {
        const id = `${side.length}${SWITCHES.findIndex((each) => each.name === name)}`;
        const expected = await run(`w${id}`, [whole], flink);
        const found = await run(`s${id}`, turns, flink);
        expect(expected.kept).toHaveLength(12 * 4);
        expect(expected.alerts).toEqual(['above', 'normal']);
        expect(found.kept).toEqual(expected.kept);
        expect(found.alerts).toEqual(expected.alerts);
      },
      300_000,
    );
  });

  it('writes the windows of the overlap twice, which keeps them once', async () => {
    const found = await run('twice', SWITCHES[0]!.turns, runEngine);
    expect(found.written).toBe((5 + 9) * 4);
    expect(found.kept).toHaveLength(12 * 4);
  });

  it('would lose the minute under way, were the other side to begin after it', async () => {
    const turns: readonly Turn[] = [
      { by: 'function', from: START, until: at(5, 37) },
      { by: 'flink', from: at(6), until: END },
    ];
    const { kept } = await run('late', turns, runEngine);
    expect(kept).toHaveLength(11 * 4);
  });
});

function sortRows<T extends { sensor: string; window_end_millis: unknown }>(rows: T[]): T[] {
  return rows.sort(
    (a, b) => a.sensor.localeCompare(b.sensor) || Number(a.window_end_millis) - Number(b.window_end_millis),
  );
}
