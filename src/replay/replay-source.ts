import type { ListedObject } from '../stores/bucket-objects.ts';
import type { MillisRange } from '../telemetry/iso-week.ts';
import { curatedSource } from './curated-source.ts';
import { failedSource } from './failed-source.ts';
import type { FoundMessage } from './found-message.ts';
import { rawSource } from './raw-source.ts';
import { lateSource, rejectedSource } from './rejected-source.ts';

/** An object whose bytes are read when they are asked for. */
export interface OpenObject extends ListedObject {
  /** @throws UnreadableObjectError */
  lines(): AsyncIterable<Buffer>;
}

/** What a source needs to know about the pipeline. */
export interface ReplayContext {
  /** Stream of the readings: records of other streams are no readings. */
  readonly streamName: string;
  /** When the messages arrive again, milliseconds since the epoch. */
  readonly nowMillis: number;
}

/** One kind of object that messages can be read back from. */
export interface ReplaySource {
  readonly bucket: 'raw' | 'archive';
  /** In the order of their keys. */
  readonly prefixes: readonly string[];
  /** What `--from` and `--to` are compared with, for people. */
  readonly timeMeans: string;
  /** Where a listing under a prefix may begin, when its keys are in the order of time. */
  readonly startAfter?: (range: MillisRange) => string;
  /** Whether an object can hold a message of the range, by its key and time. */
  readonly mayHold: (object: ListedObject, range: MillisRange) => boolean;
  /**
   * The messages of an object; none when it holds no readings.
   * @throws UnreadableObjectError
   */
  readonly read: (object: OpenObject, context: ReplayContext) => AsyncIterable<FoundMessage>;
}

/** Where messages can be read back from, by what people call it. */
export const REPLAY_SOURCES = {
  raw: rawSource,
  curated: curatedSource,
  rejected: rejectedSource,
  late: lateSource,
  failed: failedSource,
} as const satisfies Record<string, ReplaySource>;

export type ReplaySourceName = keyof typeof REPLAY_SOURCES;
