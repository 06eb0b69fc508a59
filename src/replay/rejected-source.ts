import { decodeReading } from '../telemetry/decode-reading.ts';
import { decodeUpload } from '../telemetry/decode-upload.ts';
import { accept } from '../telemetry/rejection.ts';
import { type FoundMessage, foundPublish, foundRecord, readingOnTopic } from './found-message.ts';
import { parseObjectLine } from './parse-object-line.ts';
import type { ReplayContext, ReplaySource } from './replay-source.ts';

const DAY_MILLIS = 86_400_000;
const KEY_DAY = /^rejected\/date=(\d{4}-\d{2}-\d{2})\//;
/** What a function says of a record: the stream's ARN and the sequence number. */
const STREAM_SOURCE = /^arn:[^:]*:kinesis:[^:]*:[^:]*:stream\/(\S+) \d+$/;
const QUEUE_SOURCE = /^arn:[^:]*:sqs:/;
const ELEMENT = / readings\[\d+\]$/;

/** One line that a function wrote when it refused a message: see src/stores/rejected-bucket.ts. */
interface RejectedLine {
  readonly source?: unknown;
  readonly receivedMillis?: unknown;
  readonly base64?: unknown;
  readonly reason?: unknown;
}

/** `rejected/date=2026-11-21/<function>/…`: what functions refused, with its bytes, one a line. */
export const rejectedSource = sourceOf(() => true);

/** In the same place, only the records that came after their window was final: they are stored, but not counted. */
export const lateSource = sourceOf(({ reason }) => reason === 'late');

function sourceOf(isWanted: (line: RejectedLine) => boolean): ReplaySource {
  return {
    bucket: 'archive',
    prefixes: ['rejected/'],
    timeMeans: 'arrival',
    startAfter: ({ fromMillis }) => `rejected/date=${new Date(fromMillis).toISOString().slice(0, 10)}/`,
    mayHold: ({ key }, { fromMillis, toMillis }) => {
      const dayMillis = Date.parse(`${KEY_DAY.exec(key)?.[1]}T00:00:00Z`);
      return dayMillis < toMillis && dayMillis + DAY_MILLIS > fromMillis;
    },
    async *read(object, context) {
      for await (const text of object.lines()) {
        const line = parseObjectLine(text) as RejectedLine;
        if (isWanted(line)) yield* messagesOf(line, context);
      }
    },
  };
}

/** Rows of windows and of other streams are refused too; they are no readings. */
function messagesOf(line: RejectedLine, { streamName, nowMillis }: ReplayContext): FoundMessage[] {
  const { source, receivedMillis, base64 } = line;
  if (typeof source !== 'string' || typeof base64 !== 'string') return [];
  const bytes = Buffer.from(base64, 'base64');
  const more = { source, ...(typeof receivedMillis === 'number' && { timeMillis: receivedMillis }) };
  const stream = STREAM_SOURCE.exec(source)?.[1];
  if (stream !== undefined) return stream === streamName ? [foundRecord(bytes, nowMillis, more)] : [];
  if (QUEUE_SOURCE.test(source)) return uploaded(bytes, ELEMENT.test(source), nowMillis, more);
  if (!source.startsWith('weather/') && !source.startsWith('$aws/rules/')) return [];
  const topic = source.replace(ELEMENT, '');
  if (topic === source) return foundPublish(topic, bytes, nowMillis, more);
  return [{ decoded: readingOnTopic(topic, bytes, nowMillis), ...more }];
}

/** What was posted over HTTP: readings that carry their place themselves. */
function uploaded(
  bytes: Buffer,
  isElement: boolean,
  nowMillis: number,
  more: { source: string; timeMillis?: number },
): FoundMessage[] {
  if (isElement) return [{ decoded: decodeReading(bytes, nowMillis), ...more }];
  const upload = decodeUpload(bytes, nowMillis);
  if (!upload.ok) return [{ decoded: upload, ...more }];
  const { source, ...time } = more;
  return [
    ...upload.value.readings.map((reading) => ({ decoded: accept(reading), ...time })),
    ...upload.value.rejected.map(({ index, rejection }) => ({
      decoded: { ok: false as const, rejection },
      ...time,
      source: `${source} readings[${index}]`,
    })),
  ];
}
