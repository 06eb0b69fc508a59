import type { EventEmitter } from 'node:events';
import type { Client } from 'aedes';
import { type PacketProblem, QOS_NOT_SUPPORTED, subscribeProblemOf } from './publish-limits.ts';
import { RefusedError } from './refusal.ts';

interface IncomingPacket {
  cmd: string;
  readonly qos?: number;
  /** The parser leaves null where a packet has none. */
  readonly topic?: string | null;
  readonly payload?: Buffer | null;
  messageId?: number;
  readonly subscriptions?: { readonly topic: string; readonly qos: number }[];
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
 * told why (AWS IoT developer guide, mqtt, reason codes).
 *
 * @param onDisconnect called when the client says that it goes
 */
export function guardClient(
  client: Client,
  onRefused: OnRefusedPacket,
  onDisconnect: (client: Client) => void,
): void {
  const parser = (client as unknown as { _parser: EventEmitter })._parser;
  parser.prependListener('packet', (packet: IncomingPacket) => {
    if (packet.cmd === 'disconnect') onDisconnect(client);
    const problem = problemOf(packet, client.version);
    if (!problem) return;
    const topic = packet.topic ?? packet.subscriptions?.[0]?.topic ?? '';
    onRefused(topic, client.id ?? undefined, problem.reason, packet.payload?.length);
    // The broker gets it all the same: as the acknowledgement of nothing, which it does not answer.
    packet.cmd = 'puback';
    packet.messageId = 0;
    if (client.version === 5) client.disconnect({ reasonCode: problem.reasonCode });
    else client.emit('error', new RefusedError(problem.reason));
  });
}

/** A publish that MQTT 3.1.1 may not send is refused where the others are. */
function problemOf({ cmd, qos, subscriptions }: IncomingPacket, version: number): PacketProblem | undefined {
  if (cmd === 'subscribe' && subscriptions) return subscribeProblemOf(subscriptions);
  return cmd === 'publish' && qos === 2 && version === 5 ? QOS_NOT_SUPPORTED : undefined;
}
