import type { FunctionResource, Stack } from '../../stack/stack.ts';
import { assumed } from '../assumptions.ts';
import type { Batches, RecordFlow } from '../batches.ts';

/** What a handler is given to work on. */
export interface HandlerInput {
  readonly stack: Stack;
  readonly resource: FunctionResource;
  readonly batches: Batches;
}

/** What one handler does: its time by invocation, all else per second. */
export interface Work {
  /** CPU time of one invocation on a whole core. */
  readonly cpuMillis: number;
  /** Time of one invocation spent waiting for answers. */
  readonly waitMillis: number;
  /** Lines of the function's own, per invocation. */
  readonly logBytes: number;
  /** Custom metrics that it keeps alive. */
  readonly metrics: number;
  readonly uses: readonly Use[];
  /** Records that it puts on. */
  readonly puts?: readonly Put[];
}

export type Use =
  | {
      readonly kind: 'write' | 'read';
      readonly table: string;
      readonly what: string;
      readonly unitsPerSecond: number;
    }
  | {
      readonly kind: 'keep';
      readonly table: string;
      readonly bytesPerSecond: number;
      /** How long the items live; without end when undefined. */
      readonly days: number | undefined;
    }
  | {
      readonly kind: 'object';
      readonly bucket: string;
      readonly key: string;
      readonly objectsPerSecond: number;
      readonly bytesPerSecond: number;
    }
  | { readonly kind: 'notify'; readonly what: string; readonly messagesPerSecond: number }
  | { readonly kind: 'respond'; readonly requestsPerSecond: number; readonly bytesPerSecond: number };

export interface Put {
  readonly to: 'stream' | 'delivery stream';
  readonly name: string;
  readonly flow: RecordFlow;
}

/** Calls of one invocation, by what they cost in time. */
export interface Calls {
  readonly records: number;
  readonly dynamoDb?: number;
  /** PutRecords, PutRecordBatch, PutObject: one after the other. */
  readonly large?: number;
}

/** Time of one invocation, out of the measured parts. */
export function timeOf({ records, dynamoDb = 0, large = 0 }: Calls): Pick<Work, 'cpuMillis' | 'waitMillis'> {
  return {
    cpuMillis:
      assumed('invocationCpuMillis') +
      records * assumed('recordCpuMillis') +
      dynamoDb * assumed('dynamoDbCallCpuMillis') +
      large * assumed('otherCallCpuMillis'),
    waitMillis:
      Math.ceil(dynamoDb / assumed('parallelCalls')) * assumed('callWaitMillis') +
      large * assumed('largeCallWaitMillis'),
  };
}

/** `RecordsIn`, `RecordsStored`: one of each per function. Those of trouble are reported, and charged, in its hours only. */
export const COUNT_METRICS = 2;
