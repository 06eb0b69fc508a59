import { randomUUID } from 'node:crypto';
import type { MessageInput, MqttProperties, Topic } from '../../iot-sql/index.ts';

/** What the rules engine is told of a message. */
export interface Arrival {
  readonly topic: string | Topic;
  readonly payload: Uint8Array;
  /** Absent for a message that did not come over MQTT. */
  readonly clientId?: string | undefined;
  readonly timestampMillis: number;
  readonly accountId?: string | undefined;
  readonly sourceIp?: string | undefined;
  /** Id of the certificate that the client connected with. */
  readonly principal?: string | undefined;
  readonly mqttProperties?: MqttProperties | undefined;
  /** How often Republish actions have handed it on. */
  readonly hops?: number | undefined;
}

/** A message at the rules engine, with all that rule functions may ask of it; it can be kept and read again. */
export class ArrivedMessage implements MessageInput {
  readonly topic: string | Topic;
  readonly payload: Uint8Array;
  readonly clientId: string | undefined;
  readonly timestampMillis: number;
  readonly accountId: string | undefined;
  readonly sourceIp: string | undefined;
  readonly principal: string | undefined;
  readonly mqttProperties: MqttProperties | undefined;
  readonly hops: number;
  #traceId: string | undefined;

  constructor(arrival: Arrival, traceId?: string) {
    this.topic = arrival.topic;
    this.payload = arrival.payload;
    this.clientId = arrival.clientId;
    this.timestampMillis = arrival.timestampMillis;
    this.accountId = arrival.accountId;
    this.sourceIp = arrival.sourceIp;
    this.principal = arrival.principal;
    this.mqttProperties = arrival.mqttProperties;
    this.hops = arrival.hops ?? 0;
    this.#traceId = traceId;
  }

  /** The same for every rule, action and error action on this message; made when it is first asked for. */
  get traceId(): string {
    this.#traceId ??= randomUUID();
    return this.#traceId;
  }

  /** The topic as it was published. */
  get publishedTopic(): string {
    return typeof this.topic === 'string' ? this.topic : this.topic.published;
  }
}

/** An {@link ArrivedMessage} as JSON. */
export interface KeptMessage {
  readonly topic: string;
  readonly payloadBase64: string;
  readonly traceId: string;
  readonly timestampMillis: number;
  readonly clientId?: string;
  readonly accountId?: string;
  readonly sourceIp?: string;
  readonly principal?: string;
  readonly hops?: number;
  readonly mqttProperties?: Omit<MqttProperties, 'correlationData'> & { readonly correlationBase64?: string };
}

/** The message as data that `JSON.stringify` takes. */
export function encodeMessage(message: ArrivedMessage): KeptMessage {
  const {
    clientId,
    accountId,
    sourceIp,
    principal,
    hops,
    mqttProperties,
    timestampMillis,
    traceId,
    payload,
  } = message;
  return {
    topic: message.publishedTopic,
    payloadBase64: bufferOf(payload).toString('base64'),
    traceId,
    timestampMillis,
    ...(clientId !== undefined && { clientId }),
    ...(accountId !== undefined && { accountId }),
    ...(sourceIp !== undefined && { sourceIp }),
    ...(principal !== undefined && { principal }),
    ...(hops > 0 && { hops }),
    ...(mqttProperties && { mqttProperties: encodeProperties(mqttProperties) }),
  };
}

/** The message that `encodeMessage` was given. */
export function decodeMessage({
  payloadBase64,
  traceId,
  mqttProperties,
  ...rest
}: KeptMessage): ArrivedMessage {
  const properties = mqttProperties && decodeProperties(mqttProperties);
  const payload = Buffer.from(payloadBase64, 'base64');
  return new ArrivedMessage({ ...rest, payload, mqttProperties: properties }, traceId);
}

function encodeProperties({
  correlationData,
  ...rest
}: MqttProperties): NonNullable<KeptMessage['mqttProperties']> {
  return {
    ...rest,
    ...(correlationData && { correlationBase64: bufferOf(correlationData).toString('base64') }),
  };
}

function decodeProperties({
  correlationBase64,
  ...rest
}: NonNullable<KeptMessage['mqttProperties']>): MqttProperties {
  return {
    ...rest,
    ...(correlationBase64 !== undefined && { correlationData: Buffer.from(correlationBase64, 'base64') }),
  };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
