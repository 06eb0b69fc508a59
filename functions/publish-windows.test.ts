import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printRecordTimestamp } from '../src/telemetry/decode-window.ts';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { failedNumbers, kinesisEvent, type TestData } from '../tests/aws/kinesis-event.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './publish-windows.ts';

let aws: TestAws;
let sensors = 0;
let sensorId: string;
const END = Math.floor(Date.now() / 60_000) * 60_000;
const WINDOWS = 'mesonet-test-windows';

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  sensorId = `sensor-${++sensors}`;
});

/** The window that ends `minute` minutes after the first. */
function window(minute: number, avg: number | null, change: Record<string, unknown> = {}) {
  return {
    sensor_id: sensorId,
    sensor: 'temperature',
    station_id: 'st-1',
    sensor_avg_value: avg,
    sensor_smooth_avg_value: null,
    '60sec_sum_of_sensor_value': avg === null ? null : avg * 60,
    '60sec_number_of_msg': 60,
    record_timestamp: printRecordTimestamp(END + minute * 60_000),
    sensor_min_value: avg,
    sensor_max_value: avg,
    revision: 0,
    ...change,
  };
}

async function publish(...data: TestData[]) {
  const { result, emf } = await captureEmf(() => handler(kinesisEvent(data)));
  return { failed: failedNumbers(result), counts: countsOf(emf, 'publish-windows')! };
}

async function rows() {
  return (await aws.items(WINDOWS)).filter((item) => item.sensor_id === sensorId);
}

function alerts() {
  return aws.alerts().filter((alert) => alert.sensor_id === sensorId);
}
function kinds() {
  return alerts().map((alert) => alert.kind);
}

describe('publish-windows', () => {
  it('stores a window under its sensor and end', async () => {
    expect((await publish(window(0, 12.5))).counts).toMatchObject({ RecordsIn: 1, RecordsStored: 1 });
    expect(await rows()).toEqual([
      {
        sensor_id: sensorId,
        window_end_millis: END,
        sensor: 'temperature',
        station_id: 'st-1',
        avg: 12.5,
        smooth_avg: null,
        min: 12.5,
        max: 12.5,
        sum: 750,
        count: 60,
        revision: 0,
        alert_state: 'normal',
        expires_at: END / 1000 + 90 * 86_400,
      },
    ]);
  });

  it('lets only a higher revision replace a row', async () => {
    await publish(window(0, 1, { revision: 1 }));
    const { counts } = await publish(window(0, 2), window(0, 3, { revision: 1 }));
    expect(counts).toMatchObject({ RecordsStored: 0, RecordsDuplicate: 2 });
    expect((await rows())[0]).toMatchObject({ avg: 1, revision: 1 });
    await publish(window(0, 4, { revision: 2 }));
    expect((await rows())[0]).toMatchObject({ avg: 4, revision: 2 });
  });

  it('sends one alert on crossing and one on return, however long it lasts', async () => {
    await publish(window(0, 30), window(1, 36), window(2, 37));
    await publish(window(3, 38), window(4, null), window(5, 34), window(6, 33));
    expect(alerts()).toEqual([
      expect.objectContaining({
        kind: 'above',
        value: 36,
        threshold: 35,
        time: END + 60_000,
        station_id: 'st-1',
      }),
      expect.objectContaining({ kind: 'normal', value: 34, threshold: 35, sensor: 'temperature' }),
    ]);
    expect(alerts()[0]!.message).toBe(`temperature at station st-1 (${sensorId}) is above 35: 36`);
  });

  it('passes from above to below with one alert, and is silent for types without limits', async () => {
    await publish(window(0, 36), window(1, -30), window(2, 99, { sensor: 'wind' }));
    expect(kinds()).toEqual(['above', 'below', 'normal']);
    sensorId = `sensor-${++sensors}`;
    await publish(window(0, 1e9, { sensor: 'constructor' }));
    expect(kinds()).toEqual([]);
  });

  it('changes neither rows nor alerts in a replay', async () => {
    const batch = [window(0, 36), window(1, 30), window(2, 40)];
    await publish(...batch);
    const before = await rows();
    const { counts } = await publish(...batch);
    expect(counts).toMatchObject({ RecordsStored: 0, RecordsDuplicate: 3 });
    expect(await rows()).toEqual(before);
    expect(kinds()).toEqual(['above', 'normal', 'above']);
  });

  it('sends the alert in the retry when the topic failed after the row was stored', async () => {
    const refusing = {
      match: 'Action=Publish',
      times: Number.POSITIVE_INFINITY,
      status: 403,
      type: 'AuthorizationError',
    };
    aws.faults.push(refusing);
    const batch = [window(0, 36), window(1, 37)];
    expect((await publish(...batch)).failed).toEqual([1, 2]);
    expect(kinds()).toEqual([]);
    expect((await rows())[0]!.pending_alert).toContain('"above"');
    aws.faults.length = 0;
    expect((await publish(...batch)).failed).toEqual([]);
    expect(kinds()).toEqual(['above']);
    expect((await rows())[0]).not.toHaveProperty('pending_alert');
  });

  it('announces a correction of the newest window, and not of an older one', async () => {
    await publish(window(0, 30), window(1, 34));
    await publish(window(1, 36, { revision: 1 }));
    expect(kinds()).toEqual(['above']);
    await publish(window(2, 37), window(1, 30, { revision: 2 }));
    expect(kinds()).toEqual(['above']);
  });

  it('holds back the later windows of a sensor that failed, and stores the other sensors', async () => {
    const other = `${sensorId}-other`;
    aws.faults.push({ match: 'PutItem', times: 1, status: 400, type: 'AccessDeniedException' });
    const { failed, counts } = await publish(
      window(0, 1),
      window(0, 1, { sensor_id: other }),
      window(1, 2),
      window(1, 2, { sensor_id: other }),
      Buffer.from('[]'),
    );
    expect(failed).toHaveLength(3);
    expect(counts).toMatchObject({ RecordsIn: 5, RecordsStored: 2, RecordsRejected: 0, RecordsFailed: 3 });
  });

  it('rejects a bad window beside good ones', async () => {
    const { failed, counts } = await publish(
      window(0, 1),
      window(1, 2, { record_timestamp: 'soon' }),
      window(2, 3),
    );
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsStored: 2, reason: { 'wrong-type': 1 } });
  });

  it('does not start with limits it cannot read', async () => {
    const before = process.env.ALERT_THRESHOLDS;
    process.env.ALERT_THRESHOLDS = '{"temperature":{"over":5}}';
    await expect(publish(window(0, 1))).rejects.toThrow('"temperature" holds "over"');
    process.env.ALERT_THRESHOLDS = before;
  });
});
