import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDb } from '../src/stores/aws-clients.ts';
import { putLatest } from '../src/stores/latest-table.ts';
import { packByItem, sampleKey, storePack } from '../src/stores/readings-table.ts';
import { ensureWeeklyTable } from '../src/stores/weekly-tables.ts';
import { putWindow, type WindowRow } from '../src/stores/windows-table.ts';
import { isoWeek } from '../src/telemetry/iso-week.ts';
import type { Reading } from '../src/telemetry/reading.ts';
import { startAws, type TestAws, WEEKLY_PREFIX } from '../tests/aws/start-aws.ts';
import { handler } from './query.ts';

let aws: TestAws;
/** A Monday at 00:00, where one weekly table ends and the next begins. */
const MONDAY = Date.UTC(2026, 10, 16);
const PLACE = { station_id: 'st-1', sensor: 'temperature', state: 'wa', city: 'seattle' };

beforeAll(async () => {
  aws = await startAws();
  await storeSamples('s1', [-120_000, -1000, 0, 500, 60_000, 61_000]);
  for (const [i, id] of ['s1', 's2', 's3', 's4'].entries()) {
    const reading = { ...PLACE, station_id: `st-${i % 2}`, state: i < 3 ? 'wa' : 'or', sensor_id: id };
    await putLatest('mesonet-test-latest', { ...reading, sensor_timestamp: MONDAY + i, sensor_value: i });
  }
  for (const minute of [0, 1, 2]) {
    for (const sensor_id of ['w1', 'w2'])
      await putWindow('mesonet-test-windows', { row: row(sensor_id, minute), alert: { state: 'normal' } });
  }
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
});

async function storeSamples(sensor_id: string, offsets: readonly number[]) {
  const readings = offsets.map((offset): { reading: Reading; sampleKey: string } => {
    const reading = { ...PLACE, sensor_id, sensor_timestamp: MONDAY + offset, sensor_value: offset / 1000 };
    return { reading, sampleKey: sampleKey(reading, 1) };
  });
  for (const pack of packByItem(readings, 1)) {
    await ensureWeeklyTable(`${WEEKLY_PREFIX}${pack.week}`);
    await storePack(WEEKLY_PREFIX, pack);
  }
}

function row(sensor_id: string, minute: number): WindowRow {
  const numbers = { avg: minute, smooth_avg: null, min: -1, max: 5, sum: 60, count: 60, revision: 0 };
  const time = MONDAY + minute * 60_000;
  return {
    time,
    window_end: time + 60_000,
    sensor_id,
    sensor: '=cmd|"x"',
    station_id: 'st-9',
    final: true,
    ...numbers,
  };
}

function event(method: string, url: string, body?: string): APIGatewayProxyEventV2 {
  const [rawPath, rawQueryString = ''] = url.split('?') as [string, string?];
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { host: 'api.example.com' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'id',
      routeKey: '$default',
      stage: '$default',
      time: '21/Nov/2026:04:00:00 +0000',
      timeEpoch: MONDAY,
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
  };
}

async function ask(url: string, method = 'GET', body?: string) {
  const { statusCode, headers, body: text } = await handler(event(method, url, body));
  return { status: statusCode, headers: headers ?? {}, text: text ?? '' };
}
async function askJson(url: string, method = 'GET', body?: unknown) {
  const answer = await ask(url, method, body === undefined ? undefined : JSON.stringify(body));
  return { ...answer, json: JSON.parse(answer.text) };
}

