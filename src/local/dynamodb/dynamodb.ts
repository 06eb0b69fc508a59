import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { bundleFunction, stopBundling } from '../lambda/lambda-bundle.ts';
import { CorruptDataError, LocalError } from '../local-error.ts';
import type { Durability } from '../log/durable-log.ts';
import { createTables } from './dynamodb-tables.ts';
import type { DynamodbWorkerData, DynamodbWorkerMessage } from './dynamodb-worker.ts';

export interface DynamodbOptions {
  /** The tables live in `<dataFolder>/dynamodb`; without it they live in memory. */
  readonly dataFolder?: string;
  readonly durability: Durability;
  /** Tables of the template, created when they are absent. */
  readonly tables: readonly { readonly input: object }[];
  readonly region: string;
  readonly accountId: string;
  /** Told when the thread died and is started again. */
  readonly onRestart?: (error: Error) => void;
}

/** The running stand-in for DynamoDB. */
export interface Dynamodb {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`; stays the same when the thread is started again. */
  readonly url: string;
  stop(): Promise<void>;
}

const RESTART_DELAY_MILLIS = 100;
/** Where something is wrong that does not pass at once. */
const SLOW_RESTART_DELAY_MILLIS = 5000;
const MAX_RESTARTS_PER_MINUTE = 10;

/**
 * Starts dynalite in a thread of its own, so that table work never delays what the main thread does, and creates the
 * tables of the template that are absent.
 * @throws LocalError when the folder cannot be opened or a table cannot be created
 */
export async function startDynamodb(options: DynamodbOptions): Promise<Dynamodb> {
  const thread = new DynamodbThread(options, await workerFile(options));
  await thread.start();
  try {
    await createTables(
      thread.url,
      options.tables.map(({ input }) => input as CreateTableCommandInput),
    );
  } catch (error) {
    await thread.stop();
    throw error;
  }
  return thread;
}

/** Compiled, the thread needs no copy of what strips types from TypeScript: that is 10 MB of memory. */
async function workerFile({ dataFolder }: DynamodbOptions): Promise<string> {
  const file = fileURLToPath(new URL('./dynamodb-worker.ts', import.meta.url));
  if (dataFolder === undefined) return file;
  const folder = join(dataFolder, 'functions');
  const projectFolder = fileURLToPath(new URL('../../..', import.meta.url));
  try {
    return await bundleFunction({ name: 'dynamodb-worker', file, folder, projectFolder });
  } finally {
    await stopBundling();
  }
}

class DynamodbThread implements Dynamodb {
  readonly #options: DynamodbOptions;
  readonly #file: string;
  #worker: Worker | undefined;
  #port = 0;
  #stopping = false;
  #restarts: number[] = [];

  constructor(options: DynamodbOptions, file: string) {
    this.#options = options;
    this.#file = file;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const worker = new Worker(this.#file, {
      workerData: this.#workerData(),
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker = worker;
    this.#port = await listening(worker, this.#options.dataFolder);
    worker.on('error', (error) => this.#restart(error as Error));
    worker.unref();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const worker = this.#worker;
    if (!worker || worker.threadId < 0) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage('stop');
    await exited;
  }

  #workerData(): DynamodbWorkerData {
    const { dataFolder, durability, region, accountId } = this.#options;
    const folder = dataFolder === undefined ? undefined : join(dataFolder, 'dynamodb');
    if (folder) mkdirSync(folder, { recursive: true });
    return { resolveFrom: import.meta.url, folder, durability, port: this.#port, region, accountId };
  }

  #restart(error: Error): void {
    if (this.#stopping) return;
    const nowMillis = Date.now();
    this.#restarts = [...this.#restarts.filter((at) => at > nowMillis - 60_000), nowMillis];
    this.#options.onRestart?.(error);
    const isOften = this.#restarts.length > MAX_RESTARTS_PER_MINUTE;
    const delayMillis = isOften ? SLOW_RESTART_DELAY_MILLIS : RESTART_DELAY_MILLIS;
    setTimeout(() => {
      if (!this.#stopping) this.start().catch((cause: Error) => this.#restart(cause));
    }, delayMillis);
  }
}

function listening(worker: Worker, dataFolder: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (message: string): void => reject(refusalOf(message, dataFolder));
    worker.once('error', (error) => refuse((error as Error).message));
    worker.once('exit', (code) => refuse(`its thread ended with code ${code}`));
    worker.once('message', (message: DynamodbWorkerMessage) => {
      worker.removeAllListeners();
      if (message.type === 'listening') resolve(message.port);
      else {
        refuse(message.message);
        void worker.terminate();
      }
    });
  });
}

/** LevelDB says what is wrong with a file of its own; its user has a folder. */
function refusalOf(message: string, dataFolder: string | undefined): LocalError {
  const isOfFiles = /^(Corruption|IO error|Invalid argument)/.test(message) && !/lock/i.test(message);
  if (dataFolder !== undefined && isOfFiles)
    return new CorruptDataError(`Cannot open the tables in '${join(dataFolder, 'dynamodb')}': ${message}`);
  return new LocalError(`Cannot start DynamoDB: ${message}`);
}
