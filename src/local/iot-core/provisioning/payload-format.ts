import { cbor } from '@smithy/core/cbor';
import { ProvisioningError } from './provisioning-error.ts';
import { isJsonMap, type JsonMap } from './template-expression.ts';

/** AWS IoT developer guide, fleet-provision-api: the last part of a topic that says how its payload is written. */
export type PayloadFormat = 'json' | 'cbor';

/** An empty payload is an empty request. @throws ProvisioningError InvalidPayload */
export function decodePayload(payload: Buffer, format: PayloadFormat): JsonMap {
  if (payload.length === 0) return {};
  let value: unknown;
  try {
    value =
      format === 'cbor'
        ? cbor.deserialize(payload)
        : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    value = undefined;
  }
  if (isJsonMap(value)) return value;
  const wanted = format === 'cbor' ? 'a CBOR map' : 'a JSON object in UTF-8';
  throw new ProvisioningError('InvalidPayload', `The payload is not ${wanted}`);
}

export function encodePayload(body: object, format: PayloadFormat): Buffer {
  return format === 'cbor' ? Buffer.from(cbor.serialize(body)) : Buffer.from(JSON.stringify(body));
}
