import { isReservedRequest } from './reserved-topics.ts';

/** AWS IoT Core endpoints and quotas, message broker and protocol limits. */
export const MAX_PAYLOAD_BYTES = 128 * 1024;
export const MAX_TOPIC_BYTES = 256;
const MAX_TOPIC_SLASHES = 7;
const MAX_CLIENT_ID_BYTES = 128;
const MAX_FILTERS = 8;
export const MAX_KEEP_ALIVE_SECONDS = 1200;
export const MIN_KEEP_ALIVE_SECONDS = 30;
/** Of one connection. */
export const MAX_SUBSCRIPTIONS = 50;
export const MAX_TOPIC_ALIASES = 8;

/** Why the service would refuse a publish, whoever sends it; undefined when it would not. */
export function publishProblemOf({
  topic,
  payload,
  qos,
  retain,
}: {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: number;
  readonly retain?: boolean;
}): string | undefined {
  if (retain && topic.charCodeAt(0) === DOLLAR) return 'retained message on a reserved topic';
  if (qos === 2) return 'QoS 2 is not supported';
  if (payload.length > MAX_PAYLOAD_BYTES) return 'payload over 128 KiB';
  return topicProblemOf(topic);
}

/** Why nobody may publish to a topic, whoever it is; undefined when they may. */
export function topicProblemOf(topic: string): string | undefined {
  const isReserved = topic.charCodeAt(0) === DOLLAR;
  const isBasicIngest = isReserved && topic.startsWith(BASIC_INGEST);
  if (isReserved && !isBasicIngest && !isReservedRequest(topic)) return 'publish to a reserved topic';
  return lengthProblemOf(isBasicIngest ? topic.slice(topic.indexOf('/', BASIC_INGEST.length) + 1) : topic);
}

/** Why nobody may subscribe with a filter; undefined when they may. */
export function filterProblemOf(filter: string): string | undefined {
  if (filter.charCodeAt(0) === DOLLAR && !filter.startsWith('$aws/') && !filter.startsWith('$share/'))
    return 'subscription to a reserved topic';
  return lengthProblemOf(filter);
}

/** Of a topic or of a filter. */
function lengthProblemOf(limited: string): string | undefined {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (limited.length * 3 > MAX_TOPIC_BYTES && Buffer.byteLength(limited) > MAX_TOPIC_BYTES)
    return 'topic over 256 bytes';
  let slashes = 0;
  for (let at = limited.indexOf('/'); at >= 0; at = limited.indexOf('/', at + 1)) slashes += 1;
  return slashes > MAX_TOPIC_SLASHES ? 'topic with more than 7 slashes' : undefined;
}

/** Why nobody may connect under a client id; undefined when they may. */
export function clientIdProblemOf(clientId: string): string | undefined {
  if (clientId.charCodeAt(0) === DOLLAR) return 'client id that begins with $';
  return Buffer.byteLength(clientId) > MAX_CLIENT_ID_BYTES ? 'client id over 128 bytes' : undefined;
}

/** Why a connection ends, and how MQTT 5 says it. */
export interface PacketProblem {
  readonly reason: string;
  readonly reasonCode: number;
}

/** What a packet with QoS 2 is answered. */
export const QOS_NOT_SUPPORTED: PacketProblem = { reason: 'QoS 2 is not supported', reasonCode: 0x9b };

/** Why the service would cut whoever sends a SUBSCRIBE; undefined when it would not. */
export function subscribeProblemOf(
  subscriptions: readonly { readonly topic: string; readonly qos: number }[],
): PacketProblem | undefined {
  if (subscriptions.length > MAX_FILTERS)
    return { reason: 'more than 8 filters in one SUBSCRIBE', reasonCode: 0x97 };
  if (subscriptions.some(({ qos }) => qos === 2)) return QOS_NOT_SUPPORTED;
  // The broker collects several filters under their names in an object, where this one would not be an entry.
  if (subscriptions.length > 1 && subscriptions.some(({ topic }) => topic === '__proto__'))
    return { reason: 'filter that cannot be kept', reasonCode: 0x8f };
  return undefined;
}

/** How long the service lets a client be silent that asks for this (AWS IoT quotas, connection inactivity). */
export function keepAliveSecondsOf(asked: number): number {
  if (asked === 0) return MAX_KEEP_ALIVE_SECONDS;
  return Math.min(MAX_KEEP_ALIVE_SECONDS, Math.max(MIN_KEEP_ALIVE_SECONDS, asked));
}

const BASIC_INGEST = '$aws/rules/';
const DOLLAR = 0x24;
