import type { QueueResource } from '../../stack/stack.ts';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { CountingStage } from '../event-source-mapping/event-source-mapping.ts';
import type { StageLag } from '../http/statistics.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { KinesisStream, type StreamRecord } from '../log/kinesis-stream.ts';
import { indexOf } from '../log/sequence-number.ts';
import { type MessageState, MessageStates } from './message-states.ts';
import {
  createMessage,
  decodeMessage,
  encodeMessage,
  type NewMessage,
  type SqsMessage,
} from './sqs-message.ts';

/** A message handed out; it is hidden until it is deleted or its time is over. */
export interface ReceivedMessage extends SqsMessage {
  readonly receiptHandle: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  readonly firstReceiveMillis: number;
}

export interface ReceiveLimits {
  readonly maxMessages: number;
  /** Of the messages as they are kept; at least one is given. */
  readonly maxBytes?: number;
  /** The queue's own when not given. */
  readonly visibilityTimeoutSeconds?: number;
  /** The receiver ends with this process, and says `giveBack` where it fails: a receive that is cut in between does not count. */
  readonly isHere?: boolean;
}

export interface SqsQueueOptions {
  readonly resource: QueueResource;
  readonly log: DurableLog;
  /** The name of the stage in lag reports. */
  readonly stageName: string;
  /** Messages are counted when they are done with: in, and out when deleted, else dropped with the reason. */
  readonly stage: CountingStage;
  /** The queue that takes what was received too often. */
  readonly deadLetters?: SqsQueue;
  readonly nowMillis: () => number;
}

/**
 * A standard queue of SQS on the log: visibility timeout, receive counts, redrive to a dead-letter queue and retention
 * (Amazon SQS developer guide). What is sent is accepted once the log is durable; what is deleted, counted or redriven joins
 * one commit. After a restart nothing is hidden.
 */
export class SqsQueue {
  readonly resource: QueueResource;
  readonly #options: SqsQueueOptions;
  readonly #stream: KinesisStream;
  readonly #shardId: string;
  readonly #states: MessageStates;
  #isChanged = false;

