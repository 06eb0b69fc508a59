import type { LambdaResult } from './lambda-function.ts';
import type { LambdaSandbox } from './lambda-sandbox.ts';

interface Waiting {
  readonly event: string | Uint8Array;
  readonly requestId: string;
  readonly timeoutMillis: number;
  readonly resolve: (result: LambdaResult) => void;
}

/**
 * The execution environments of one function: made when an invocation finds none free, up to the function's
 * concurrency; beyond that invocations wait their turn. One that stayed idle is given back to save its memory.
 */
export class LambdaPool {
  readonly #create: () => LambdaSandbox;
  readonly #idleMillis: number;
  readonly #idle: { sandbox: LambdaSandbox; timer: NodeJS.Timeout }[] = [];
  readonly #busy = new Set<LambdaSandbox>();
  readonly #waiting: Waiting[] = [];
  concurrency: number;
  /** How many environments were made: one more than this function's cold starts so far is none. */
  coldStarts = 0;

  constructor(options: { create: () => LambdaSandbox; concurrency: number; idleMillis: number }) {
    this.#create = options.create;
    this.#idleMillis = options.idleMillis;
    this.concurrency = options.concurrency;
  }

  get running(): number {
    return this.#busy.size;
  }

  get environments(): number {
    return this.#busy.size + this.#idle.length;
  }

  invoke(event: string | Uint8Array, requestId: string, timeoutMillis: number): Promise<LambdaResult> {
    return new Promise((resolve) => {
      this.#waiting.push({ event, requestId, timeoutMillis, resolve });
      this.#next();
    });
  }

  /** Lets invocations end for a while, then ends them. Those that wait are answered as throttled. */
  async stop(graceMillis: number): Promise<void> {
    this.concurrency = 0;
    for (const { resolve, requestId } of this.#waiting.splice(0)) resolve(throttled(requestId));
    const end = Date.now() + graceMillis;
    while (this.#busy.size > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all(
      [...idle.map(({ sandbox }) => sandbox), ...this.#busy].map((sandbox) => sandbox.stop()),
    );
  }

  #next(): void {
    if (this.#busy.size >= this.concurrency) return;
    const waiting = this.#waiting.shift();
    if (waiting) void this.#run(waiting);
  }

  async #run({ event, requestId, timeoutMillis, resolve }: Waiting): Promise<void> {
    const sandbox = this.#take();
    this.#busy.add(sandbox);
    const result = await sandbox.invoke(event, requestId, timeoutMillis);
    this.#busy.delete(sandbox);
    if (!sandbox.dead) this.#keep(sandbox);
    resolve(result);
    this.#next();
  }

  #take(): LambdaSandbox {
    for (let free = this.#idle.pop(); free; free = this.#idle.pop()) {
      clearTimeout(free.timer);
      if (!free.sandbox.dead) return free.sandbox;
    }
    this.coldStarts += 1;
    return this.#create();
  }

  #keep(sandbox: LambdaSandbox): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((free) => free.sandbox === sandbox);
      if (at >= 0) this.#idle.splice(at, 1);
      void sandbox.stop();
    }, this.#idleMillis).unref();
    this.#idle.push({ sandbox, timer });
  }
}

export function throttled(requestId: string): LambdaResult {
  const error = { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] };
  return { ok: false, error, requestId };
}
