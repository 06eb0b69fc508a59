import type { NamedPolicy } from '../../../iot-policy/index.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { claimPolicy } from '../provisioning/claim-policy.ts';
import { CertificateRegistry } from './certificate-registry.ts';
import type { IotPlace } from './iot-arns.ts';
import { PolicyRegistry } from './policy-registry.ts';
import { registryError } from './registry-error.ts';
import type { ThingRecord } from './registry-records.ts';
import { ThingRegistry } from './thing-registry.ts';

/** Told which certificates a change is about; undefined when it may be about any. */
export type RegistryListener = (certificateIds: readonly string[] | undefined) => void;

export interface DeviceRegistryOptions {
  readonly place: IotPlace;
  readonly log: DurableLog;
  readonly nowMillis: () => number;
  /** The policies of the template. */
  readonly policies?: readonly { readonly name: string; readonly document: string }[];
}

/** Who the devices are and what they may do: things, certificates, policies, and what is attached to what. */
export class DeviceRegistry {
  readonly place: IotPlace;
  readonly things: ThingRegistry;
  readonly certificates: CertificateRegistry;
  readonly policies: PolicyRegistry;
  readonly #listeners = new Set<RegistryListener>();

  /** @throws AwsError MalformedPolicyException when a policy of the template cannot be read */
  constructor({ place, log, nowMillis, policies = [] }: DeviceRegistryOptions) {
    this.place = place;
    this.things = new ThingRegistry(log, (ids) => this.#tell(ids));
    this.certificates = new CertificateRegistry(log, nowMillis, (ids) => this.#tell(ids));
    this.policies = new PolicyRegistry(log, nowMillis, () => this.#tell(undefined));
    for (const { name, document } of policies) this.policies.declare(name, document);
  }

  /** Calls back after every change of who may do what. */
  onChange(listener: RegistryListener): void {
    this.#listeners.add(listener);
  }

  /** The policies attached to a certificate, as they are now. */
  policiesOf(certificateId: string): NamedPolicy[] {
    const { policyNames: names = [], claimTemplate } =
      this.certificates.certificates.get(certificateId) ?? {};
    if (claimTemplate !== undefined) return [claimPolicy(this.place, claimTemplate)];
    return names.flatMap((name) => {
      const document = this.policies.documentOf(name);
      return document ? { name, document } : [];
    });
  }

  /** The thing of a connection: the one named like the client, if the certificate is attached to it. */
  thingOf(certificateId: string, clientId: string): ThingRecord | undefined {
    const thing = this.things.things.get(clientId);
    return thing?.certificateIds.includes(certificateId) ? thing : undefined;
  }

  /** @throws DeleteConflictException while it is attached, or has other versions than the default */
  deletePolicy(policyName: string): void {
    this.policies.get(policyName);
    if (this.certificates.targetsOf(policyName).length > 0)
      throw registryError(
        'DeleteConflictException',
        `The policy cannot be deleted as the policy is attached to one or more principals (name: ${policyName})`,
      );
    this.policies.delete(policyName);
  }

  #tell(certificateIds: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(certificateIds);
  }
}
