import type { Socket } from 'node:net';
import type {
  AedesPublishPacket,
  AuthenticateError,
  Client,
  ConnectPacket,
  PublishPacket,
  Subscription,
} from 'aedes';
import type { DeviceIdentity, RefusedIdentity } from './authorization/device-authorizer.ts';
import type { DeviceAction, DeviceConnection } from './authorization/device-connection.ts';
import { ConnectionQuota } from './connection-quota.ts';
import type { ConnectedFacts, LifecycleEvents } from './lifecycle/lifecycle-events.ts';
import type { MqttBrokerOptions } from './mqtt-broker.ts';
import { mqttPropertiesOf } from './mqtt-properties.ts';
import { isProvisioningRequest } from './provisioning/provisioning-topics.ts';
import {
  clientIdProblemOf,
  filterProblemOf,
  keepAliveSecondsOf,
  MAX_SUBSCRIPTIONS,
  MIN_KEEP_ALIVE_SECONDS,
  publishProblemOf,
} from './publish-limits.ts';
import { IDENTIFIER_REJECTED, RefusedError } from './refusal.ts';
import type { BrokerPersistence } from './sessions/broker-persistence.ts';

/** Where what became of connections that were refused can be found (AWS IoT developer guide, life-cycle-events). */
const CONNECT_FAILED = '$aws/events/presence/connect_failed/';

type ConnectFacts = Pick<ConnectPacket, 'will'>;

/** Decides for the broker who comes in, and what they may publish, subscribe to and receive. */
export class BrokerGate {
  /** Of the sockets that came over TLS. */
  readonly identities = new WeakMap<object, DeviceIdentity>();
  readonly #options: MqttBrokerOptions;
  readonly #persistence: BrokerPersistence;
  readonly #lifecycle: LifecycleEvents;
  readonly #facts = new WeakMap<Client, ConnectFacts>();
  /** A client without an entry came without TLS, and may do anything. */
  readonly #devices = new WeakMap<Client, DeviceConnection>();
  readonly #quotas = new WeakMap<Client, ConnectionQuota>();

  constructor(options: MqttBrokerOptions, persistence: BrokerPersistence, lifecycle: LifecycleEvents) {
    this.#options = options;
    this.#lifecycle = lifecycle;
    this.#persistence = persistence;
  }

  refuseIdentity({ reason, certificateId }: RefusedIdentity): void {
    this.refuse(`${CONNECT_FAILED}${certificateId ?? 'unknown'}`, certificateId, reason);
  }

  /** The broker's client does not know yet what the packet says; `authenticate` is told nothing of it. */
  readonly preConnect = (
    client: Client,
    packet: ConnectPacket,
    done: (error: Error | null, isGood: boolean) => void,
  ): void => {
    this.#facts.set(client, packet);
    // MQTT 5 is told of a shorter time by the broker itself.
    const seconds = keepAliveSecondsOf(packet.keepalive ?? 0);
    if (packet.protocolVersion !== 5 || seconds === MIN_KEEP_ALIVE_SECONDS) packet.keepalive = seconds;
    done(null, true);
  };

  readonly authenticate = (
    client: Client,
    _username: string | undefined,
    _password: Buffer | undefined,
    done: (error: AuthenticateError | null, isGood: boolean | null) => void,
  ): void => {
    Object.setPrototypeOf((client as unknown as { subscriptions: object }).subscriptions, null);
    const refused = this.#connectRefusal(client);
    if (!refused) {
      this.#lifecycle.arriving(client.id);
      done(null, true);
      return;
    }
    if (refused.returnCode !== IDENTIFIER_REJECTED) this.#lifecycle.refused(client.id, this.factsOf(client));
    this.refuse(CONNECT_FAILED + client.id, client.id, refused.message);
    done(refused, false);
  };

  factsOf(client: Client): ConnectedFacts {
    const principal = this.#devices.get(client)?.certificateId;
    return { principal, ipAddress: (client.conn as Socket).remoteAddress };
  }

