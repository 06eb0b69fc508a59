import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as workerThreads from 'node:worker_threads';
import { isMainThread, type WorkerOptions } from 'node:worker_threads';

/*
 * Loaded into the runtime's process before it starts (`--import`): what functions send to AWS goes to the edge that
 * SINK_EDGE names instead of straight to the endpoint. The process itself is as a user starts it.
 */

const edge = process.env.SINK_EDGE;

function throughEdge(options: WorkerOptions = {}): WorkerOptions {
  const { env } = options;
  if (typeof env !== 'object' || env.AWS_ENDPOINT_URL === undefined) return options;
  const { AWS_ENDPOINT_URL_DYNAMODB: _, ...others } = env;
  return { ...options, env: { ...others, AWS_ENDPOINT_URL: edge } };
}

if (isMainThread && edge !== undefined) {
  const threads = createRequire(import.meta.url)('node:worker_threads') as {
    Worker: typeof workerThreads.Worker;
  };
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(file, throughEdge(options));
    }
  };
  syncBuiltinESMExports();
}
