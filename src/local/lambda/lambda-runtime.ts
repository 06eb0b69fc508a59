import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalError } from '../local-error.ts';
import { type MetricDatum, parseEmf } from './emf.ts';
import { MetricStore } from './emf-store.ts';
import { bundleFunction, stopBundling } from './lambda-bundle.ts';
import { lambdaEnvironment } from './lambda-environment.ts';
import { type LambdaFunction, type LambdaResult, MAX_PAYLOAD_BYTES } from './lambda-function.ts';
import { LambdaLog } from './lambda-log.ts';
import { LambdaPool } from './lambda-pool.ts';
import { LambdaSandbox, type LocalPort } from './lambda-sandbox.ts';

export interface LambdaRuntimeOptions {
  readonly functions: readonly LambdaFunction[];
  /** Bundles go to `functions/`, logs to `logs/` of this folder. */
  readonly dataFolder: string;
  /** Whose node_modules holds the AWS SDK. */
  readonly projectFolder: string;
  readonly region: string;
  /** Where SDK clients send what no port answers. */
  readonly endpoints: { readonly aws: string; readonly dynamodb?: string };
  /** Operations answered in this process, by `Service.Operation`, for example `Kinesis.PutRecords`. */
  readonly ports?: Readonly<Record<string, LocalPort>>;
  /** Everything goes through the SDK's serialisers and over HTTP; the ports are left alone. */
  readonly strict?: boolean;
  /** Added to every function's environment, for example `POWERTOOLS_LOG_LEVEL`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Execution environments per function name; 1 when not given. */
  readonly concurrency?: Readonly<Record<string, number>>;
  /** After how long without work an environment is given back; 60 when not given. */
  readonly idleSeconds?: number;
  readonly onMetric?: (datum: MetricDatum, functionName: string) => void;
}

/** How one function has done since the start. */
export interface FunctionStatistics {
  readonly functionName: string;
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly environments: number;
  /** Of the last invocation. */
  readonly durationMillis: number;
}

interface Entry {
  readonly lambda: LambdaFunction;
  readonly pool: LambdaPool;
  readonly log: LambdaLog;
  invocations: number;
  errors: number;
  durationMillis: number;
}

const INIT_TIMEOUT_MILLIS = 10_000;
const STOP_GRACE_MILLIS = 5_000;

/** Runs the stack's handlers unmodified, each in worker threads of its own, with Lambda's events, context, limits and errors. */
export class LambdaRuntime {
  readonly metrics = new MetricStore();
  readonly #options: LambdaRuntimeOptions;
  readonly #entries = new Map<string, Entry>();
  #stopped = false;

  private constructor(options: LambdaRuntimeOptions) {
    this.#options = options;
  }

  /**
   * Compiles every function; workers start with the first invocation.
   * @throws BundleError when one does not compile
   */
  static async start(options: LambdaRuntimeOptions): Promise<LambdaRuntime> {
    const runtime = new LambdaRuntime(options);
    const { projectFolder } = options;
    const folder = join(options.dataFolder, 'functions');
    try {
      const workerSource = fileURLToPath(new URL('./lambda-worker.ts', import.meta.url));
      const bundles = [{ name: 'lambda-worker', file: workerSource }, ...options.functions];
      const [workerFile, ...files] = await Promise.all(
        bundles.map(({ name, file }) => bundleFunction({ name, file, folder, projectFolder })),
      );
      for (const [index, lambda] of options.functions.entries())
        runtime.#add(lambda, files[index]!, workerFile!);
    } finally {
      await stopBundling();
    }
    return runtime;
  }

  /**
   * Runs one invocation and waits for its answer; never rejects for anything the function does.
   * @throws LocalError when there is no such function
   */
  invoke(
    functionName: string,
    event: unknown,
    options: { timeoutSeconds?: number } = {},
  ): Promise<LambdaResult> {
    return this.invokeJson(functionName, JSON.stringify(event), options);
  }

