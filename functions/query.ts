import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { answerDeviceConfig, changeDeviceConfig } from './http/device-routes.ts';
import { answerJson, HttpError } from './http/http-answer.ts';
import { matchRoute, type Route } from './http/http-request.ts';
import {
  answerDeviceWindows,
  answerLatest,
  answerSamples,
  answerSensors,
  answerWindows,
} from './http/sensor-routes.ts';
import { createLogger } from './observability/logger.ts';

const logger = createLogger('query');

const ROUTES: readonly Route<APIGatewayProxyStructuredResultV2>[] = [
  {
    method: 'GET',
    path: '/v1/sensors',
    query: ['state', 'station_id', 'limit', 'after'],
    answer: answerSensors,
  },
  { method: 'GET', path: '/v1/sensors/{sensor_id}/latest', query: [], answer: answerLatest },
  {
    method: 'GET',
    path: '/v1/sensors/{sensor_id}/samples',
    query: ['from', 'to', 'limit', 'format'],
    answer: answerSamples,
  },
  {
    method: 'GET',
    path: '/v1/windows',
    query: ['sensor_id', 'station_id', 'from', 'to', 'limit', 'format'],
    answer: answerWindows,
  },
  { method: 'GET', path: '/v1/devices/{device_id}/config', query: [], answer: answerDeviceConfig },
  {
    method: 'GET',
    path: '/v1/devices/{device_id}/windows',
    query: ['sensor_id', 'from', 'to', 'limit', 'format'],
    answer: answerDeviceWindows,
  },
  { method: 'PUT', path: '/v1/devices/{device_id}/config', query: [], answer: changeDeviceConfig },
];

/**
 * The synchronous interface (API Gateway HTTP API, payload format 2.0). A request that is wrong is answered with 4xx and one
 * sentence; a store that does not answer with 503.
 */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    const { route, request } = matchRoute(ROUTES, event);
    return await route.answer(request);
  } catch (error) {
    if (error instanceof HttpError)
      return answerJson(error.status, { message: error.message }, error.headers);
    logger.error('Cannot answer a request', { error: error as Error, path: event.rawPath });
    return answerJson(503, { message: 'The store did not answer, try again' }, { 'retry-after': '1' });
  }
}
