import type { Properties } from '../../../stack/template.ts';
import { type Deliver, DeliveryError } from './rule-action.ts';
import type { RepublishHeaders, RuleActionTargets } from './rule-action-targets.ts';

/** A message that has been republished so often goes in a circle; AWS leaves that to whoever writes the rules. */
export const MAX_HOPS = 10;

const MAX_EXPIRY_SECONDS = 604_800;

/** Republish (AWS IoT developer guide, republish-rule-action): to the subscribers and through the rules again. */
export function createRepublishDelivery({ republish }: Pick<RuleActionTargets, 'republish'>): Deliver {
  return async ({ members, output, source }) => {
    const hops = source.hops + 1;
    if (hops > MAX_HOPS)
      throw new DeliveryError(
        'republish loop',
        `The message was republished ${MAX_HOPS} times already: the rules send it in a circle`,
      );
    await republish({
      topic: String(members.Topic).replaceAll('$$', () => '$'),
      payload: Buffer.from(output as string),
      qos: Number(members.Qos ?? 0) === 1 ? 1 : 0,
      hops,
      headers: members.Headers ? headersOf(members.Headers as Properties) : undefined,
    });
  };
}

function headersOf(headers: Properties): RepublishHeaders {
  const {
    PayloadFormatIndicator,
    ContentType,
    ResponseTopic,
    CorrelationData,
    MessageExpiry,
    UserProperties,
  } = headers;
  return {
    ...(isGiven(PayloadFormatIndicator) && { isUtf8: PayloadFormatIndicator === 'UTF8_DATA' }),
    ...(isGiven(ContentType) && { contentType: String(ContentType) }),
    ...(isGiven(ResponseTopic) && { responseTopic: String(ResponseTopic) }),
    ...(isGiven(CorrelationData) && { correlationData: bytesOf(String(CorrelationData)) }),
    ...(isGiven(MessageExpiry) && { messageExpirySeconds: secondsOf(String(MessageExpiry)) }),
    ...(isGiven(UserProperties) && {
      userProperties: (UserProperties as readonly Properties[]).map(
        ({ Key, Value }) => [String(Key), String(Value)] as const,
      ),
    }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Correlation data stands in base64 in a rule (AWS IoT API reference, MqttHeaders). */
function bytesOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
    throw new DeliveryError('CorrelationData is not base64', `CorrelationData '${base64}' is not base64`);
  return bytes;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRY_SECONDS)
    throw new DeliveryError(
      'MessageExpiry out of range',
      `MessageExpiry is '${text}', expected whole seconds from 1 to ${MAX_EXPIRY_SECONDS}`,
    );
  return seconds;
}
