import type { Evaluate } from '../frame.ts';
import type { MessageInput, MqttProperties } from '../message.ts';
import { toDouble } from '../number.ts';
import type { Value } from '../value.ts';
import type { CallSite, FunctionSpec, FunctionTable } from './function-spec.ts';

/** A fact about the message that takes no argument. */
function fact(read: (input: MessageInput) => Value, since?: '2016-03-23'): FunctionSpec {
  const compile = (): Evaluate => (frame) => read(frame.message.input);
  return { minArguments: 0, maxArguments: 0, compile, ...(since && { since }) };
}

/** `topic()` is the whole topic, `topic(n)` its level n counted from 1; a level it does not have is Undefined. */
function compileTopic(call: CallSite): Evaluate {
  const [argument] = call.arguments;
  if (argument === undefined) return ({ message }) => message.topic.name;
  const node = call.nodes[0];
  if (node?.kind === 'literal' && typeof node.value === 'number') {
    const level = Math.floor(node.value);
    return ({ message }) => message.topic.level(level);
  }
  return (frame) => {
    const level = toDouble(argument(frame));
    return level === undefined ? undefined : frame.message.topic.level(Math.floor(level));
  };
}

const MQTT_PROPERTIES: Readonly<Record<string, (properties: MqttProperties) => Value>> = {
  content_type: (properties) => properties.contentType,
  format_indicator: ({ payloadFormatIndicator }) =>
    payloadFormatIndicator === undefined
      ? undefined
      : payloadFormatIndicator
        ? 'UTF8_DATA'
        : 'UNSPECIFIED_BYTES',
  response_topic: (properties) => properties.responseTopic,
  correlation_data: ({ correlationData }) =>
    correlationData === undefined ? undefined : Buffer.from(correlationData).toString('base64'),
};

function compileMqttProperty(call: CallSite): Evaluate {
  const [name] = call.arguments;
  return (frame) => {
    const key = name!(frame);
    const properties = frame.message.input.mqttProperties;
    if (typeof key !== 'string' || properties === undefined || !Object.hasOwn(MQTT_PROPERTIES, key))
      return undefined;
    return MQTT_PROPERTIES[key]!(properties);
  };
}

/** With a key the values sent under it, without one every pair as an object of its own, in order. */
function compileUserProperties(call: CallSite): Evaluate {
  const [name] = call.arguments;
  return (frame) => {
    const pairs = frame.message.input.mqttProperties?.userProperties;
    if (pairs === undefined) return undefined;
    if (name === undefined) return pairs.map((pair) => Object.fromEntries([pair]));
    const key = name(frame);
    const values = pairs.filter(([candidate]) => candidate === key).map(([, value]) => value);
    return values.length === 0 ? undefined : values;
  };
}

const uuid = () => globalThis.crypto.randomUUID();

/** Facts about the message and the rule (AWS IoT developer guide, iot-sql-functions). */
export const MESSAGE_FUNCTIONS: FunctionTable = {
  accountid: fact((input) => input.accountId),
  clientid: fact((input) => input.clientId ?? 'n/a'),
  get_mqtt_property: { minArguments: 1, maxArguments: 1, compile: compileMqttProperty },
  get_user_properties: { minArguments: 0, maxArguments: 1, compile: compileUserProperties },
  newuuid: { minArguments: 0, maxArguments: 0, compile: () => uuid },
  principal: fact((input) => input.principal),
  sourceip: fact((input) => input.sourceIp, '2016-03-23'),
  sql_version: { minArguments: 0, maxArguments: 0, compile: (call) => () => call.version },
  timestamp: { minArguments: 0, maxArguments: 0, compile: () => (frame) => frame.message.timestampMillis },
  topic: { minArguments: 0, maxArguments: 1, compile: compileTopic },
  traceid: fact((input) => input.traceId),
};
