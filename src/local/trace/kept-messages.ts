import type { PublishedMessage } from '../iot-core/mqtt-broker.ts';
import { KeptTopic } from './kept-topic.ts';

/** A message as it came in, kept for a while. */
export interface KeptMessage extends Omit<PublishedMessage, 'qos'> {
  readonly receivedMillis: number;
  /** A copy of the payload; empty when only its size is kept. */
  readonly payload: Buffer;
  /** How large the payload was. */
  readonly payloadBytes: number;
  /** Why the broker refused it; undefined for an accepted message. */
  readonly refusal: string | undefined;
}

/** A publish that the broker did not take. */
export interface RefusedMessage {
  readonly topic: string;
  readonly clientId: string | undefined;
  readonly payloadBytes: number;
  readonly reason: string;
}

/** How much is kept at most. */
export interface KeptMessagesLimits {
  readonly messagesPerTopic: number;
  readonly topics: number;
  /** Payloads, names and what the structures cost, in all; more than the messages of one topic can need. */
  readonly bytes: number;
}

export const KEPT_MESSAGES_LIMITS: KeptMessagesLimits = {
  messagesPerTopic: 10,
  topics: 20_000,
  bytes: 32 * 1024 * 1024,
};

/** Refused messages are kept apart, so that whoever may not publish cannot push out what others published. */
export const REFUSED_MESSAGES_LIMITS: KeptMessagesLimits = {
  messagesPerTopic: 5,
  topics: 1000,
  bytes: 1024 * 1024,
};

/**
 * The last messages of each topic, in memory. Keeping one is a look-up, a copy into a buffer that is used again, and a
 * few pointers; whatever there is to find out about a message is found out when somebody asks. When a limit is
 * reached, the topics that were used least recently are forgotten whole.
 */
export class KeptMessages {
  readonly limits: KeptMessagesLimits;
  readonly #topics = new Map<string, KeptTopic>();
  /** Neighbours of the ends of the list of topics by use. */
  readonly #ends = new KeptTopic(0);
  #bytes = 0;

  constructor(limits: KeptMessagesLimits = KEPT_MESSAGES_LIMITS) {
    this.limits = limits;
    this.#ends.newer = this.#ends;
    this.#ends.older = this.#ends;
  }

  /** Keeps a message. The payload is copied. */
  keep(message: Omit<PublishedMessage, 'qos'>, receivedMillis: number): void {
    const kept = this.#use(message.topic);
    this.#bytes += kept.write(message, receivedMillis, message.payload.length, undefined);
    this.#forgetBeyondLimits();
  }

  /** Keeps that a message was refused, and why; of its payload only the size. */
  keepRefusal({ topic, clientId, payloadBytes, reason }: RefusedMessage, receivedMillis: number): void {
    const kept = this.#use(bounded(topic));
    const message = { payload: NO_BYTES, clientId: clientId === undefined ? undefined : bounded(clientId) };
    this.#bytes += kept.write(message, receivedMillis, payloadBytes, reason);
    this.#forgetBeyondLimits();
  }

  /** The messages of a topic, newest first. */
  messagesOf(topic: string): KeptMessage[] {
    return this.#topics.get(topic)?.messages() ?? [];
  }

  /** The topics, most recently used first. */
  *topics(): Generator<string> {
    for (let kept = this.#ends.older!; kept !== this.#ends; kept = kept.older!) yield kept.topic;
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  /** What everything kept costs, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The ring of a topic, now the most recently used one. */
  #use(topic: string): KeptTopic {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      if (this.#ends.older !== known) {
        unlink(known);
        this.#link(known);
      }
      return known;
    }
    const kept = this.#isFull ? this.#takeOldest() : this.#create();
    this.#bytes += kept.begin(topic);
    this.#topics.set(topic, kept);
    this.#link(kept);
    return kept;
  }

  /** A new topic then takes over what the oldest one has, instead of making that garbage. */
  get #isFull(): boolean {
    const { topics, bytes } = this.limits;
    const oldest = this.#ends.newer!;
    return this.#topics.size > 0 && (this.#topics.size >= topics || this.#bytes + oldest.bytes > bytes);
  }

  #create(): KeptTopic {
    const kept = new KeptTopic(this.limits.messagesPerTopic);
    this.#bytes += kept.bytes;
    return kept;
  }

  #forgetBeyondLimits(): void {
    while (this.#bytes > this.limits.bytes) this.#bytes -= this.#takeOldest().bytes;
  }

  #takeOldest(): KeptTopic {
    const oldest = this.#ends.newer!;
    unlink(oldest);
    this.#topics.delete(oldest.topic);
    return oldest;
  }

  #link(kept: KeptTopic): void {
    const newest = this.#ends.older!;
    kept.older = newest;
    kept.newer = this.#ends;
    newest.newer = kept;
    this.#ends.older = kept;
  }
}

const NO_BYTES = Buffer.alloc(0);
/** Topics and client ids within the service's limits are shorter. */
const MAX_NAME_CHARACTERS = 300;

/** A copy: a part of a text would keep the whole of it in memory. */
function bounded(name: string): string {
  return name.length <= MAX_NAME_CHARACTERS
    ? name
    : `${Buffer.from(name.slice(0, MAX_NAME_CHARACTERS)).toString()}…`;
}

function unlink(kept: KeptTopic): void {
  kept.older!.newer = kept.newer;
  kept.newer!.older = kept.older;
}