  /** As `invoke`, for an event that is JSON text already; bytes move to the worker and are empty afterwards. */
  async invokeJson(
    functionName: string,
    event: string | Uint8Array,
    options: { timeoutSeconds?: number } = {},
  ): Promise<LambdaResult> {
    const entry = this.#entry(functionName);
    const requestId = randomUUID();
    if (byteLengthOf(event) > MAX_PAYLOAD_BYTES) return tooLarge(requestId, 'request');
    const timeoutMillis = (options.timeoutSeconds ?? entry.lambda.timeoutSeconds) * 1000;
    const startMillis = performance.now();
    const result = await entry.pool.invoke(event, requestId, timeoutMillis);
    entry.durationMillis = performance.now() - startMillis;
    entry.invocations += 1;
    if (!result.ok) {
      entry.errors += 1;
      const { errorType, errorMessage, trace } = result.error;
      const text = JSON.stringify({ errorType, errorMessage, stack: trace });
      entry.log.line(`${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error\t${text}`);
    }
    return result;
  }

  /** Lets a function use more worker threads at once, as an event source with parallelization asks for. */
  setConcurrency(functionName: string, environments: number): void {
    this.#entry(functionName).pool.concurrency = environments;
  }

  /** The last lines a function printed, oldest first. */
  logs(functionName: string): readonly string[] {
    return this.#entry(functionName).log.lines;
  }

  statistics(): FunctionStatistics[] {
    return [...this.#entries].map(([functionName, { invocations, errors, durationMillis, pool }]) => {
      const { coldStarts, environments } = pool;
      return { functionName, invocations, errors, coldStarts, environments, durationMillis };
    });
  }

  /** Waits up to five seconds for what is running, then ends all workers. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#entries.values()].map(({ pool }) => pool.stop(STOP_GRACE_MILLIS)));
    await Promise.all([...this.#entries.values()].map(({ log }) => log.flush()));
  }

  #entry(functionName: string): Entry {
    if (this.#stopped) throw new LocalError(`Cannot invoke '${functionName}': the runtime has stopped`);
    const entry = this.#entries.get(functionName);
    if (!entry) throw new LocalError(`Cannot invoke '${functionName}': the stack has no such function`);
    return entry;
  }

  #add(lambda: LambdaFunction, bundle: string, workerFile: string): void {
    const { dataFolder, projectFolder, ports, strict, idleSeconds, concurrency } = this.#options;
    const log = new LambdaLog(join(dataFolder, 'logs', `${lambda.name}.log`), (line) =>
      this.#readMetrics(line, lambda.name, log),
    );
    const create = (): LambdaSandbox =>
      new LambdaSandbox({
        function: lambda,
        bundle,
        workerFile,
        projectFolder,
        environment: lambdaEnvironment(lambda, this.#options),
        ports: strict ? {} : (ports ?? {}),
        initTimeoutMillis: INIT_TIMEOUT_MILLIS,
        onLog: (stream, text) => log.write(stream, text),
      });
    const pool = new LambdaPool({
      create,
      concurrency: concurrency?.[lambda.name] ?? 1,
      idleMillis: (idleSeconds ?? 60) * 1000,
    });
    this.#entries.set(lambda.name, { lambda, pool, log, invocations: 0, errors: 0, durationMillis: 0 });
  }

  #readMetrics(line: string, functionName: string, log: LambdaLog): void {
    const result = parseEmf(line);
    if (result.kind === 'refused')
      log.line(`WARN CloudWatch would drop the metrics of the line above: ${result.reason}`);
    if (result.kind !== 'metrics') return;
    for (const datum of result.data) {
      this.metrics.add(datum);
      this.#options.onMetric?.(datum, functionName);
    }
  }
}

function tooLarge(requestId: string, what: string): LambdaResult {
  const errorMessage = `${MAX_PAYLOAD_BYTES} byte payload is the limit of a ${what}`;
  return { ok: false, error: { errorType: 'RequestTooLargeException', errorMessage, trace: [] }, requestId };
}

function byteLengthOf(event: string | Uint8Array): number {
  return typeof event === 'string' ? Buffer.byteLength(event) : event.byteLength;
}
