import { type CompiledPolicies, compilePolicies, type PolicyDecision } from '../../../iot-policy/index.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import type { DeviceIdentity } from './device-authorizer.ts';

/** What the client said when it connected. */
export interface ConnectionFacts {
  readonly clientId: string;
  readonly sourceIp: string | undefined;
  /** Its session outlives the connection. */
  readonly isPersistent: boolean;
  readonly willTopic: string | undefined;
}

/** What a device may want to do, and the kind of resource it is asked about (AWS IoT developer guide, iot-policy-actions). */
const ACTIONS = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Receive': 'topic',
  'iot:Subscribe': 'topicfilter',
} as const;

export type DeviceAction = keyof typeof ACTIONS;

export interface DeviceConnectionOptions {
  readonly registry: DeviceRegistry;
  readonly identity: DeviceIdentity;
  readonly facts: ConnectionFacts;
  readonly cut: (reason: string) => void;
}

/** One connection of a device, and what its policies let it do. They are compiled when they are first asked, and kept. */
export class DeviceConnection {
  readonly certificateId: string;
  /** Ends the connection. */
  readonly cut: (reason: string) => void;
  readonly #options: DeviceConnectionOptions;
  readonly #prefixes: Readonly<Record<DeviceAction, string>>;
  #policies: CompiledPolicies | undefined;

  constructor(options: DeviceConnectionOptions) {
    this.#options = options;
    this.certificateId = options.identity.certificateId;
    this.cut = options.cut;
    this.#prefixes = prefixesOf(options.registry);
  }

  /** @returns why the device may not; undefined when it may */
  refusal(action: DeviceAction, name: string): string | undefined {
    this.#policies ??= this.#compile();
    const decided = this.#policies.evaluate(action, this.#prefixes[action] + name);
    return decided.decision === 'allowed' ? undefined : reasonOf(action, decided);
  }

  /** Something of the registry changed: the next question is answered by what it says then. */
  invalidate(): void {
    this.#policies = undefined;
  }

  #compile(): CompiledPolicies {
    const { registry, identity, facts } = this.#options;
    const thing = registry.thingOf(this.certificateId, facts.clientId);
    const attributes = Object.entries(thing?.attributes ?? {}).map(([name, value]) => [
      `iot:Connection.Thing.Attributes[${name}]`,
      value,
    ]);
    const connectAttributes = [
      ...(facts.isPersistent ? ['PersistentConnect'] : []),
      ...(facts.willTopic === undefined ? [] : ['LastWill']),
    ];
    return compilePolicies(identity.policies ?? registry.policiesOf(this.certificateId), {
      ...identity.values,
      ...Object.fromEntries(attributes),
      'iot:ClientId': facts.clientId,
      'iot:Connection.Thing.ThingName': thing?.thingName,
      'iot:Connection.Thing.ThingTypeName': thing?.thingTypeName,
      'iot:Connection.Thing.IsAttached': String(thing !== undefined),
      'iot:ConnectAttributes': connectAttributes.length > 0 ? connectAttributes : undefined,
      'iot:LastWillTopic': facts.willTopic,
      'aws:SourceIp': facts.sourceIp,
    });
  }
}

const prefixesByRegistry = new WeakMap<DeviceRegistry, Readonly<Record<DeviceAction, string>>>();

/** Made once for all connections, which hold them as long as they last. */
function prefixesOf(registry: DeviceRegistry): Readonly<Record<DeviceAction, string>> {
  let prefixes = prefixesByRegistry.get(registry);
  if (!prefixes) {
    const entries = Object.entries(ACTIONS).map(([action, kind]) => [
      action,
      iotArn(registry.place, kind, ''),
    ]);
    prefixes = Object.fromEntries(entries) as Record<DeviceAction, string>;
    prefixesByRegistry.set(registry, prefixes);
  }
  return prefixes;
}

/** The ledger's word: it names policies, which are few, and nothing that a device can choose. */
export function reasonOf(action: string, { statement }: PolicyDecision): string {
  if (!statement) return `${action} is not allowed by any policy`;
  const { policyName, index, sid } = statement;
  return `${action} is denied by statement ${sid === undefined ? index : `'${sid}'`} of policy '${policyName}'`;
}
