import { createMessage, matchesTopicFilter, Topic } from '../../iot-sql/index.ts';
import { decodeBatch } from '../../telemetry/decode-batch.ts';
import { decodeReading } from '../../telemetry/decode-reading.ts';
import { eventId } from '../../telemetry/event-id.ts';
import { parseWeatherTopic } from '../../telemetry/topic.ts';
import { isExternalRule } from '../../topic-rules/compile-topic-rule.ts';
import type { KeptMessage } from './kept-messages.ts';
import type { TraceQuery } from './trace-query.ts';
import type { TraceContext } from './trace-sources.ts';

/** The kept messages that a question is about, newest first, at most as many as it wants. */
export async function selectMessages(query: TraceQuery, context: TraceContext): Promise<KeptMessage[]> {
  const isWanted = compileSelection(query, context);
  const found: KeptMessage[] = [];
  for (const messages of [context.kept, context.refused]) {
    let topics = 0;
    for (const topic of [...messages.topics()]) {
      if (!isWanted.topic(topic)) continue;
      // Before each further topic stands the newest message of every topic looked at.
      if (query.by === 'topic' && ++topics > query.limit) break;
      for (const kept of messages.messagesOf(topic)) {
        if (isWanted.message(kept)) found.push(kept);
        await context.slice.pause();
      }
    }
  }
  return found.sort((a, b) => b.receivedMillis - a.receivedMillis).slice(0, query.limit);
}

interface Selection {
  topic(topic: string): boolean;
  message(kept: KeptMessage): boolean;
}

function compileSelection({ by, value }: TraceQuery, context: TraceContext): Selection {
  if (by === 'topic')
    return {
      topic: (topic) => topic === value || matchesTopicFilter(value, new Topic(topic).name),
      message: () => true,
    };
  if (by === 'sensor')
    return {
      topic: (topic) => lastLevel(topic) === value || isBatch(topic),
      message: (kept) => !isBatch(kept.topic) || holdsSensor(kept, value),
    };
  return {
    topic: () => true,
    message: (kept) => kept.refusal === undefined && isEvent(kept, value, context),
  };
}

/** In the topics of readings the sensor is the last level. */
export function lastLevel(topic: string): string {
  return topic.slice(topic.lastIndexOf('/') + 1);
}

function isBatch(topic: string): boolean {
  return topic.endsWith('/batch') && parseWeatherTopic(topic)?.kind === 'batch';
}

function holdsSensor({ topic, payload, receivedMillis }: KeptMessage, sensorId: string): boolean {
  const batch = decodeBatch(payload, new Topic(topic).name, receivedMillis);
  if (!batch.ok) return false;
  const { readings, rejected } = batch.value;
  return (
    readings.some((reading) => reading.sensor_id === sensorId) ||
    rejected.some(({ bytes }) => Buffer.from(bytes).includes(JSON.stringify(sensorId)))
  );
}

/** An identity made of device, boot and sequence names a part of the payload, which is looked for first. */
function isEvent(kept: KeptMessage, wanted: string, { rules }: TraceContext): boolean {
  const { topic, payload, clientId, receivedMillis } = kept;
  if (isBatch(topic)) {
    const batch = decodeBatch(payload, new Topic(topic).name, receivedMillis);
    return batch.ok && batch.value.readings.some((reading) => eventId(reading) === wanted);
  }
  const [, bootId = '', sequence] = wanted.split('/');
  if (sequence !== undefined && /^\w+$/.test(bootId) && !payload.includes(bootId)) return false;
  const message = createMessage({ topic, payload, clientId, timestampMillis: receivedMillis });
  return rules.some((compiled) => {
    if (isExternalRule(compiled) || !compiled.rule.matches(message.topic)) return false;
    const output = compiled.rule.evaluateText(message);
    if (output === undefined) return false;
    const reading = decodeReading(Buffer.from(output as string), receivedMillis);
    return reading.ok && eventId(reading.value) === wanted;
  });
}
