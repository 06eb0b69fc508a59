import type { Socket } from 'node:net';
import {
  Aedes,
  type AedesPublishPacket,
  type AuthenticateError,
  type Client,
  type ConnectPacket,
  type PublishPacket,
  type Subscription,
} from 'aedes';
import type { MqttProperties } from '../../iot-sql/index.ts';
import type { RefusedMessage } from '../trace/kept-messages.ts';
import type { DeviceAuthorizer, DeviceIdentity, RefusedIdentity } from './authorization/device-authorizer.ts';
import type { DeviceAction, DeviceConnection } from './authorization/device-connection.ts';
import { guardClient } from './guard-client.ts';
import {
  type ConnectedFacts,
  LifecycleEvents,
  type LifecycleEventsOptions,
} from './lifecycle/lifecycle-events.ts';
import { listenPlain, listenTls, type MqttListener } from './mqtt-listener.ts';
import { mqttPropertiesOf, packetPropertiesOf } from './mqtt-properties.ts';
import {
  clientIdProblemOf,
  filterProblemOf,
  keepAliveSecondsOf,
  MAX_KEEP_ALIVE_SECONDS,
  MAX_PAYLOAD_BYTES,
  MAX_SUBSCRIPTIONS,
  MAX_TOPIC_BYTES,
  MIN_KEEP_ALIVE_SECONDS,
  publishProblemOf,
} from './publish-limits.ts';
import { IDENTIFIER_REJECTED, RefusedError, reasonOf } from './refusal.ts';
import type { RepublishHeaders } from './rule-actions/rule-action-targets.ts';
import { BrokerPersistence, type BrokerPersistenceOptions } from './sessions/broker-persistence.ts';
import { readWildcardsStrictly } from './strict-wildcards.ts';
import type { CertificateAndKey } from './tls/certificate-authority.ts';

/** A message that a client or the runtime published. */
export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId: string | undefined;
  readonly qos: 0 | 1;
  readonly sourceIp?: string | undefined;
  /** Id of the certificate that the client connected with. */
  readonly principal?: string | undefined;
  /** MQTT 5 properties, if it came with any. */
  readonly mqttProperties?: MqttProperties | undefined;
  /** How often rules have republished it. */
  readonly hops?: number | undefined;
}

/** The listener for devices that show who they are. */
export interface MqttTlsOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly server: CertificateAndKey;
  readonly authorizer: DeviceAuthorizer;
}

export interface MqttBrokerOptions {
  readonly host: string;
  /** Where anybody may connect without TLS, and do anything; nowhere when undefined. 0 takes any free port. */
  readonly port: number | undefined;
  readonly tls?: MqttTlsOptions | undefined;
  /** Where sessions and retained messages are kept. */
  readonly store: BrokerPersistenceOptions;
  /**
   * Called for every message within the limits. QoS 1 is acknowledged only after `done` was called without an error, so
   * whoever calls it has made the message durable (aedes writes the PUBACK right after this hook).
   */
  readonly accept: (message: PublishedMessage, done: (error?: Error) => void) => void;
  /** Called for what happens to connections and subscriptions, with the topic that it is told on. */
  readonly onEvent: LifecycleEventsOptions['onEvent'];
  /** Called for what is not accepted: a message, a subscription or a connection, with the reason. */
  readonly onRefused: (reason: string) => void;
  /** Called besides, for what can be named: a publish by its topic, a subscription by its filter. */
  readonly onRefusedPublish: (message: RefusedMessage) => void;
  /** Called when a device may not receive a message that it has subscribed to. */
  readonly onRefusedDelivery: (reason: string) => void;
}

export interface MqttBroker {
  readonly host: string;
  /** Without TLS; 0 when nothing listens there. */
  readonly port: number;
  /** With TLS; 0 when nothing listens there. */
  readonly tlsPort: number;
  readonly connectionCount: number;
  /** Gives a message to the subscribers, without the rules; headers reach those that speak MQTT 5. */
  publish(topic: string, payload: Buffer, qos: 0 | 1, headers?: RepublishHeaders): Promise<void>;
  /** Gives a message to one client, whatever it has subscribed to; to nobody when it is not connected. */
  publishTo(clientId: string, topic: string, payload: Buffer): Promise<void>;
  stop(): Promise<void>;
}