  readonly authorizePublish = (
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void => {
    const device = client ? this.#devices.get(client) : undefined;
    const { topic, payload } = packet;
    const problem =
      publishProblemOf(packet) ?? publishRefusal(device, packet) ?? this.#persistence.problemOf(packet);
    if (problem !== undefined) {
      this.refuse(topic, client?.id, problem, payload.length);
      done(new RefusedError(problem));
      return;
    }
    const accept = (): void => this.#accept(client, packet, done);
    const delayMillis = this.#delayMillis(client, packet);
    if (delayMillis > 0) setTimeout(accept, delayMillis);
    else accept();
  };

  #accept(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    this.#persistence.keep(packet);
    const message = {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      clientId: client?.id,
      qos: packet.qos as 0 | 1,
      sourceIp: (client?.conn as Socket | undefined)?.remoteAddress,
      principal: client ? this.#devices.get(client)?.certificateId : undefined,
      mqttProperties: packet.properties && mqttPropertiesOf(packet.properties),
    };
    this.#options.accept(message, done);
  }

  /** Meanwhile the broker reads no more of the connection than it has. */
  #delayMillis(client: Client | null, { topic, payload }: PublishPacket): number {
    const quota = client ? this.#quotas.get(client) : undefined;
    return quota?.delayMillis(topic.length + payload.length, performance.now()) ?? 0;
  }

  /** Counts a publish of a connection; false when it is one too many. */
  readonly takesPublish = (client: Client): boolean =>
    this.#quotas.get(client)?.takesPublish(performance.now()) ?? true;

  /** Without a subscription the answer is 0x80, and 0x87 for MQTT 5. */
  readonly authorizeSubscribe = (
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void => {
    const { topic } = subscription;
    const { granted } = this.#persistence;
    const filters = granted.get(client) ?? new Set();
    const reason =
      filterProblemOf(topic) ??
      this.#devices.get(client)?.refusal('iot:Subscribe', topic) ??
      (filters.size >= MAX_SUBSCRIPTIONS && !filters.has(topic) ? 'more than 50 subscriptions' : undefined);
    if (reason === undefined) granted.set(client, filters.add(topic));
    else this.refuse(topic, client.id, reason);
    done(null, reason === undefined ? subscription : null);
  };

  unsubscribed(client: Client, filters: readonly string[]): void {
    for (const filter of filters) this.#persistence.granted.get(client)?.delete(filter);
  }

  readonly authorizeForward = (client: Client, packet: AedesPublishPacket): AedesPublishPacket | null => {
    if (isProvisioningRequest(packet.topic)) return null;
    const reason = this.#devices.get(client)?.refusal('iot:Receive', packet.topic);
    if (reason === undefined) return packet;
    this.#options.onRefusedDelivery(reason);
    return null;
  };

  #connectRefusal(client: Client): RefusedError | undefined {
    const problem = clientIdProblemOf(client.id);
    if (problem !== undefined) return new RefusedError(problem, IDENTIFIER_REJECTED);
    const { will } = this.#facts.get(client)!;
    this.#facts.delete(client);
    if (will?.qos === 2) return new RefusedError('QoS 2 is not supported');
    const { conn } = client;
    const identity = this.identities.get(conn);
    const authorizer = this.#options.tls?.authorizer;
    if (!identity || !authorizer) return undefined;
    const facts = {
      clientId: client.id,
      sourceIp: (conn as Socket).remoteAddress,
      isPersistent: !client.clean,
      willTopic: will?.topic,
    };
    const device = authorizer.open(identity, facts, (reason) => {
      this.refuse(CONNECT_FAILED + client.id, client.id, reason);
      this.#lifecycle.ending(client, 'AUTH_ERROR');
      client.disconnect({ reasonCode: NOT_AUTHORIZED });
    });
    this.#devices.set(client, device);
    if (this.#options.tls?.hasQuotas) this.#quotas.set(client, new ConnectionQuota(performance.now()));
    conn.once('close', () => authorizer.close(device));
    const reason = device.refusal('iot:Connect', client.id);
    return reason === undefined ? undefined : new RefusedError(reason);
  }

  readonly refuse = (topic: string, clientId: string | undefined, reason: string, payloadBytes = 0): void => {
    this.#options.onRefused(reason);
    this.#options.onRefusedPublish({ topic, clientId, payloadBytes, reason });
  };
}

/** MQTT 5, DISCONNECT reason code. */
const NOT_AUTHORIZED = 0x87;

function publishRefusal(
  device: DeviceConnection | undefined,
  { topic, retain }: PublishPacket,
): string | undefined {
  if (!device) return undefined;
  const actions: readonly DeviceAction[] = retain ? RETAINED : ORDINARY;
  for (const action of actions) {
    const reason = device.refusal(action, topic);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const ORDINARY: readonly DeviceAction[] = ['iot:Publish'];
const RETAINED: readonly DeviceAction[] = ['iot:Publish', 'iot:RetainPublish'];