describe('GET /v1/sensors', () => {
  it('lists every sensor with its latest value as flat rows', async () => {
    const { status, json } = await askJson('/v1/sensors');
    expect(status).toBe(200);
    expect(json.map((each: { sensor_id: string }) => each.sensor_id)).toEqual(['s1', 's2', 's3', 's4']);
    expect(json[1]).toEqual({
      ...PLACE,
      sensor_id: 's2',
      station_id: 'st-1',
      latest_time: MONDAY + 1,
      latest_value: 1,
    });
  });

  it.each([
    ['state=wa', ['s1', 's2', 's3']],
    ['station_id=st-1', ['s2', 's4']],
    ['station_id=st-1&state=or', ['s4']],
    ['state=nowhere', []],
  ])('selects by %s', async (query, ids) => {
    const { json } = await askJson(`/v1/sensors?${query}`);
    expect(json.map((each: { sensor_id: string }) => each.sensor_id)).toEqual(ids);
  });

  it.each(['', '&state=wa'])('pages without loss or repetition (%s)', async (filter) => {
    const ids: string[] = [];
    let url = `/v1/sensors?limit=1${filter}`;
    for (let pages = 0; pages < 6; pages++) {
      const { json, headers } = await askJson(url);
      ids.push(...json.map((each: { sensor_id: string }) => each.sensor_id));
      if (headers.link === undefined) break;
      url = /<([^>]+)>/.exec(String(headers.link))![1]!;
    }
    expect(ids.sort()).toEqual(filter === '' ? ['s1', 's2', 's3', 's4'] : ['s1', 's2', 's3']);
  });
});

describe('GET /v1/sensors/{sensor_id}/latest', () => {
  it('answers one flat object', async () => {
    const { json } = await askJson('/v1/sensors/s1/latest');
    expect(json).toEqual({
      ...PLACE,
      sensor_id: 's1',
      station_id: 'st-0',
      time: MONDAY,
      value: 0,
      smoothed: null,
      direction: null,
    });
  });

  it('answers 404 with a sentence for an unknown sensor', async () => {
    expect(await askJson('/v1/sensors/__proto__/latest')).toMatchObject({
      status: 404,
      json: { message: 'Sensor "__proto__" has sent nothing yet' },
    });
  });
});

describe('GET /v1/sensors/{sensor_id}/samples', () => {
  const range = `from=${MONDAY - 3_600_000}&to=${MONDAY + 3_600_000}`;
  const times = (json: { time: number }[]) => json.map(({ time }) => time - MONDAY);

  it('reads across two weekly tables, ascending', async () => {
    const { json } = await askJson(`/v1/sensors/s1/samples?${range}`);
    expect(times(json)).toEqual([-120_000, -1000, 0, 500, 60_000, 61_000]);
    expect(json[0]).toEqual({
      time: MONDAY - 120_000,
      value: -120,
      smoothed: null,
      direction: null,
      sensor_id: 's1',
    });
  });

  it('takes a half open range, in milliseconds or ISO 8601', async () => {
    const { json } = await askJson(`/v1/sensors/s1/samples?from=2026-11-15T23:59:59Z&to=${MONDAY + 500}`);
    expect(times(json)).toEqual([-1000, 0]);
  });

  it('skips weeks without a table, also over decades', async () => {
    expect(times((await askJson('/v1/sensors/s1/samples?from=0&to=2040-01-01')).json)).toHaveLength(6);
    expect((await askJson('/v1/sensors/s1/samples?from=2020-01-01&to=2020-01-09')).json).toEqual([]);
  });

  it('tells where the next page begins', async () => {
    const first = await askJson(`/v1/sensors/s1/samples?${range}&limit=4`);
    expect(times(first.json)).toEqual([-120_000, -1000, 0, 500]);
    expect(first.headers['x-next-from']).toBe(String(MONDAY + 60_000));
    const second = await askJson(/<([^>]+)>/.exec(String(first.headers.link))![1]!);
    expect(times(second.json)).toEqual([60_000, 61_000]);
    expect(second.headers).not.toHaveProperty('x-next-from');
  });

  it('never cuts between samples of one instant', async () => {
    const reading = (n: number): Reading => ({
      ...PLACE,
      sensor_id: 's9',
      sensor_timestamp: MONDAY + (n < 4 ? 0 : 1),
      sensor_value: n,
    });
    const keyed = [0, 1, 2, 3, 4].map((n) => ({ reading: reading(n), sampleKey: sampleKey(reading(n), 1) }));
    for (const pack of packByItem(keyed, 1)) await storePack(WEEKLY_PREFIX, pack);
    const { json, headers } = await askJson(`/v1/sensors/s9/samples?${range}&limit=2`);
    expect(json).toHaveLength(4);
    expect(headers['x-next-from']).toBe(String(MONDAY + 1));
  });
});

