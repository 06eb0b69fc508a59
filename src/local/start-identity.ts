import { join } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import { DeviceAuthorizer } from './iot-core/authorization/device-authorizer.ts';
import type { MqttTlsOptions } from './iot-core/mqtt-broker.ts';
import { Provisioning, type ProvisioningOptions } from './iot-core/provisioning/provisioning.ts';
import { DeviceRegistry } from './iot-core/registry/device-registry.ts';
import { type LocalAuthority, openLocalAuthority } from './iot-core/tls/local-authority.ts';
import type { DurableLog } from './log/durable-log.ts';

export interface StartIdentityOptions extends Pick<ProvisioningOptions, 'invoke' | 'tell' | 'report'> {
  readonly stack: Stack;
  readonly dataFolder: string;
  readonly log: DurableLog;
  readonly host: string;
  readonly nowMillis: () => number;
}

/** Who the devices are: the registry, the authority that signs for it, and how devices come into it. */
export interface RunningIdentity {
  readonly registry: DeviceRegistry;
  readonly signer: LocalAuthority;
  readonly provisioning: Provisioning;
  readonly tls: Omit<MqttTlsOptions, 'port'>;
}

/** @throws CorruptDataError when the authority's files cannot be used; AwsError for a policy or provisioning template of the stack that is none */
export async function startIdentity(options: StartIdentityOptions): Promise<RunningIdentity> {
  const { stack, dataFolder, log, host, nowMillis } = options;
  const registry = new DeviceRegistry({ place: stack, log, nowMillis, policies: stack.iotPolicies });
  const signer = await openLocalAuthority(join(dataFolder, 'iot-core'), host);
  const provisioning = new Provisioning({
    ...options,
    registry,
    signer: signer.signer,
    declared: stack.provisioningTemplates,
  });
  const authorizer = new DeviceAuthorizer(registry, nowMillis, provisioning.justInTime.meet);
  return { registry, signer, provisioning, tls: { authorizer, server: signer.server } };
}
