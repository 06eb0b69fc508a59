import type { PublishPacket } from 'aedes';

export type PacketProperties = NonNullable<PublishPacket['properties']>;

/** A publish as it can be kept. */
export interface StoredPacket {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly properties?: PacketProperties | undefined;
  /** When the Message Expiry Interval of MQTT 5 has passed. */
  readonly expiresMillis?: number | undefined;
}

/** A {@link StoredPacket} as JSON. */
export interface KeptPacket {
  readonly topic: string;
  readonly payloadBase64: string;
  readonly qos: 0 | 1;
  readonly properties?: Omit<PacketProperties, 'correlationData'> & { readonly correlationBase64?: string };
  readonly expiresMillis?: number;
}

/** The packet that a client sent, with the moment when it expires. */
export function storedPacketOf(
  { topic, payload, qos, properties }: Pick<PublishPacket, 'topic' | 'payload' | 'qos' | 'properties'>,
  nowMillis: number,
): StoredPacket {
  const expirySeconds = properties?.messageExpiryInterval;
  return {
    topic,
    payload: payload as Buffer,
    qos: qos === 0 ? 0 : 1,
    properties,
    expiresMillis: expirySeconds === undefined ? undefined : nowMillis + expirySeconds * 1000,
  };
}

export function encodePacket({ topic, payload, qos, properties, expiresMillis }: StoredPacket): KeptPacket {
  const { correlationData, ...rest } = properties ?? {};
  return {
    topic,
    payloadBase64: payload.toString('base64'),
    qos,
    ...(properties && {
      properties: {
        ...rest,
        ...(correlationData && { correlationBase64: correlationData.toString('base64') }),
      },
    }),
    ...(expiresMillis !== undefined && { expiresMillis }),
  };
}

/** The packet that `encodePacket` was given. */
export function decodePacket({
  topic,
  payloadBase64,
  qos,
  properties,
  expiresMillis,
}: KeptPacket): StoredPacket {
  const { correlationBase64, ...rest } = properties ?? {};
  return {
    topic,
    payload: Buffer.from(payloadBase64, 'base64'),
    qos,
    properties: properties && {
      ...rest,
      ...(correlationBase64 !== undefined && { correlationData: Buffer.from(correlationBase64, 'base64') }),
    },
    expiresMillis,
  };
}
