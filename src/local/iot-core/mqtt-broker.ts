import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket, type Subscription } from 'aedes';
import type { MqttProperties } from '../../iot-sql/index.ts';
import type { RefusedMessage } from '../trace/kept-messages.ts';
import type { DeviceAuthorizer, DeviceIdentity } from './authorization/device-authorizer.ts';
import { BrokerGate } from './broker-gate.ts';
import { guardClient } from './guard-client.ts';
import { LifecycleEvents, type LifecycleEventsOptions } from './lifecycle/lifecycle-events.ts';
import { listenPlain, listenTls, type MqttListener } from './mqtt-listener.ts';
import { packetPropertiesOf } from './mqtt-properties.ts';
import {
  MAX_KEEP_ALIVE_SECONDS,
  MAX_PAYLOAD_BYTES,
  MAX_TOPIC_ALIASES,
  MAX_TOPIC_BYTES,
} from './publish-limits.ts';
import { RefusedError, reasonOf } from './refusal.ts';
import type { RepublishHeaders } from './rule-actions/rule-action-targets.ts';
import { BrokerPersistence, type BrokerPersistenceOptions } from './sessions/broker-persistence.ts';
import { readWildcardsStrictly } from './strict-wildcards.ts';
import { isolateSubscriber } from './subscriber-delivery.ts';
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
  /** One connection publishes no more than the service takes of it. Without limit when not given. */
  readonly hasQuotas?: boolean;
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

/** What carries MQTT to a client. */
export type MqttConnection = Duplex & { readonly remoteAddress?: string | undefined };

export interface MqttBroker {
  readonly host: string;
  /** Without TLS; 0 when nothing listens there. */
  readonly port: number;
  /** With TLS; 0 when nothing listens there. */
  readonly tlsPort: number;
  readonly connectionCount: number;
  /** Takes a connection that came another way than over the listeners, from somebody who has shown who they are. */
  admit(connection: MqttConnection, identity: DeviceIdentity): void;
  /** Gives a message to the subscribers, without the rules; headers reach those that speak MQTT 5. */
  publish(topic: string, payload: Buffer, qos: 0 | 1, headers?: RepublishHeaders): Promise<void>;
  /** Gives a message to one client, whatever it has subscribed to; to nobody when it is not connected. */
  publishTo(clientId: string, topic: string, payload: Buffer): Promise<void>;
  stop(): Promise<void>;
}

const MAX_IN_FLIGHT = 100;
/** Room for headers and MQTT 5 properties. */
const PACKET_OVERHEAD_BYTES = 8 * 1024;
const CONNECT_MILLIS = 10_000;
/** A SUBACK says from here on that a subscription failed. */
const SUBSCRIBE_FAILED = 0x80;

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
    topicAliasMaximum: MAX_TOPIC_ALIASES,
    maxTopicLevels: 100,
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
  const handle = (socket: Duplex): void => {
    const client = broker.handle(socket);
    isolateSubscriber(client, () => options.onRefusedDelivery('subscriber does not read'));
    guardClient(client, {
      onRefused: gate.refuse,
      onDisconnect: () => lifecycle.ending(client, 'CLIENT_INITIATED_DISCONNECT'),
      takesPublish: gate.takesPublish,
    });
  };
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
    admit: (connection, identity) => {
      gate.identities.set(connection, identity);
      handle(connection);
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