describe('GET /v1/windows', () => {
  const range = `from=${MONDAY}&to=${MONDAY + 180_000}`;
  beforeAll(async () => {
    for (const sensor_id of ['w1', 'w2', 'w3']) {
      const reading = { ...PLACE, station_id: 'st-9', sensor_id, sensor_timestamp: MONDAY, sensor_value: 1 };
      await putLatest('mesonet-test-latest', reading);
    }
    await putWindow('mesonet-test-windows', {
      row: { ...row('w3', 1), station_id: 'st-8' },
      alert: { state: 'normal' },
    });
  });

  it('answers the windows of a sensor as Grafana reads them', async () => {
    const { json } = await askJson(`/v1/windows?sensor_id=w1&${range}`);
    expect(json).toEqual([row('w1', 0), row('w1', 1), row('w1', 2)]);
  });

  it('answers the windows that begin in the range', async () => {
    const { json } = await askJson(`/v1/windows?sensor_id=w1&from=${MONDAY + 1}&to=${MONDAY + 120_000}`);
    expect(json).toEqual([row('w1', 1)]);
  });

  it('pages the windows of a station by whole minutes', async () => {
    const first = await askJson(`/v1/windows?station_id=st-9&${range}&limit=3`);
    expect(first.json).toHaveLength(2);
    expect(first.headers['x-next-from']).toBe(String(MONDAY + 60_000));
    const second = await askJson(/<([^>]+)>/.exec(String(first.headers.link))![1]!);
    expect(second.json).toEqual([row('w1', 1), row('w2', 1)]);
    const single = await askJson(`/v1/windows?station_id=st-9&${range}&limit=1`);
    expect(single.json).toHaveLength(2);
  });

  it('answers nothing for a station without sensors', async () => {
    expect((await askJson(`/v1/windows?station_id=st-none&${range}`)).json).toEqual([]);
  });

  it('prints CSV that a spreadsheet does not run', async () => {
    const { text, headers } = await ask(
      `/v1/windows?sensor_id=w1&from=${MONDAY}&to=${MONDAY + 1}&format=csv`,
    );
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(text).toBe(
      'time,window_end,sensor_id,sensor,station_id,avg,smooth_avg,min,max,sum,count,final,revision\r\n' +
        `${MONDAY},${MONDAY + 60_000},w1,"'=cmd|""x""",st-9,0,,-1,5,60,60,true,0\r\n`,
    );
  });

  it('prints one JSON text per line', async () => {
    const { text } = await ask(`/v1/windows?sensor_id=w1&${range}&format=ndjson`);
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([0, 1, 2].map((n) => row('w1', n)));
  });
});

describe('GET /v1/devices/{device_id}/windows', () => {
  const range = `from=${MONDAY}&to=${MONDAY + 3_600_000}`;

  it('answers the windows that the station of that name made, and those of no other', async () => {
    const own = await askJson(`/v1/devices/st-9/windows?sensor_id=w1&${range}`);
    expect(own.json).toMatchObject([{ station_id: 'st-9' }, { station_id: 'st-9' }, { station_id: 'st-9' }]);
    expect((await askJson(`/v1/devices/st-1/windows?sensor_id=w1&${range}`)).json).toEqual([]);
    const { status } = await askJson(`/v1/devices/st-1/windows?station_id=st-9&${range}`);
    expect(status).toBe(400);
  });
});

describe('a device configuration', () => {
  it('is written, read, versioned and replaced', async () => {
    const url = '/v1/devices/d%2F1/config';
    expect((await ask(url)).status).toBe(404);
    const change = { sampling_interval_seconds: 10, enabled: true, settings: { gain: 2, __proto__x: 'a' } };
    const { status, json } = await askJson(url, 'PUT', change);
    expect(status).toBe(200);
    expect(json).toEqual({ device_id: 'd/1', ...change, version: 1, updated_at: expect.any(Number) });
    expect((await askJson(url)).json).toEqual(json);
    const second = await askJson(url, 'PUT', { sampling_interval_seconds: 5, version: 1 });
    expect(second.json).toMatchObject({ sampling_interval_seconds: 5, enabled: true, version: 2 });
    expect(second.json).not.toHaveProperty('settings');
  });

  it('is not overwritten by a writer who read an older version', async () => {
    const url = '/v1/devices/d2/config';
    await ask(url, 'PUT', '{"sampling_interval_seconds":1,"version":0}');
    await ask(url, 'PUT', '{"sampling_interval_seconds":2}');
    const stale = await askJson(url, 'PUT', { sampling_interval_seconds: 3, version: 1 });
    expect(stale.status).toBe(409);
    expect((await askJson(url, 'PUT', { sampling_interval_seconds: 3, version: 0 })).status).toBe(409);
    expect((await askJson(url)).json).toMatchObject({ sampling_interval_seconds: 2, version: 2 });
  });

  it('reads a body that came base64', async () => {
    const body = Buffer.from('{"sampling_interval_seconds":7}').toString('base64');
    const answer = await handler({ ...event('PUT', '/v1/devices/d3/config', body), isBase64Encoded: true });
    expect(answer.statusCode).toBe(200);
  });
});

