import { claimDevice } from '../src/stores/devices-table.ts';
import { ownField } from '../src/telemetry/decode-field.ts';
import { isJsonObject } from '../src/telemetry/decode-json.ts';
import { requiredVariable } from './environment.ts';
import { createLogger } from './observability/logger.ts';

const logger = createLogger('approve-device');

/** The serial number becomes thing name, client id and a level of topics. */
const SERIAL_NUMBER = /^[A-Za-z0-9_-]{1,128}$/;
const CERTIFICATE_ID = /^[0-9a-f]{64}$/;

export interface HookAnswer {
  readonly allowProvisioning: boolean;
}

/**
 * Says whether a device that came by claim gets a certificate of its own (AWS IoT developer guide, pre-provisioning-hook): when its
 * serial number is on the list, which is the devices table, when it is enabled there, and when it has no other certificate yet. So a
 * claim certificate that got lost lets nobody in under the name of a station that works. The same certificate may ask again.
 */
export async function handler(event: unknown): Promise<HookAnswer> {
  const tableName = requiredVariable('DEVICES_TABLE');
  const request = requestOf(event);
  if (request === undefined) {
    logger.warn('Refused: no serial number that a station can have');
    return { allowProvisioning: false };
  }
  const { serialNumber, certificateId } = request;
  const refusal = await claimDevice(tableName, serialNumber, certificateId, Date.now());
  if (refusal === undefined) logger.info('Approved', { serialNumber, certificateId });
  else logger.warn(`Refused: the device ${refusal}`, { serialNumber, certificateId });
  return { allowProvisioning: refusal === undefined };
}

function requestOf(event: unknown): { serialNumber: string; certificateId: string } | undefined {
  if (!isJsonObject(event)) return undefined;
  const parameters = ownField(event, 'parameters');
  const serialNumber = isJsonObject(parameters) ? ownField(parameters, 'SerialNumber') : undefined;
  const certificateId = ownField(event, 'certificateId');
  if (typeof serialNumber !== 'string' || !SERIAL_NUMBER.test(serialNumber)) return undefined;
  if (typeof certificateId !== 'string' || !CERTIFICATE_ID.test(certificateId)) return undefined;
  return { serialNumber, certificateId };
}
