import { didYouMean } from '../../sql/index.ts';
import { callDynamodb, DynamodbError } from '../dynamodb/dynamodb-call.ts';
import { ObjectFinder } from './object-finder.ts';
import { printTime } from './print-time.ts';
import { lastLevel, selectMessages } from './select-messages.ts';
import { TimeSlice } from './time-slice.ts';
import { traceMessage } from './trace-message.ts';
import type { TraceQuery } from './trace-query.ts';
import type { TraceContext, TraceSources } from './trace-sources.ts';
import type { MessageTrace } from './trace-step.ts';

/** The answer to a question where messages went. */
export interface TraceReport {
  readonly nowMillis: number;
  /** Newest first. */
  readonly messages: readonly MessageTrace[];
  /** Why there is none. */
  readonly message?: string;
}

/** So many questions may wait for their turn. */
const MAX_WAITING = 8;

/** Answers where messages went, one question at a time and in small pieces, so that ingestion does not wait for it. */
export class MessageTracer {
  readonly #sources: TraceSources;
  readonly #startedMillis: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(sources: TraceSources) {
    this.#sources = sources;
    this.#startedMillis = sources.nowMillis();
  }

  /** @returns undefined when too many questions wait already */
  async trace(query: TraceQuery): Promise<TraceReport | undefined> {
    if (this.#waiting >= MAX_WAITING) return undefined;
    this.#waiting += 1;
    const answer = this.#last
      .then(() => this.#answer(query))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #answer(query: TraceQuery): Promise<TraceReport> {
    const lag = this.#sources.lag();
    const context: TraceContext = {
      ...this.#sources,
      lag: () => lag,
      slice: new TimeSlice(),
      objects: new ObjectFinder(this.#sources.buckets),
      claimed: new Set(),
      ...(query.by === 'sensor' && { only: { sensorId: query.value } }),
      ...(query.by === 'event' && { only: { eventId: query.value } }),
    };
    const found = await selectMessages(query, context);
    const messages: MessageTrace[] = [];
    // The oldest first: of equal messages the first has the first record.
    for (const kept of found.reverse()) messages.push(await traceMessage(kept, context));
    const nowMillis = this.#sources.nowMillis();
    if (messages.length > 0) return { nowMillis, messages: messages.reverse() };
    return { nowMillis, messages, message: await this.#whyNone(query) };
  }

  async #whyNone({ by, value }: TraceQuery): Promise<string> {
    const { kept } = this.#sources;
    const subject = `${by} '${value}'`;
    const since = `messages are kept since ${printTime(this.#startedMillis)}, at most ${kept.limits.messagesPerTopic} of each topic`;
    if (by === 'sensor') {
      const stored = await this.#latestMillis(value);
      if (stored !== undefined)
        return `No message of ${subject} is kept any more: its newest stored reading is of ${printTime(stored)}; ${since}`;
    }
    const known = [...kept.topics()];
    const names = by === 'topic' ? known : by === 'sensor' ? new Set(known.map(lastLevel)) : [];
    return `No message of ${subject} is known${didYouMean(value, names) || `; ${since}`}`;
  }

  /** When the sensor's latest stored reading was measured. */
  async #latestMillis(sensorId: string): Promise<number | undefined> {
    const { stack, dynamodbUrl } = this.#sources;
    const TableName = stack.functions.find(({ environment }) => environment.LATEST_TABLE)?.environment
      .LATEST_TABLE;
    if (TableName === undefined) return undefined;
    try {
      const answer = await callDynamodb(dynamodbUrl, 'GetItem', {
        TableName,
        Key: { sensor_id: { S: sensorId } },
      });
      const time = (answer as { Item?: { time_millis?: { N?: string } } }).Item?.time_millis?.N;
      return time === undefined ? undefined : Number(time);
    } catch (error) {
      if (error instanceof DynamodbError) return undefined;
      throw error;
    }
  }
}
