import type { MqttProperties } from '../../iot-sql/index.ts';
import type { PublishedMessage } from '../iot-core/mqtt-broker.ts';
import type { KeptMessage } from './kept-messages.ts';

/** What is kept of a message besides its topic, which its topic's ring has once. */
type Message = Omit<PublishedMessage, 'qos' | 'topic'>;

/** One place of the ring: a buffer that is used again and again, and what it holds now. */
interface Slot {
  buffer: Buffer;
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

/** The last messages of one topic: a ring that grows to its limit. It is also a member of a list of topics by use. */
export class KeptTopic {
  readonly topic: string;
  newer: KeptTopic | undefined;
  older: KeptTopic | undefined;
  /** What this topic costs, in bytes. */
  bytes: number;
  readonly #most: number;
  readonly #slots: Slot[] = [];
  #next = 0;

  constructor(topic: string, mostMessages: number) {
    this.topic = topic;
    this.#most = mostMessages;
    this.bytes = TOPIC_BYTES + 2 * topic.length;
  }

  /** Keeps a message in the place of the oldest. Returns by how much the cost grew. */
  write(message: Message, receivedMillis: number, payloadBytes: number, refusal: string | undefined): number {
    const before = this.bytes;
    const slot = this.#slots[this.#next] ?? this.#addSlot();
    this.#next = (this.#next + 1) % this.#most;
    this.#copy(message.payload, slot);
    slot.payloadBytes = payloadBytes;
    slot.receivedMillis = receivedMillis;
    slot.refusal = refusal;
    slot.clientId = message.clientId;
    slot.sourceIp = message.sourceIp;
    slot.hops = message.hops;
    slot.mqttProperties = message.mqttProperties && copyProperties(message.mqttProperties);
    const extraBytes = 2 * (message.clientId?.length ?? 0) + propertiesBytes(slot.mqttProperties);
    this.bytes += extraBytes - slot.extraBytes;
    slot.extraBytes = extraBytes;
    return this.bytes - before;
  }

  /** Newest first. The payloads are copies: the ring may go on. */
  messages(): KeptMessage[] {
    const count = this.#slots.length;
    return Array.from({ length: count }, (_, back) => {
      const slot = this.#slots[(this.#next - 1 - back + 2 * count) % count]!;
      const { buffer, length, extraBytes: _extraBytes, ...rest } = slot;
      return { topic: this.topic, ...rest, payload: Buffer.from(buffer.subarray(0, length)) };
    });
  }

  #copy(payload: Buffer, slot: Slot): void {
    if (!fits(payload.length, slot.buffer.length)) {
      this.bytes -= slot.buffer.length;
      // Not from the pool, where a small payload that is kept would keep a whole slab.
      slot.buffer = Buffer.allocUnsafeSlow(Math.ceil(payload.length / ROUND_BYTES) * ROUND_BYTES);
      this.bytes += slot.buffer.length;
    }
    payload.copy(slot.buffer);
    slot.length = payload.length;
  }

  #addSlot(): Slot {
    const slot: Slot = {
      buffer: EMPTY,
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
const ROUND_BYTES = 64;
/** About what V8 takes for the objects of one topic, and of one place with its buffer. */
const TOPIC_BYTES = 200;
const SLOT_BYTES = 300;

/** A buffer that once held something large is not kept for something small. */
function fits(length: number, capacity: number): boolean {
  return length <= capacity && capacity <= Math.max(4 * length, 4 * ROUND_BYTES);
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