  constructor(options: SqsQueueOptions) {
    const { resource, log, nowMillis } = options;
    const key = `sqs/${resource.name}`;
    this.resource = resource;
    this.#options = options;
    this.#stream = KinesisStream.open(log, {
      name: `$sqs/${resource.name}`,
      shardCount: 1,
      retentionHours: 0,
      nowMillis,
    });
    this.#shardId = this.#stream.shardIds[0]!;
    const kept = log.readState(key);
    this.#states = new MessageStates(kept);
    if (kept === undefined) options.stage.begin(0);
    log.onCommit(() => {
      if (this.#isChanged) log.writeState(key, this.#states.encode());
      this.#isChanged = false;
    });
  }

  /**
   * Buffers a message for the next commit.
   * @throws AwsError what SQS refuses
   */
  send(message: NewMessage): SqsMessage {
    const { resource, nowMillis } = this.#options;
    const sent = createMessage(message, {
      maximumBytes: resource.maximumMessageBytes,
      nowMillis: nowMillis(),
    });
    this.#append(sent);
    return sent;
  }

  /** Hands out visible messages, and gives up those that came back too often or are too old. */
  receive(limits: ReceiveLimits): ReceivedMessage[] {
    const { maxMessages, maxBytes = Infinity, visibilityTimeoutSeconds, isHere = false } = limits;
    const { resource, nowMillis } = this.#options;
    const now = nowMillis();
    const hiddenMillis = (visibilityTimeoutSeconds ?? resource.visibilityTimeoutSeconds) * 1000;
    const received: ReceivedMessage[] = [];
    let bytes = 0;
    for (const { state, record } of this.#visible(now)) {
      bytes += record.data.length;
      if (received.length >= maxMessages || (received.length > 0 && bytes > maxBytes)) break;
      const taken = state ?? this.#states.take(indexOf(record.sequenceNumber));
      const message = decodeMessage(record.data);
      if (this.#isGivenUp(message, taken, now)) continue;
      taken.receives += 1;
      taken.firstReceiveMillis ||= now;
      taken.visibleMillis = now + hiddenMillis;
      taken.isUnderWay = isHere;
      this.#change();
      const { receives, firstReceiveMillis } = taken;
      received.push({ ...message, receives, firstReceiveMillis, receiptHandle: handleOf(taken) });
    }
    return received;
  }

  /** Does nothing when the message is deleted already. @throws AwsError for a handle that is none of this queue's */
  delete(receiptHandle: string): void {
    const state = this.#states.get(this.#indexOf(receiptHandle));
    if (state) this.#finish(state);
  }

  /** A receiver of this process has failed: the receive counts, and the message stays hidden for its time. */
  giveBack(receiptHandle: string): void {
    const state = this.#states.get(this.#indexOf(receiptHandle));
    if (!state) return;
    state.isUnderWay = false;
    this.#change();
  }

  /** @throws AwsError for a handle that is none of this queue's, or of a message that is not hidden */
  changeVisibility(receiptHandle: string, seconds: number): void {
    const { nowMillis } = this.#options;
    const state = this.#states.get(this.#indexOf(receiptHandle));
    if (!state || state.visibleMillis <= nowMillis())
      throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.');
    state.visibleMillis = nowMillis() + seconds * 1000;
  }

  /** Messages that a receiver would get now, and those that are hidden. */
  get counts(): { visible: number; hidden: number } {
    const returned = this.#states.returned(this.#options.nowMillis()).length;
    const fresh = this.#stream.backlog(this.#shardId, this.#before(this.#states.next)).records;
    return { visible: returned + fresh, hidden: this.#states.size - returned };
  }

  /** Called after messages became durable. Returns the way to stop being called. */
  onArrival(listener: () => void): () => void {
    return this.#stream.onAppend(listener);
  }

  lag(): StageLag {
    const { stageName, nowMillis } = this.#options;
    const { visible, hidden } = this.counts;
    const { oldestArrivalMillis } = this.#stream.backlog(this.#shardId, this.#before(this.#states.start));
    const now = nowMillis();
    return {
      stage: stageName,
      lagMillis: Math.max(0, now - (oldestArrivalMillis ?? now)),
      backlog: visible + hidden,
      arrived: this.#stream.recordCount,
    };
  }

  /** Gives back the room of what is done with. */
  trim(): void {
    const { oldestArrivalMillis } = this.#stream.backlog(this.#shardId, this.#before(this.#states.start));
    this.#stream.trim(oldestArrivalMillis ?? this.#options.nowMillis());
  }

  #append(message: SqsMessage): void {
    this.#stream.append(message.messageId, encodeMessage(message));
  }

  /** Messages that came back, then those that are new, in the order in which they were sent. */
  *#visible(nowMillis: number): Iterable<{ state?: MessageState; record: StreamRecord }> {
    for (const state of this.#states.returned(nowMillis)) {
      const [record] = this.#stream.read(this.#shardId, this.#before(state.index), { maxRecords: 1 });
      if (record && indexOf(record.sequenceNumber) === state.index) yield { state, record };
      else this.#finish(state, 'damaged');
    }
    for (;;) {
      const before = this.#before(this.#states.next);
      const [record] = this.#stream.read(this.#shardId, before, { maxRecords: 1 });
      this.#passOver(before, record);
      if (!record) return;
      yield { record };
    }
  }

  /** Messages that cannot be read any more are counted, not skipped in silence. */
  #passOver(before: string | undefined, next: StreamRecord | undefined): void {
    const index = next && indexOf(next.sequenceNumber);
    const passed = this.#stream.passedOver(this.#shardId, before, index);
    if (!passed) return;
    this.#states.passTo(indexOf(passed.lastSequenceNumber) + 1);
    this.#options.stage.in(passed.damaged + passed.expired);
    this.#options.stage.drop('damaged', passed.damaged + passed.expired);
    this.#change();
  }

  #isGivenUp(message: SqsMessage, state: MessageState, nowMillis: number): boolean {
    const { resource, deadLetters } = this.#options;
    if (nowMillis - message.sentMillis > resource.retentionSeconds * 1000) {
      this.#finish(state, 'expired');
      return true;
    }
    if (!deadLetters || state.receives < resource.redrive!.maximumReceives) return false;
    deadLetters.#append({ ...message, deadLetterSource: resource.arn });
    this.#finish(state, 'dead-letter');
    return true;
  }

  #finish(state: MessageState, reason?: string): void {
    const { stage } = this.#options;
    this.#states.finish(state);
    stage.in(1);
    if (reason === undefined) stage.out(1);
    else stage.drop(reason, 1);
    this.#change();
  }

  /** What changed joins the next commit, which is asked for. */
  #change(): void {
    this.#isChanged = true;
    this.#options.log.enlist(NOTHING_BUFFERED);
  }

  /** The sequence number before a place; undefined before the first. */
  #before(index: number): string | undefined {
    return index === 0 ? undefined : this.#stream.sequenceNumber(this.#shardId, index - 1);
  }

  #indexOf(receiptHandle: string): number {
    const [name, index] = Buffer.from(receiptHandle, 'base64url').toString().split(':');
    if (name !== HANDLE || !/^\d{1,16}$/.test(index ?? ''))
      throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is not a valid receipt handle.');
    return Number(index);
  }
}

const HANDLE = 'mesonet';
const NOTHING_BUFFERED = { prepare: () => {}, committed: () => {} };

function handleOf({ index, receives }: MessageState): string {
  return Buffer.from(`${HANDLE}:${index}:${receives}`).toString('base64url');
}
