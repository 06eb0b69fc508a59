import { compilePolicies } from '../../../iot-policy/index.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { DeviceIdentity } from './device-authorizer.ts';
import { reasonOf } from './device-connection.ts';

/** Decides about one request over HTTPS. @returns why it is refused; undefined when it is not */
export type RequestAuthorizer = (action: string, resource: string) => string | undefined;

/**
 * What somebody may do with one request. There is no client id and no connection: variables of things have no value, so what
 * depends on them is not allowed (AWS IoT developer guide, thing-policy-variables).
 */
export function authorizeRequest(
  registry: DeviceRegistry,
  { certificateId, policies, values }: DeviceIdentity,
  sourceIp: string | undefined,
): RequestAuthorizer {
  const compiled = compilePolicies(policies ?? registry.policiesOf(certificateId), {
    ...values,
    'aws:SourceIp': sourceIp,
  });
  return (action, resource) => {
    const decided = compiled.evaluate(action, resource);
    return decided.decision === 'allowed' ? undefined : reasonOf(action, decided);
  };
}
