import type { EventEmitter } from 'node:events';
import type { Client } from 'aedes';
import { MAX_PUBLISHES_PER_SECOND } from './connection-quota.ts';
import {
  MAX_TOPIC_ALIASES,
  type PacketProblem,
  QOS_NOT_SUPPORTED,
  subscribeProblemOf,
} from './publish-limits.ts';
import { RefusedError } from './refusal.ts';

interface IncomingPacket {
  cmd: string;
  readonly qos?: number;
  /** The parser leaves null where a packet has none. */
  readonly topic?: string | null;
  readonly payload?: Buffer | null;
  messageId?: number;
  readonly properties?: { readonly topicAlias?: number };
  readonly subscriptions?: { readonly topic: string; readonly qos: number }[];
}

/** What the guard asks and tells. */
export interface GuardClientOptions {
  readonly onRefused: OnRefusedPacket;
  /** Called when the client says that it goes. */
  readonly onDisconnect: (client: Client) => void;
  /** Counts one publish of the client; false when it is one too many. */
  readonly takesPublish: (client: Client) => boolean;
}

/** Told of what is refused: the topic or filter, who sent it, why, and how large it was. */
export type OnRefusedPacket = (
  topic: string,
  clientId: string | undefined,
  reason: string,
  payloadBytes?: number,
) => void;

/**
 * Looks at the packets of a client before the broker does, and cuts whoever sends what the service does not answer. MQTT 5 is
 * told why (AWS IoT developer guide, mqtt, reason codes). A publish over the quota of its connection is not taken.
 */
export function guardClient(
  client: Client,
  { onRefused, onDisconnect, takesPublish }: GuardClientOptions,
): void {
  const parser = (client as unknown as { _parser: EventEmitter })._parser;
  const brokerListeners = parser.listeners('packet');
  parser.removeAllListeners('packet');
  parser.on('packet', (packet: IncomingPacket) => {
    look(packet);
    // Of a client that was cut just now the broker has forgotten what it needs to take a packet.
    if (!client.closed) for (const listener of brokerListeners) listener.call(parser, packet);
  });

  function look(packet: IncomingPacket): void {
    if (packet.cmd === 'disconnect') onDisconnect(client);
    const problem = problemOf(packet, client.version);
    const isTooMany = !problem && packet.cmd === 'publish' && !takesPublish(client);
    if (!problem && !isTooMany) return;
    const topic = packet.topic || (packet.subscriptions?.[0]?.topic ?? '');
    const reason = problem?.reason ?? TOO_MANY_PUBLISHES;
    onRefused(topic, client.id ?? undefined, reason, packet.payload?.length);
    if (isTooMany) discard(client, packet);
    // The broker gets it all the same, unless the client is cut: as the acknowledgement of nothing, which it does not answer.
    packet.cmd = 'puback';
    packet.messageId = 0;
    if (!problem) return;
    if (client.version === 5) client.disconnect({ reasonCode: problem.reasonCode });
    else client.emit('error', new RefusedError(problem.reason));
  }
}

/** MQTT 3.1.1 cannot be told; there the acknowledgement does not come. */
function discard(client: Client, { qos, messageId = 0, topic, properties }: IncomingPacket): void {
  if (client.version !== 5) return;
  // What the name of a topic was given for holds for the publishes that follow.
  const { topicAlias } = properties ?? {};
  const { _topicAliases } = client as unknown as { _topicAliases: Map<number, string> };
  if (topicAlias && topicAlias <= MAX_TOPIC_ALIASES && topic) _topicAliases.set(topicAlias, topic);
  if (qos === 1) client.conn.write(Buffer.of(0x40, 3, messageId >> 8, messageId & 0xff, QUOTA_EXCEEDED));
}

const TOO_MANY_PUBLISHES = `more than ${MAX_PUBLISHES_PER_SECOND} publishes a second`;
/** MQTT 5, PUBACK reason code. */
const QUOTA_EXCEEDED = 0x97;

/** A publish that MQTT 3.1.1 may not send is refused where the others are. */
function problemOf({ cmd, qos, subscriptions }: IncomingPacket, version: number): PacketProblem | undefined {
  if (cmd === 'subscribe' && subscriptions) return subscribeProblemOf(subscriptions);
  return cmd === 'publish' && qos === 2 && version === 5 ? QOS_NOT_SUPPORTED : undefined;
}
