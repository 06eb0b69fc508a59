import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { LambdaError, LambdaFunction, LambdaResult } from './lambda-function.ts';
import type { FromWorker, InvokeMessage, PortFailure, ReplyMessage, WorkerStart } from './lambda-messages.ts';
import { mayTellOfRejections, reportedRejections } from './reported-rejections.ts';

/** Answers one SDK operation inside this process. An error's `name` is the AWS exception the handler sees. */
export type LocalPort = (input: Record<string, unknown>) => Promise<object> | object;

export interface SandboxOptions {
  readonly function: LambdaFunction;
  readonly bundle: string;
  /** The compiled lambda-worker. */
  readonly workerFile: string;
  readonly projectFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, LocalPort>>;
  readonly initTimeoutMillis: number;
  readonly onLog: (stream: 'stdout' | 'stderr', text: string) => void;
}

interface Invocation {
  readonly requestId: string;
  readonly event: string | Uint8Array;
  readonly timeoutMillis: number;
  readonly resolve: (result: LambdaResult) => void;
}

/**
 * One execution environment: a worker thread that has loaded one function. It runs one invocation at a time and dies
 * with a timeout, a crash or `process.exit`; whoever owns it then makes a new one (Lambda developer guide,
 * "Understanding the Lambda execution environment lifecycle").
 */
export class LambdaSandbox {
  readonly #options: SandboxOptions;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #ready = false;
  #dead = false;
  #invocation: Invocation | undefined;
  /** What the invocation printed that may tell of rejections. */
  readonly #printed: string[] = [];
  #crash: LambdaError | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#worker = new Worker(options.workerFile, {
      workerData: workerStart(options),
      env: { ...options.environment },
      execArgv: [],
      resourceLimits: resourceLimits(options.function.memoryMegabytes),
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(exitError(error)));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (status) => {
        this.#fail(this.#crash ?? exitStatus(status));
        resolve();
      });
    });
  }

  /** True once it can serve no more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Never rejects: whatever happens inside is an answer. Only one at a time. Bytes move to the worker. */
  invoke(event: string | Uint8Array, requestId: string, timeoutMillis: number): Promise<LambdaResult> {
    return new Promise((resolve) => {
      this.#invocation = { event, requestId, timeoutMillis, resolve };
      this.#worker.ref();
      if (this.#ready) this.#begin(this.#invocation);
      else this.#startTimer(this.#options.initTimeoutMillis, 'Init phase');
    });
  }

  async stop(): Promise<void> {
    this.#dead = true;
    await this.#worker.terminate();
    await this.#ended;
  }

  #begin({ event, requestId, timeoutMillis }: Invocation): void {
    this.#startTimer(timeoutMillis, 'Task');
    const message: InvokeMessage = { type: 'invoke', requestId, event, timeoutMillis };
    this.#worker.postMessage(message, typeof event === 'string' ? [] : [event.buffer as ArrayBuffer]);
  }

  #receive(message: FromWorker): void {
    if (message.type === 'log') this.#print(message);
    else if (message.type === 'call') void this.#answer(message);
    else if (message.type === 'ready') {
      this.#ready = true;
      if (this.#invocation) this.#begin(this.#invocation);
      else this.#worker.unref();
    } else if (message.type === 'crash') {
      this.#crash = message.error;
      this.#dead = true;
    } else if (message.type === 'failed') this.#settle({ ok: false, error: message.error });
    else this.#settle({ ok: true, value: message.value === undefined ? null : JSON.parse(message.value) });
  }

  #print({ stream, text }: Extract<FromWorker, { type: 'log' }>): void {
    this.#options.onLog(stream, text);
    if (this.#invocation && mayTellOfRejections(text)) this.#printed.push(text);
  }

  async #answer({ callId, operation, input }: Extract<FromWorker, { type: 'call' }>): Promise<void> {
    let reply: ReplyMessage;
    try {
      const output = await this.#options.ports[operation]!(input as Record<string, unknown>);
      reply = { type: 'reply', callId, output };
    } catch (error) {
      reply = { type: 'reply', callId, error: failureOf(error) };
    }
    if (!this.#dead) this.#worker.postMessage(reply);
  }

  /** A result that waits in the queue behind a blocked event loop still counts: only then is the worker stopped. */
  #startTimer(millis: number, phase: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => setImmediate(() => this.#expire(this.#invocation?.requestId, millis, phase)),
      millis,
    );
  }

  #expire(requestId: string | undefined, millis: number, phase: string): void {
    if (!this.#invocation || this.#invocation.requestId !== requestId) return;
    const errorMessage = `RequestId: ${requestId} Error: ${phase} timed out after ${(millis / 1000).toFixed(2)} seconds`;
    this.#fail({ errorType: 'Sandbox.Timedout', errorMessage, trace: [] });
    void this.#worker.terminate();
  }

  #fail(error: LambdaError): void {
    this.#dead = true;
    this.#settle({ ok: false, error });
  }

  #settle(result: { ok: true; value: unknown } | { ok: false; error: LambdaError }): void {
    const invocation = this.#invocation;
    if (!invocation) return;
    this.#invocation = undefined;
    clearTimeout(this.#timer);
    this.#worker.unref();
    const rejections = reportedRejections(this.#printed.splice(0));
    invocation.resolve({
      ...result,
      requestId: invocation.requestId,
      ...(rejections && result.ok && { rejections }),
    });
  }
}

function workerStart({
  function: lambda,
  bundle,
  projectFolder,
  ports,
  environment,
}: SandboxOptions): WorkerStart {
  return {
    bundle,
    export: lambda.export,
    functionName: lambda.name,
    functionArn: lambda.arn,
    memoryMegabytes: lambda.memoryMegabytes,
    logGroupName: `/aws/lambda/${lambda.name}`,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME ?? randomUUID(),
    projectFolder,
    operations: Object.keys(ports),
  };
}

/** A small young generation keeps a worker small; handlers make garbage by the batch, not by the second. */
function resourceLimits(memoryMegabytes: number): object {
  return {
    maxOldGenerationSizeMb: Math.max(64, memoryMegabytes),
    maxYoungGenerationSizeMb: 4,
    stackSizeMb: 4,
  };
}

function exitError(error: Error & { code?: string }): LambdaError {
  const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return {
    errorType: outOfMemory ? 'Runtime.OutOfMemory' : error.name,
    errorMessage: outOfMemory ? 'Runtime exited with error: signal: killed' : error.message,
    trace: String(error.stack ?? '').split('\n'),
  };
}

function exitStatus(status: number): LambdaError {
  const how = status === 0 ? 'without providing a reason' : `with error: exit status ${status}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited ${how}`, trace: [] };
}

function failureOf(error: unknown): PortFailure {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'InternalFailure', message: String(error) };
}
