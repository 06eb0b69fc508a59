import type { LambdaError } from './lambda-function.ts';

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly bundle: string;
  readonly export: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMegabytes: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly projectFolder: string;
  /** Operations the main thread answers itself, for example `Kinesis.PutRecords`; everything else goes over HTTP. */
  readonly operations: readonly string[];
}

/** The event travels as JSON text, as it does on Lambda: the handler gets its own copy of plain data. */
export interface InvokeMessage {
  readonly type: 'invoke';
  readonly requestId: string;
  readonly event: string | Uint8Array;
  readonly timeoutMillis: number;
}

/** The answer of the main thread to one call of an operation. */
export type ReplyMessage = { readonly type: 'reply'; readonly callId: number } & (
  | { readonly output: unknown }
  | { readonly error: PortFailure }
);

/** An error as data: its `name` picks the SDK's exception class. */
export interface PortFailure {
  readonly name: string;
  readonly message: string;
}

export type ToWorker = InvokeMessage | ReplyMessage;

export type FromWorker =
  | { readonly type: 'ready' }
  /** `value` is JSON text; undefined when the handler returned nothing. */
  | { readonly type: 'result'; readonly requestId: string; readonly value: string | undefined }
  | { readonly type: 'failed'; readonly requestId: string; readonly error: LambdaError }
  /** The worker ends itself: the handler left an error that nobody caught, or the function did not load. */
  | { readonly type: 'crash'; readonly error: LambdaError }
  | { readonly type: 'log'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'call'; readonly callId: number; readonly operation: string; readonly input: unknown };