const MAX_IN_FLIGHT = 100;
/** Room for headers and MQTT 5 properties. */
const PACKET_OVERHEAD_BYTES = 8 * 1024;
/** A subscriber that does not read is cut after this, because publishers to it wait meanwhile. */
const SLOW_SUBSCRIBER_MILLIS = 2000;
const CONNECT_MILLIS = 10_000;
/** Where what became of connections that were refused can be found (AWS IoT developer guide, life-cycle-events). */
const CONNECT_FAILED = '$aws/events/presence/connect_failed/';

/**
 * The MQTT side of the local IoT Core: versions 3.1.1 and 5, QoS 0 and 1, with the service's limits, and with the policies of
 * those that come over TLS.
 *
 * @throws LocalError in one sentence when a port is taken
 */
export async function startMqttBroker(options: MqttBrokerOptions): Promise<MqttBroker> {
  const persistence = new BrokerPersistence(options.store);
  const { nowMillis } = options.store;
  const lifecycle = new LifecycleEvents({ nowMillis, onEvent: options.onEvent });
  const gate = new BrokerGate(options, persistence, lifecycle);
  const broker = await Aedes.createBroker({
    // A connection is dropped as soon as a packet announces more than a payload and its topic can need.
    maximumPacketSize: MAX_PAYLOAD_BYTES + MAX_TOPIC_BYTES + PACKET_OVERHEAD_BYTES,
    receiveMaximum: MAX_IN_FLIGHT,
    topicAliasMaximum: 8,
    maxTopicLevels: 100,
    drainTimeout: SLOW_SUBSCRIBER_MILLIS,
    connectTimeout: CONNECT_MILLIS,
    sessionExpiryIntervalLimit: 3600,
    pendingSessionsLimit: 10_000,
    keepaliveLimit: MAX_KEEP_ALIVE_SECONDS,
    persistence,
    preConnect: gate.preConnect,
    authenticate: gate.authenticate,
    authorizePublish: gate.authorizePublish,
    authorizeSubscribe: gate.authorizeSubscribe,
    authorizeForward: gate.authorizeForward,
  });
  // Clients are kept by their ids, which may be the names of what every object has.
  Object.setPrototypeOf((broker as unknown as { clients: object }).clients, null);
  readWildcardsStrictly(broker);
  broker.on('client', (client: Client) => {
    persistence.track(client, true);
    lifecycle.connected(client, gate.factsOf(client));
  });
  broker.on('clientDisconnect', (client: Client) => {
    persistence.track(client, false);
    lifecycle.disconnected(client, broker.closed);
  });
  broker.on('subscribe', (subscriptions: Subscription[], client: Client) => {
    const granted = subscriptions.filter(({ qos }) => qos < SUBSCRIBE_FAILED);
    lifecycle.subscribed(
      client,
      granted.map(({ topic }) => topic),
    );
  });
  broker.on('unsubscribe', (filters: string[], client: Client) => {
    gate.unsubscribed(client, filters);
    if (!client.closed) lifecycle.unsubscribed(client, filters);
  });
  broker.on('keepaliveTimeout', (client: Client) => lifecycle.ending(client, 'MQTT_KEEP_ALIVE_TIMEOUT'));
  for (const event of ['clientError', 'connectionError'] as const)
    broker.on(event, (client: Client, error: Error) => {
      lifecycle.failed(client, error);
      if (!(error instanceof RefusedError)) options.onRefused(reasonOf(error));
    });
  const handle = (socket: Socket): void =>
    guardClient(broker.handle(socket), gate.refuse, (client) =>
      lifecycle.ending(client, 'CLIENT_INITIATED_DISCONNECT'),
    );
  const listeners = await startListeners(options, gate, handle).catch(async (error) => {
    await close(broker);
    throw error;
  });
  return {
    host: options.host,
    port: listeners.plain?.port ?? 0,
    tlsPort: listeners.tls?.port ?? 0,
    get connectionCount() {
      return broker.connectedClients;
    },
    publish: (topic, payload, qos, headers) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, qos, retain: false, dup: false };
        const properties = headers && { properties: packetPropertiesOf(headers) };
        broker.publish({ ...packet, ...properties } as AedesPublishPacket, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
    publishTo: (clientId, topic, payload) =>
      new Promise((resolve, reject) => {
        const client = (broker as unknown as { clients: Readonly<Record<string, Client>> }).clients[clientId];
        if (!client) {
          resolve();
          return;
        }
        const packet: PublishPacket = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false };
        client.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    async stop() {
      const closed = close(broker);
      await Promise.all([listeners.plain?.stop(), listeners.tls?.stop(), closed]);
    },
  };
}

interface Listeners {
  readonly plain?: MqttListener | undefined;
  readonly tls?: MqttListener;
}

async function startListeners(
  options: MqttBrokerOptions,
  gate: BrokerGate,
  handle: (socket: Socket) => void,
): Promise<Listeners> {
  const { host, port, tls } = options;
  const plain = port === undefined ? undefined : await listenPlain({ host, port }, handle);
  if (!tls) return { plain };
  try {
    const listener = await listenTls({
      ...tls,
      host,
      onConnection: (socket, identity) => {
        gate.identities.set(socket, identity);
        handle(socket);
      },
      onRefused: (refused) => gate.refuseIdentity(refused),
    });
    return { plain, tls: listener };
  } catch (error) {
    await plain?.stop();
    throw error;
  }
}

function close(broker: Aedes): Promise<void> {
  return new Promise((resolve) => broker.close(() => resolve()));
}

type ConnectFacts = Pick<ConnectPacket, 'will'>;

/** Decides for the broker who comes in, and what they may publish, subscribe to and receive. */
class BrokerGate {
  /** Of the sockets that came over TLS. */
  readonly identities = new WeakMap<object, DeviceIdentity>();
  readonly #options: MqttBrokerOptions;
  readonly #persistence: BrokerPersistence;
  readonly #lifecycle: LifecycleEvents;
  readonly #facts = new WeakMap<Client, ConnectFacts>();
  /** A client without an entry came without TLS, and may do anything. */
  readonly #devices = new WeakMap<Client, DeviceConnection>();
  /** The filters that a client has subscribed to. */
  readonly #filters = new WeakMap<Client, Set<string>>();

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
    this.#persistence.keep(packet);
    this.#options.accept(
      {
        topic,
        payload: payload as Buffer,
        clientId: client?.id,
        qos: packet.qos as 0 | 1,
        sourceIp: (client?.conn as Socket | undefined)?.remoteAddress,
        principal: device?.certificateId,
        mqttProperties: packet.properties && mqttPropertiesOf(packet.properties),
      },
      done,
    );
  };

  /** Without a subscription the answer is 0x80, and 0x87 for MQTT 5. */
  readonly authorizeSubscribe = (
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void => {
    const { topic } = subscription;
    const filters = this.#filters.get(client) ?? new Set();
    const reason =
      filterProblemOf(topic) ??
      this.#devices.get(client)?.refusal('iot:Subscribe', topic) ??
      (filters.size >= MAX_SUBSCRIPTIONS && !filters.has(topic) ? 'more than 50 subscriptions' : undefined);
    if (reason === undefined) this.#filters.set(client, filters.add(topic));
    else this.refuse(topic, client.id, reason);
    done(null, reason === undefined ? subscription : null);
  };

  unsubscribed(client: Client, filters: readonly string[]): void {
    for (const filter of filters) this.#filters.get(client)?.delete(filter);
  }

  readonly authorizeForward = (client: Client, packet: AedesPublishPacket): AedesPublishPacket | null => {
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
    conn.once('close', () => authorizer.close(device));
    const reason = device.refusal('iot:Connect', client.id);
    return reason === undefined ? undefined : new RefusedError(reason);
  }

  readonly refuse = (topic: string, clientId: string | undefined, reason: string, payloadBytes = 0): void => {
    this.#options.onRefused(reason);
    this.#options.onRefusedPublish({ topic, clientId, payloadBytes, reason });
  };
}

/** A SUBACK says from here on that a subscription failed. */
const SUBSCRIBE_FAILED = 0x80;
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
