import { isReservedRequest } from './reserved-topics.ts';

/** AWS IoT Core endpoints and quotas, message broker and protocol limits. */
export const MAX_PAYLOAD_BYTES = 128 * 1024;
export const MAX_TOPIC_BYTES = 256;
const MAX_TOPIC_SLASHES = 7;
const MAX_CLIENT_ID_BYTES = 128;
const MAX_FILTERS = 8;

/** Why the service would refuse a publish, whoever sends it; undefined when it would not. */
export function publishProblemOf({
  topic,
  payload,
  qos,
}: {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: number;
}): string | undefined {
  if (qos === 2) return 'QoS 2 is not supported';
  if (payload.length > MAX_PAYLOAD_BYTES) return 'payload over 128 KiB';
  return topicProblemOf(topic);
}

/** Why nobody may publish to a topic, whoever it is; undefined when they may. */
export function topicProblemOf(topic: string): string | undefined {
  const isReserved = topic.charCodeAt(0) === DOLLAR;
  const isBasicIngest = isReserved && topic.startsWith(BASIC_INGEST);
  if (isReserved && !isBasicIngest && !isReservedRequest(topic)) return 'publish to a reserved topic';
  const limited = isBasicIngest ? topic.slice(topic.indexOf('/', BASIC_INGEST.length) + 1) : topic;
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

/** Why the service would cut whoever sends a SUBSCRIBE; undefined when it would not. */
export function subscribeProblemOf(
  subscriptions: readonly { readonly topic: string; readonly qos: number }[],
): string | undefined {
  if (subscriptions.length > MAX_FILTERS) return 'more than 8 filters in one SUBSCRIBE';
  if (subscriptions.some(({ qos }) => qos === 2)) return 'QoS 2 is not supported';
  // The broker collects several filters under their names in an object, where this one would not be an entry.
  if (subscriptions.length > 1 && subscriptions.some(({ topic }) => topic === '__proto__'))
    return 'filter that cannot be kept';
  return undefined;
}

const BASIC_INGEST = '$aws/rules/';
const DOLLAR = 0x24;
