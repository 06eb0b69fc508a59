import type { Stack } from '../../stack/stack.ts';
import type { CompiledTopicRule } from '../../topic-rules/compile-topic-rule.ts';
import type { StageLag } from '../http/statistics.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';
import type { StreamingApplication } from '../streaming-application.ts';
import type { KeptMessages } from './kept-messages.ts';
import type { ObjectFinder } from './object-finder.ts';
import type { TimeSlice } from './time-slice.ts';

/** Everything in the runtime that a trace looks at; it changes nothing. */
export interface TraceSources {
  readonly stack: Stack;
  readonly log: DurableLog;
  readonly rules: readonly CompiledTopicRule[];
  readonly kept: KeptMessages;
  readonly refused: KeptMessages;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  /** The buffers of the delivery streams, by name. */
  readonly deliveryBuffers: ReadonlyMap<string, KinesisStream>;
  readonly applications: readonly StreamingApplication[];
  /** How far behind the consumers are. */
  readonly lag: () => readonly StageLag[];
  readonly buckets: S3BucketStore;
  /** Where DynamoDB listens. */
  readonly dynamodbUrl: string;
  readonly nowMillis: () => number;
}

/** One trace that is being worked out. */
export interface TraceContext extends TraceSources {
  readonly objects: ObjectFinder;
  readonly slice: TimeSlice;
  /** Records already found for another message: equal messages have a record each. */
  readonly claimed: Set<string>;
  /** Of a packed publish only the readings of this sensor, or the one of this event. */
  readonly only?: { readonly sensorId?: string; readonly eventId?: string };
}
