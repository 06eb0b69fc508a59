import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { failedNumbers, kinesisEvent, type TestData } from '../tests/aws/kinesis-event.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './publish-alerts.ts';

let aws: TestAws;
let sensorId: string;
let sensors = 0;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  sensorId = `lasting-${++sensors}`;
});

const row = (minute: number, kind: string, value: number) => ({
  sensor_id: sensorId,
  sensor: 'temperature',
  station_id: 'st-1',
  kind,
  value,
  threshold: 32,
  record_timestamp: `2026-07-09 00:0${minute}:00.000`,
});

async function publish(...data: TestData[]) {
  const { result, emf } = await captureEmf(() => handler(kinesisEvent(data)));
  return { failed: failedNumbers(result), counts: countsOf(emf, 'publish-alerts')! };
}

const alerts = () => aws.alerts().filter((alert) => alert.sensor_id === sensorId);

describe('publish-alerts', () => {
  it('sends every row in order, with an identity that a retry repeats', async () => {
    const { failed, counts } = await publish(row(4, 'above', 32.6), row(8, 'normal', 31.2));
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsIn: 2, RecordsStored: 2 });
    const end = Date.UTC(2026, 6, 9, 0, 4);
    expect(alerts()).toEqual([
      {
        alert_id: `${sensorId}/${end}/lasting-above`,
        time: end,
        sensor_id: sensorId,
        sensor: 'temperature',
        station_id: 'st-1',
        kind: 'above',
        value: 32.6,
        threshold: 32,
        message: `temperature at station st-1 (${sensorId}) is lastingly above 32: 32.6 over five minutes`,
      },
      expect.objectContaining({ kind: 'normal', value: 31.2 }),
    ]);
  });

  it('keeps a row that is no alert, and goes on', async () => {
    const { failed, counts } = await publish({ ...row(1, 'odd', 1) }, row(2, 'above', 33));
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsIn: 2, RecordsStored: 1, RecordsRejected: 1 });
    expect(alerts()).toHaveLength(1);
  });

  it('gives back the first that failed and all behind it', async () => {
    aws.faults.push({
      match: 'Action=Publish',
      times: Number.POSITIVE_INFINITY,
      status: 403,
      type: 'AuthorizationError',
    });
    expect((await publish(row(1, 'above', 33), row(2, 'normal', 30))).failed).toEqual([1, 2]);
    expect(alerts()).toEqual([]);
  });
});
