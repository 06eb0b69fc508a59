/** The inside of one function's worker thread: loads the bundle, then runs one invocation after the other. */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { LambdaError } from './lambda-function.ts';
import type { FromWorker, InvokeMessage, ToWorker, WorkerStart } from './lambda-messages.ts';
import { installTransport, PortError } from './lambda-transport.ts';

type LambdaHandler = (event: unknown, context: object) => unknown;

interface PendingCall {
  readonly resolve: (output: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

const start = workerData as WorkerStart;
const port = parentPort!;
const pendingCalls = new Map<number, PendingCall>();
let lastCallId = 0;

const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

captureOutput('stdout');
captureOutput('stderr');
process.setSourceMapsEnabled(true);
// Lambda's runtime ends the sandbox on either of these and fails the invocation in flight.
process.on('uncaughtException', (error) => crash(error));
process.on('unhandledRejection', (reason) => crash(reason, 'Runtime.UnhandledPromiseRejection'));

const handler = await load().catch((error: unknown) => crash(error));

port.on('message', (message: ToWorker) => {
  if (message.type === 'invoke') void invoke(message);
  else answerCall(message);
});
post({ type: 'ready' });

async function load(): Promise<LambdaHandler> {
  installTransport({ projectFolder: start.projectFolder, operations: start.operations, call: callPort });
  const module = (await import(pathToFileURL(start.bundle).href)) as Record<string, unknown>;
  const exported = module[start.export];
  if (typeof exported !== 'function') {
    throw named(
      'Runtime.HandlerNotFound',
      `${start.functionName}.${start.export} is undefined or not exported`,
    );
  }
  // The Node 24 runtime of Lambda no longer accepts handlers that answer through a callback.
  if (exported.length > 2) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      `handler "${start.export}" takes a callback, make it async`,
    );
  }
  return exported as LambdaHandler;
}

async function invoke({ requestId, event, timeoutMillis }: InvokeMessage): Promise<void> {
  try {
    const value = await handler(JSON.parse(textOf(event)), contextOf(requestId, timeoutMillis));
    post({ type: 'result', requestId, value: marshal(value) });
  } catch (error) {
    post({ type: 'failed', requestId, error: describe(error) });
  }
}

function textOf(event: string | Uint8Array): string {
  return typeof event === 'string'
    ? event
    : Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString();
}

/** Lambda developer guide, "Using the Lambda context object to retrieve Node.js function information". */
function contextOf(requestId: string, timeoutMillis: number): object {
  const endMillis = performance.now() + timeoutMillis;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: start.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: start.functionArn,
    memoryLimitInMB: String(start.memoryMegabytes),
    awsRequestId: requestId,
    logGroupName: start.logGroupName,
    logStreamName: start.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endMillis - performance.now())),
  };
}

function marshal(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw named('Runtime.MarshalError', `Unable to stringify response body: ${(cause as Error).message}`);
  }
}

function callPort(
  operation: string,
  input: unknown,
  transfer: readonly ArrayBuffer[],
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const callId = ++lastCallId;
    pendingCalls.set(callId, { resolve, reject });
    post({ type: 'call', callId, operation, input }, transfer);
  });
}

function answerCall(message: Exclude<ToWorker, InvokeMessage>): void {
  const call = pendingCalls.get(message.callId);
  pendingCalls.delete(message.callId);
  if ('error' in message) call?.reject(new PortError(message.error));
  else call?.resolve(message.output as Record<string, unknown>);
}

/** Sends output over the same port as results, so that a line written before the return arrives before it. */
function captureOutput(stream: 'stdout' | 'stderr'): void {
  process[stream].write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    post({ type: 'log', stream, text });
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') queueMicrotask(() => done());
    return true;
  }) as typeof process.stdout.write;
}

function crash(error: unknown, type?: string): never {
  const described = describe(error);
  post({ type: 'crash', error: type ? { ...described, errorType: type } : described });
  process.exit(129);
}

function describe(error: unknown): LambdaError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const trace = String(error.stack ?? error).split('\n');
  return { errorType: error.name, errorMessage: error.message, trace };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