describe('a wrong request', () => {
  it.each([
    ['GET', '/v1/nothing', 404, 'There is no "/v1/nothing" here'],
    ['POST', '/v1/sensors', 405, '"/v1/sensors" does not take POST, only GET'],
    ['DELETE', '/v1/devices/d/config', 405, '"/v1/devices/d/config" does not take DELETE, only GET, PUT'],
    ['GET', '/v1/sensors?limit=0', 400, '"limit" must be a whole number from 1 to 10000, not "0"'],
    ['GET', '/v1/sensors?limit=1e3', 400, '"limit" must be a whole number from 1 to 10000, not "1e3"'],
    [
      'GET',
      '/v1/sensors?stat=wa',
      400,
      'Unknown parameter "stat", this path takes: state, station_id, limit, after',
    ],
    ['GET', '/v1/sensors?state=wa&state=or', 400, '"state" is given more than once'],
    ['GET', '/v1/sensors?state=', 400, '"state" is empty'],
    ['GET', '/v1/sensors/%E0%A4%A/latest', 400, '"sensor_id" in the path is not valid percent-encoding'],
    ['GET', '/v1/sensors//latest', 400, '"sensor_id" is empty'],
    ['GET', `/v1/sensors/${'x'.repeat(257)}/latest`, 400, '"sensor_id" is longer than 256 bytes'],
    ['GET', '/v1/sensors/s/samples?from=2&to=1', 400, '"from" must not be after "to"'],
    ['GET', '/v1/windows', 400, 'Give either "sensor_id" or "station_id"'],
    ['GET', '/v1/windows?sensor_id=a&station_id=b', 400, 'Give either "sensor_id" or "station_id"'],
    ['GET', '/v1/windows?sensor_id=a&format=xml', 400, '"format" must be json, ndjson, csv, not "xml"'],
    ['PUT', '/v1/devices/d/config', 400, 'Cannot read the body: the message is not valid JSON'],
  ])('%s %s is answered with %d and a sentence', async (method, url, status, message) => {
    expect(await askJson(url, method)).toMatchObject({ status, json: { message } });
  });

  it.each(['yesterday', '-1', '2026-13-01T00:00:00Z', '2026-11-21T02:00:00', '99999999999999999'])(
    'with from=%s says what an instant is',
    async (from) => {
      const { status, json } = await askJson(`/v1/windows?sensor_id=a&from=${from}`);
      expect(status).toBe(400);
      expect(json.message).toContain('"from" must be milliseconds since 1970 or an ISO 8601 instant');
    },
  );
});

describe('the function', () => {
  it('answers 503 when a store fails', async () => {
    aws.faults.push({ match: 'GetItem', times: 1, status: 400, type: 'AccessDeniedException' });
    expect(await askJson('/v1/sensors/s1/latest')).toMatchObject({
      status: 503,
      json: { message: 'The store did not answer, try again' },
    });
  });

  it('ignores other tables under the prefix', async () => {
    await dynamoDb().send(
      new CreateTableCommand({
        TableName: `${WEEKLY_PREFIX}backup`,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'x', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'x', KeyType: 'HASH' }],
      }),
    );
    expect((await askJson('/v1/sensors/s1/samples?from=0&to=2040-01-01')).json).toHaveLength(6);
    expect(await aws.tables()).toContain(`${WEEKLY_PREFIX}${isoWeek(MONDAY)}`);
  });
});
