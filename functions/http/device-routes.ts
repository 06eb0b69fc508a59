import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { getDeviceConfig, putDeviceConfig } from '../../src/stores/devices-table.ts';
import { VersionConflictError } from '../../src/stores/store-error.ts';
import { decodeJsonObject } from '../../src/telemetry/decode-json.ts';
import { checkDeviceConfig } from '../../src/telemetry/device-config.ts';
import { requiredVariable } from '../environment.ts';
import { answerJson, HttpError } from './http-answer.ts';
import type { HttpRequest } from './http-request.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** GET /v1/devices/{device_id}/config */
export async function answerDeviceConfig({
  parameters,
}: HttpRequest): Promise<APIGatewayProxyStructuredResultV2> {
  const deviceId = parameters.get('device_id')!;
  const config = await getDeviceConfig(requiredVariable('DEVICES_TABLE'), deviceId);
  if (config === undefined) throw new HttpError(404, `Device "${deviceId}" has no configuration yet`);
  return answerJson(200, config, { etag: `"${config.version}"` });
}

/** PUT /v1/devices/{device_id}/config */
export async function changeDeviceConfig({
  parameters,
  body,
}: HttpRequest): Promise<APIGatewayProxyStructuredResultV2> {
  const deviceId = parameters.get('device_id')!;
  const json = decodeJsonObject(body, MAX_BODY_BYTES);
  if (!json.ok) throw new HttpError(400, `Cannot read the body: ${json.rejection.detail}`);
  const change = checkDeviceConfig(json.value);
  if (typeof change === 'string') throw new HttpError(400, change);
  try {
    const config = await putDeviceConfig(requiredVariable('DEVICES_TABLE'), deviceId, change, Date.now());
    return answerJson(200, config, { etag: `"${config.version}"` });
  } catch (error) {
    if (error instanceof VersionConflictError) throw new HttpError(409, error.message);
    throw error;
  }
}
