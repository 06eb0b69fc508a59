import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes';
import type { MqttProperties } from '../../iot-sql/index.ts';
import { LocalError } from '../local-error.ts';
import type { RefusedMessage } from '../trace/kept-messages.ts';
import type { RepublishHeaders } from './rule-actions/rule-action-targets.ts';

/** A message that a client or the runtime published. */
export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId: string | undefined;
  readonly qos: 0 | 1;
  readonly sourceIp?: string | undefined;
  /** MQTT 5 properties, if it came with any. */
  readonly mqttProperties?: MqttProperties | undefined;
  /** How often rules have republished it. */
  readonly hops?: number | undefined;
}

export interface MqttBrokerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /**
   * Called for every message within the limits. QoS 1 is acknowledged only after `done` was called without an error, so
   * whoever calls it has made the message durable (aedes writes the PUBACK right after this hook).
   */
  readonly accept: (message: PublishedMessage, done: (error?: Error) => void) => void;
  /** Called for what is not accepted: a message or a connection, with the reason. */
  readonly onRefused: (reason: string) => void;
  /** Called besides, for a publish that could be read. */
  readonly onRefusedPublish: (message: RefusedMessage) => void;
}

export interface MqttBroker {
  readonly host: string;
  readonly port: number;
  readonly connectionCount: number;
  /** Gives a message to the subscribers, without the rules; headers reach those that speak MQTT 5. */
  publish(topic: string, payload: Buffer, qos: 0 | 1, headers?: RepublishHeaders): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The MQTT side of the local IoT Core: versions 3.1.1 and 5, QoS 0 and 1, with the service's limits.
 *
 * @throws LocalError in one sentence when the port is taken
 */
export async function startMqttBroker(options: MqttBrokerOptions): Promise<MqttBroker> {
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
    authorizePublish: (client, packet, callback) => authorizePublish(client, packet, callback, options),
  });
  const refuse = (error: Error): void => options.onRefused(reasonOf(error));
  broker.on('clientError', (_client: Client, error: Error) => refuse(error));
  broker.on('connectionError', (_client: Client, error: Error) => refuse(error));
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  try {
    await listen(server, options);
  } catch (error) {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    throw error;
  }
  return {
    host: options.host,
    port: (server.address() as { port: number }).port,
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
    stop: () => stop(server, sockets, broker),
  };
}

/** AWS IoT Core endpoints and quotas, message broker and protocol limits. */
const MAX_PAYLOAD_BYTES = 128 * 1024;
const MAX_TOPIC_BYTES = 256;
const MAX_TOPIC_SLASHES = 7;
const MAX_IN_FLIGHT = 100;
/** Room for headers and MQTT 5 properties. */
const PACKET_OVERHEAD_BYTES = 8 * 1024;
/** A subscriber that does not read is cut after this, because publishers to it wait meanwhile. */
const SLOW_SUBSCRIBER_MILLIS = 2000;
const CONNECT_MILLIS = 10_000;

class RefusedPublishError extends LocalError {
  override name = 'RefusedPublishError';
}

function authorizePublish(
  client: Client | null,
  packet: PublishPacket,
  callback: (error?: Error | null) => void,
  { accept, onRefusedPublish }: MqttBrokerOptions,
): void {
  const problem = problemOf(packet);
  if (problem !== undefined) {
    const { topic, payload } = packet;
    onRefusedPublish({ topic, clientId: client?.id, payloadBytes: payload.length, reason: problem });
    callback(new RefusedPublishError(problem));
    return;
  }
  accept(
    {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      clientId: client?.id,
      qos: packet.qos as 0 | 1,
      sourceIp: (client?.conn as Socket | undefined)?.remoteAddress,
      mqttProperties: packet.properties && mqttPropertiesOf(packet.properties),
    },
    callback,
  );
}

type PacketProperties = NonNullable<PublishPacket['properties']>;

/** A user property that repeats comes from aedes as a list. */
function mqttPropertiesOf(properties: PacketProperties): MqttProperties {
  const { contentType, payloadFormatIndicator, responseTopic, correlationData, userProperties } = properties;
  const pairs = Object.entries(userProperties ?? {}).flatMap(([key, value]) =>
    [value].flat().map((each) => [key, each] as const),
  );
  return {
    contentType,
    payloadFormatIndicator,
    responseTopic,
    correlationData,
    userProperties: userProperties && pairs,
  };
}

function packetPropertiesOf({
  isUtf8,
  messageExpirySeconds,
  userProperties = [],
  ...rest
}: RepublishHeaders): PacketProperties {
  const byKey = new Map<string, string[]>();
  for (const [key, value] of userProperties) byKey.set(key, [...(byKey.get(key) ?? []), value]);
  return {
    ...rest,
    ...(isUtf8 !== undefined && { payloadFormatIndicator: isUtf8 }),
    ...(messageExpirySeconds !== undefined && { messageExpiryInterval: messageExpirySeconds }),
    ...(byKey.size > 0 && { userProperties: Object.fromEntries(byKey) }),
  };
}

/** Why the service would refuse a publish; undefined when it would not. */
function problemOf({ topic, payload, qos }: PublishPacket): string | undefined {
  if (qos === 2) return 'QoS 2 is not supported';
  if (payload.length > MAX_PAYLOAD_BYTES) return 'payload over 128 KiB';
  return topicProblemOf(topic);
}

/** Why nobody may publish to a topic, whoever it is; undefined when they may. */
export function topicProblemOf(topic: string): string | undefined {
  const isReserved = topic.charCodeAt(0) === DOLLAR;
  const isBasicIngest = isReserved && topic.startsWith(BASIC_INGEST);
  if (isReserved && !isBasicIngest) return 'publish to a reserved topic';
  const limited = isBasicIngest ? topic.slice(topic.indexOf('/', BASIC_INGEST.length) + 1) : topic;
  // No character takes more than three bytes for each of its UTF-16 units.
  if (limited.length * 3 > MAX_TOPIC_BYTES && Buffer.byteLength(limited) > MAX_TOPIC_BYTES)
    return 'topic over 256 bytes';
  let slashes = 0;
  for (let at = limited.indexOf('/'); at >= 0; at = limited.indexOf('/', at + 1)) slashes += 1;
  return slashes > MAX_TOPIC_SLASHES ? 'topic with more than 7 slashes' : undefined;
}

const BASIC_INGEST = '$aws/rules/';
const DOLLAR = 0x24;

/** The ledger's word for why a message or a connection was refused; what a peer sent is never part of it. */
function reasonOf(error: Error): string {
  if (error instanceof RefusedPublishError) return error.message;
  const known = REASONS.find(([pattern]) => pattern.test(error.message));
  return known ? known[1] : 'connection error';
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/too large|packet size/i, 'packet over the size limit'],
  [/too many levels/i, 'topic with more than 7 slashes'],
  [/not allowed in PUBLISH|empty topic/i, 'wildcard or empty topic in a publish'],
  [/keep ?alive/i, 'keep-alive timeout'],
  [/did not arrive in time/i, 'no CONNECT in time'],
  [/drain timeout/i, 'subscriber does not read'],
  [/ECONNRESET|EPIPE|connection closed|premature/i, 'connection lost'],
  [/invalid|malformed|cannot parse|must|unknown|protocol/i, 'malformed MQTT packet'],
];

function listen(server: Server, { host, port }: MqttBrokerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE' ? 'the port is in use; choose another with --mqtt-port' : cause.message;
      reject(new LocalError(`Cannot listen for MQTT on ${host}:${port}: ${problem}`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
}

async function stop(server: Server, sockets: Set<Socket>, broker: Aedes): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
}
