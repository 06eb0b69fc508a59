import type { PublishPacket } from 'aedes';
import type { MqttProperties } from '../../iot-sql/index.ts';
import type { RepublishHeaders } from './rule-actions/rule-action-targets.ts';

type PacketProperties = NonNullable<PublishPacket['properties']>;

/** A user property that repeats comes from the broker as a list. */
export function mqttPropertiesOf(properties: PacketProperties): MqttProperties {
  const { contentType, payloadFormatIndicator, responseTopic, correlationData, userProperties } = properties;
  const pairs = Object.entries(userProperties ?? {}).flatMap(([key, value]) =>
    [value].flat().map((each) => [key, each] as const),
  );
  return {
    contentType,
    payloadFormatIndicator,
    responseTopic,
    correlationData,
    userProperties: userProperties && pairs,
  };
}

/** What a publish with the headers of a Republish action carries. */
export function packetPropertiesOf({
  isUtf8,
  messageExpirySeconds,
  userProperties = [],
  ...rest
}: RepublishHeaders): PacketProperties {
  const byKey = new Map<string, string[]>();
  for (const [key, value] of userProperties) byKey.set(key, [...(byKey.get(key) ?? []), value]);
  return {
    ...rest,
    ...(isUtf8 !== undefined && { payloadFormatIndicator: isUtf8 }),
    ...(messageExpirySeconds !== undefined && { messageExpiryInterval: messageExpirySeconds }),
    ...(byKey.size > 0 && { userProperties: Object.fromEntries(byKey) }),
  };
}
