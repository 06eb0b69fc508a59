import { ExternalCalls } from './external-calls.ts';
import { Frame } from './frame.ts';
import { MAX_ROWS_PER_MESSAGE } from './limits.ts';
import { Payload } from './payload.ts';
import { Topic } from './topic.ts';
import type { Value } from './value.ts';

/** One published message as a rule sees it. All but topic and payload may be missing, as they are over HTTP. */
export interface MessageInput {
  /** The topic as published, or one already split (see `TopicMatcher`). */
  readonly topic: string | Topic;
  readonly payload: Uint8Array;
  /** The MQTT client id; absent for a message that did not come over MQTT. */
  readonly clientId?: string | undefined;
  /** When the rules engine saw the message, milliseconds since the epoch; the moment of evaluation when absent. */
  readonly timestampMillis?: number | undefined;
  /** What `principal()` gives: certificate thumbprint, role session or user id. */
  readonly principal?: string | undefined;
  /** What `traceid()` gives. */
  readonly traceId?: string | undefined;
  /** What `accountid()` gives. */
  readonly accountId?: string | undefined;
  /** What `sourceip()` gives. */
  readonly sourceIp?: string | undefined;
  /** MQTT 5 properties of the publish. */
  readonly mqttProperties?: MqttProperties | undefined;
}

/** MQTT 5 properties that `get_mqtt_property` and `get_user_properties` read. */
export interface MqttProperties {
  readonly contentType?: string | undefined;
  readonly payloadFormatIndicator?: boolean | undefined;
  readonly responseTopic?: string | undefined;
  readonly correlationData?: Uint8Array | undefined;
  /** Key and value in the order they were sent; a key may repeat. */
  readonly userProperties?: readonly (readonly [string, string])[] | undefined;
}

/**
 * A message whose payload is parsed at most once and whose topic is split at most once, so that many rules can look at
 * it cheaply.
 */
export class RuleMessage {
  readonly topic: Topic;
  readonly input: MessageInput;
  readonly #payload: Payload;
  #timestampMillis: number | undefined;
  #externalCalls: ExternalCalls | undefined;
  #frame: Frame | undefined;
  #rows = 0;

  constructor(input: MessageInput) {
    this.input = input;
    this.topic = typeof input.topic === 'string' ? new Topic(input.topic) : input.topic;
    this.#payload = new Payload(input.payload);
    this.#timestampMillis = input.timestampMillis;
  }

  /** The payload's bytes as published. */
  get payload(): Uint8Array {
    return this.#payload.bytes;
  }

  /** The payload's bytes in base64. */
  get payloadBase64(): string {
    const { buffer, byteOffset, byteLength } = this.#payload.bytes;
    return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  }

  /** The parsed payload; undefined when it is not JSON. */
  get json(): Value {
    return this.#payload.json;
  }

  /** The parsed payload with whole Decimals such as `10.0` kept apart from Ints, for version 2015-10-08. */
  get jsonWithDecimals(): Value {
    return this.#payload.jsonWithDecimals;
  }

  /** The frame that rules of version 2016-03-23 without SET run on; one serves all of them. */
  get frame(): Frame {
    return this.#frame ?? this.#createFrame();
  }

  /** The same in the parser's words, which may quote the payload: for people, not for counting. */
  get payloadProblemDetail(): string | undefined {
    return this.#payload.problemDetail;
  }

  /** Why the payload is not JSON that rules can look into, as one of a few fixed phrases; undefined when it is. */
  get payloadProblem(): string | undefined {
    return this.#payload.problem;
  }

  /** The payload's text if it is an object and serialising it again would give the very same text. */
  get canonicalText(): string | undefined {
    return this.#payload.canonicalText;
  }

  /** The names of the parsed payload's attributes. */
  get keys(): readonly string[] {
    return this.#payload.keys;
  }

  /** Counts rows that nested SELECT and IN look at; false when the message has used up its share. */
  takeRows(count: number): boolean {
    this.#rows += count;
    return this.#rows <= MAX_ROWS_PER_MESSAGE;
  }

  /** The calls to other services made for this message. */
  get externalCalls(): ExternalCalls {
    this.#externalCalls ??= new ExternalCalls();
    return this.#externalCalls;
  }

  /** When the rules engine saw the message, milliseconds since the epoch; the same for every rule. */
  get timestampMillis(): number {
    this.#timestampMillis ??= Date.now();
    return this.#timestampMillis;
  }

  #createFrame(): Frame {
    this.#frame = new Frame(this, this.#payload.json, undefined, []);
    return this.#frame;
  }
}

/** Makes a message that several rules can share. */
export function createMessage(input: MessageInput): RuleMessage {
  return new RuleMessage(input);
}
