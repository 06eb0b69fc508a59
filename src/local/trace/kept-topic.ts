import type { MqttProperties } from '../../iot-sql/index.ts';
import type { PublishedMessage } from '../iot-core/mqtt-broker.ts';
import type { KeptMessage } from './kept-messages.ts';

/** What is kept of a message besides its topic, which its topic's ring has once. */
type Message = Omit<PublishedMessage, 'qos' | 'topic'>;

/** One place of the ring; its payload lies in the ring's buffer. */
interface Slot {
  length: number;
  payloadBytes: number;
  receivedMillis: number;
  clientId: string | undefined;
  sourceIp: string | undefined;
  mqttProperties: MqttProperties | undefined;
  hops: number | undefined;
  refusal: string | undefined;
  /** What the client id and the properties cost. */
  extraBytes: number;
}

/**
 * The last messages of one topic: a ring that grows to its limit. Places and buffer are used again and again, by the next
 * messages and by the next topic, so that keeping a message leaves nothing for the garbage collector. It is also a member
 * of a list of topics by use.
 */
export class KeptTopic {
  topic = '';
  newer: KeptTopic | undefined;
  older: KeptTopic | undefined;
  /** What this topic costs, in bytes. */
  bytes = TOPIC_BYTES;
  readonly #most: number;
  readonly #slots: Slot[] = [];
  /** As many pieces of `#stride` bytes as there are places, or a few more. */
  #buffer = EMPTY;
  #stride = 0;
  #count = 0;
  #next = 0;

  constructor(mostMessages: number) {
    this.#most = mostMessages;
  }

  /** Forgets everything and begins with another topic. Returns by how much the cost grew. */
  begin(topic: string): number {
    const before = this.bytes;
    for (let at = 0; at < this.#count; at += 1) this.#setExtra(this.#slots[at]!, undefined, undefined);
    this.bytes += 2 * (topic.length - this.topic.length);
    this.topic = topic;
    this.#count = 0;
    this.#next = 0;
    if (this.#buffer.length > MOST_BYTES_HANDED_ON) this.#resize(0, 0);
    return this.bytes - before;
  }

  /** Keeps a message in the place of the oldest. Returns by how much the cost grew. */
  write(message: Message, receivedMillis: number, payloadBytes: number, refusal: string | undefined): number {
    const before = this.bytes;
    const { payload, clientId, mqttProperties } = message;
    const at = this.#next;
    const slot = this.#slots[at] ?? this.#addSlot();
    if (payload.length > this.#stride || (at + 1) * this.#stride > this.#buffer.length)
      this.#resize(Math.max(this.#stride, rounded(payload.length)), at + 1);
    payload.copy(this.#buffer, at * this.#stride);
    slot.length = payload.length;
    slot.payloadBytes = payloadBytes;
    slot.receivedMillis = receivedMillis;
    slot.sourceIp = message.sourceIp;
    slot.hops = message.hops;
    slot.refusal = refusal;
    this.#setExtra(slot, clientId, mqttProperties && copyProperties(mqttProperties));
    this.#next = at + 1 === this.#most ? 0 : at + 1;
    if (this.#count < this.#most) this.#count += 1;
    return this.bytes - before;
  }

  /** Newest first. The payloads are copies: the ring may go on. */
  messages(): KeptMessage[] {
    const count = this.#count;
    return Array.from({ length: count }, (_, back) => {
      const at = (this.#next - 1 - back + 2 * count) % count;
      const { length, extraBytes: _extraBytes, ...rest } = this.#slots[at]!;
      const start = at * this.#stride;
      return {
        topic: this.topic,
        ...rest,
        payload: Buffer.from(this.#buffer.subarray(start, start + length)),
      };
    });
  }

  #setExtra(slot: Slot, clientId: string | undefined, mqttProperties: MqttProperties | undefined): void {
    const extraBytes = 2 * (clientId?.length ?? 0) + propertiesBytes(mqttProperties);
    this.bytes += extraBytes - slot.extraBytes;
    slot.extraBytes = extraBytes;
    slot.clientId = clientId;
    slot.mqttProperties = mqttProperties;
  }

  /** Moves what is kept into a buffer with longer or more pieces; most topics need few or all of their places. */
  #resize(stride: number, places: number): void {
    const old = this.#buffer;
    const oldStride = this.#stride;
    const pieces = places <= 1 ? places : places <= FEW_PLACES ? FEW_PLACES : this.#most;
    // Not from the pool, where a small buffer that is kept would keep a whole slab.
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(Math.max(pieces, this.#count), this.#most) * stride);
    this.#stride = stride;
    this.bytes += this.#buffer.length - old.length;
    for (let at = 0; at < this.#count; at += 1) {
      const start = at * oldStride;
      old.copy(this.#buffer, at * stride, start, start + this.#slots[at]!.length);
    }
  }

  #addSlot(): Slot {
    const slot: Slot = {
      length: 0,
      payloadBytes: 0,
      receivedMillis: 0,
      clientId: undefined,
      sourceIp: undefined,
      mqttProperties: undefined,
      hops: undefined,
      refusal: undefined,
      extraBytes: 0,
    };
    this.#slots.push(slot);
    this.bytes += SLOT_BYTES;
    return slot;
  }
}

const EMPTY = Buffer.alloc(0);
const FEW_PLACES = 4;
/** About what V8 takes for the objects of one topic with its buffer, and of one place. */
const TOPIC_BYTES = 500;
const SLOT_BYTES = 120;
/** A larger buffer is not handed on to the next topic. */
const MOST_BYTES_HANDED_ON = 16 * 1024;

function rounded(length: number): number {
  return Math.ceil(length / 64) * 64;
}

/** Correlation data is a part of what was read from the socket, and would keep the whole of it in memory. */
function copyProperties({ correlationData, ...rest }: MqttProperties): MqttProperties {
  return correlationData === undefined ? rest : { ...rest, correlationData: Buffer.from(correlationData) };
}

function propertiesBytes(properties: MqttProperties | undefined): number {
  if (properties === undefined) return 0;
  const { contentType = '', responseTopic = '', correlationData, userProperties = [] } = properties;
  const pairs = userProperties.reduce(
    (sum, [key, value]) => sum + PAIR_BYTES + 2 * (key.length + value.length),
    0,
  );
  return (
    PROPERTIES_BYTES +
    2 * (contentType.length + responseTopic.length) +
    (correlationData?.length ?? 0) +
    pairs
  );
}

const PROPERTIES_BYTES = 100;
const PAIR_BYTES = 60;
