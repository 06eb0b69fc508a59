import { join } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import { DeviceAuthorizer } from './iot-core/authorization/device-authorizer.ts';
import type { MqttTlsOptions } from './iot-core/mqtt-broker.ts';
import { DeviceRegistry } from './iot-core/registry/device-registry.ts';
import { type LocalAuthority, openLocalAuthority } from './iot-core/tls/local-authority.ts';
import type { DurableLog } from './log/durable-log.ts';

export interface StartIdentityOptions {
  readonly stack: Stack;
  readonly dataFolder: string;
  readonly log: DurableLog;
  readonly host: string;
  readonly nowMillis: () => number;
}

/** Who the devices are: the registry, and the authority that signs for it. */
export interface RunningIdentity {
  readonly registry: DeviceRegistry;
  readonly signer: LocalAuthority;
  readonly tls: Omit<MqttTlsOptions, 'port'>;
}

/** @throws CorruptDataError when the authority's files cannot be used; AwsError for a policy of the template that is none */
export async function startIdentity(options: StartIdentityOptions): Promise<RunningIdentity> {
  const { stack, dataFolder, log, host, nowMillis } = options;
  const registry = new DeviceRegistry({ place: stack, log, nowMillis, policies: stack.iotPolicies });
  const signer = await openLocalAuthority(join(dataFolder, 'iot-core'), host);
  const authorizer = new DeviceAuthorizer(registry, nowMillis);
  return { registry, signer, tls: { authorizer, server: signer.server } };
}
