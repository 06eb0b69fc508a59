import type { IotSqlVersion, JsonValue } from '../iot-sql/index.ts';

/**
 * One test of a rule: a message, and what the rule must make of it. The form is that of AWS's validation tool for AWS IoT
 * rules (`sqlVersion`, `topic`, `inputPayload`, `inputSql`, `expectedOutput`); the rest is ours.
 */
export interface RuleCase {
  /** What the case is about, for people. */
  readonly name?: string;
  /** Defaults to 2016-03-23. */
  readonly sqlVersion?: IotSqlVersion;
  readonly topic: string;
  /** A text is published as it is, anything else as JSON. */
  readonly inputPayload?: JsonValue;
  /** For payloads that are no text, instead of `inputPayload`. */
  readonly inputPayloadBase64?: string;
  readonly inputPayloadHex?: string;
  /** Replaces the rule's own SQL. */
  readonly inputSql?: string;
  /**
   * A text is the whole output, exactly; anything else is compared as JSON. `{"$no_fire": true}` means that the rule does
   * not fire, `{"$base64": "…"}` are the bytes it passes on, `{"$pattern": "…"}` anywhere is a text that varies.
   */
  readonly expectedOutput: JsonValue;
  /** With `$no_fire`: what the reason must contain. */
  readonly expectedReason?: string;
  readonly clientId?: string;
  /** When the rules engine sees the message, milliseconds since the epoch; now when absent. */
  readonly timestampMillis?: number;
  readonly principal?: string;
  readonly traceId?: string;
  readonly accountId?: string;
  readonly sourceIp?: string;
  readonly mqttProperties?: CaseMqttProperties;
  /** What functions that reach other services answer. */
  readonly externals?: readonly ExternalAnswer[];
}

/** The answer of one call, for example of `aws_lambda`. */
export interface ExternalAnswer {
  /** The function's name in SQL. */
  readonly function: string;
  /** The arguments in the order of the SQL; any when absent. */
  readonly arguments?: readonly JsonValue[];
  readonly result: JsonValue;
}

/** MQTT 5 properties of the publish. */
export interface CaseMqttProperties {
  readonly contentType?: string;
  readonly payloadFormatIndicator?: boolean;
  readonly responseTopic?: string;
  readonly correlationDataBase64?: string;
  /** Pairs of key and value; a key may repeat. */
  readonly userProperties?: readonly (readonly [string, string])[];
}

/** Does the case say that the rule must not fire? */
export function expectsNoFire({ expectedOutput }: Pick<RuleCase, 'expectedOutput'>): boolean {
  return markerOf(expectedOutput, '$no_fire') === true;
}

/** The bytes of an expected `{"$base64": "…"}`; undefined for every other value. */
export function expectedBase64({ expectedOutput }: RuleCase): string | undefined {
  const base64 = markerOf(expectedOutput, '$base64');
  return typeof base64 === 'string' ? base64 : undefined;
}

/** The value of an object's only key, if that is its name. */
function markerOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const [entry, ...others] = Object.entries(value);
  return entry?.[0] === name && others.length === 0 ? entry[1] : undefined;
}
