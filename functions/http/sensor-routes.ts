import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { getLatest, listSensors, listStationSensors } from '../../src/stores/latest-table.ts';
import type { Page } from '../../src/stores/page.ts';
import { querySamples, type Sample } from '../../src/stores/readings-table.ts';
import { queryWindows, type WindowRow } from '../../src/stores/windows-table.ts';
import { requiredCount, requiredVariable } from '../environment.ts';
import { answerJson, HttpError } from './http-answer.ts';
import { checkName, type HttpRequest } from './http-request.ts';
import { CONTENT_TYPES, printRows, ROW_FORMATS } from './print-rows.ts';
import { parseChoice, parseLimit, parseRange } from './query-parameters.ts';

type Answer = APIGatewayProxyStructuredResultV2;

const SAMPLE_COLUMNS: readonly (keyof Sample)[] = ['time', 'value', 'smoothed', 'direction', 'sensor_id'];
const WINDOW_COLUMNS: readonly (keyof WindowRow)[] = [
  'time',
  'window_end',
  'sensor_id',
  'sensor',
  'station_id',
  'avg',
  'smooth_avg',
  'min',
  'max',
  'sum',
  'count',
  'final',
  'revision',
];

/** GET /v1/sensors */
export async function answerSensors({ path, query }: HttpRequest): Promise<Answer> {
  const selected = ['state', 'station_id', 'after'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, checkName(name, value)]];
  });
  const limit = parseLimit(query);
  const { rows, next } = await listSensors(requiredVariable('LATEST_TABLE'), {
    ...Object.fromEntries(selected),
    limit,
  });
  const sensors = rows.map(({ sensor_id, sensor, station_id, state, city, time, value }) => ({
    sensor_id,
    sensor,
    station_id,
    state,
    city,
    latest_time: time,
    latest_value: value,
  }));
  return answerJson(200, sensors, next === undefined ? {} : nextPage(path, query, 'after', next));
}

/** GET /v1/sensors/{sensor_id}/latest */
export async function answerLatest({ parameters }: HttpRequest): Promise<Answer> {
  const sensorId = parameters.get('sensor_id')!;
  const latest = await getLatest(requiredVariable('LATEST_TABLE'), sensorId);
  if (latest === undefined) throw new HttpError(404, `Sensor "${sensorId}" has sent nothing yet`);
  return answerJson(200, latest);
}

/** GET /v1/sensors/{sensor_id}/samples */
export async function answerSamples(request: HttpRequest): Promise<Answer> {
  const page = await querySamples(requiredVariable('READINGS_TABLE_PREFIX'), {
    sensorId: request.parameters.get('sensor_id')!,
    ...parseRange(request.query, Date.now()),
    limit: parseLimit(request.query),
    itemMinutes: requiredCount('READINGS_ITEM_MINUTES'),
  });
  return answerPage(request, page, SAMPLE_COLUMNS);
}

/** GET /v1/windows */
export async function answerWindows(request: HttpRequest): Promise<Answer> {
  const { query } = request;
  const keys = (['sensor_id', 'station_id'] as const).filter((key) => query.has(key));
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    throw new HttpError(400, 'Give either "sensor_id" or "station_id"');
  const id = checkName(key, query.get(key)!);
  const page = await queryWindows(requiredVariable('WINDOWS_TABLE'), {
    ...(key === 'sensor_id'
      ? { sensorIds: [id] }
      : { sensorIds: await listStationSensors(requiredVariable('LATEST_TABLE'), id), stationId: id }),
    ...parseRange(query, Date.now()),
    limit: parseLimit(query),
  });
  return answerPage(request, page, WINDOW_COLUMNS);
}

/**
 * GET /v1/devices/{device_id}/windows: the history of one device, which is the station of its name. Whatever sensor is asked for, no
 * window that another station made is in it.
 */
export async function answerDeviceWindows(request: HttpRequest): Promise<Answer> {
  const { parameters, query } = request;
  const stationId = parameters.get('device_id')!;
  const sensorId = query.get('sensor_id');
  const page = await queryWindows(requiredVariable('WINDOWS_TABLE'), {
    sensorIds:
      sensorId === null
        ? await listStationSensors(requiredVariable('LATEST_TABLE'), stationId)
        : [checkName('sensor_id', sensorId)],
    stationId,
    ...parseRange(query, Date.now()),
    limit: parseLimit(query),
  });
  return answerPage(request, page, WINDOW_COLUMNS);
}

function answerPage<Row extends object>(
  { path, query }: HttpRequest,
  { rows, nextFromMillis }: Page<Row>,
  columns: readonly (keyof Row & string)[],
): Answer {
  const format = parseChoice(query, 'format', ROW_FORMATS);
  const next = nextFromMillis === undefined ? {} : nextPage(path, query, 'from', String(nextFromMillis));
  const headers = { 'content-type': CONTENT_TYPES[format], 'cache-control': 'no-store', ...next };
  return { statusCode: 200, headers, body: printRows(rows, columns, format) };
}

/** Where the rows go on: as a header with the value alone, and as a link (RFC 8288). */
function nextPage(
  path: string,
  query: URLSearchParams,
  name: 'from' | 'after',
  value: string,
): Record<string, string> {
  const following = new URLSearchParams(query);
  following.set(name, value);
  return { [`x-next-${name}`]: encodeURIComponent(value), link: `<${path}?${following}>; rel="next"` };
}
