import type { Timers } from '../../src/local/timers.ts';
import type { SeededRandom } from './seeded-random.ts';

interface Step {
  readonly atMillis: number;
  /** Steps of one instant come in an order that the seed decides. */
  readonly tie: number;
  readonly run: () => void;
  isCalledOff: boolean;
}

/** Calls back when all promises have run out, without a turn of the real event loop: nothing in a world waits for one. */
const endOfStep = process.nextTick;

/** The one queue of everything that happens in a simulated world: time is where its next step lies. */
export class Scheduler {
  readonly #random: SeededRandom;
  readonly #heap: Step[] = [];
  #millis = 0;
  steps = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Virtual milliseconds since the beginning. */
  get millis(): number {
    return this.#millis;
  }

  /** Returns the way to call it off. */
  after(millis: number, run: () => void): () => void {
    const step = {
      atMillis: this.#millis + Math.max(0, millis),
      tie: this.#random.fraction(),
      run,
      isCalledOff: false,
    };
    push(this.#heap, step);
    return () => {
      step.isCalledOff = true;
    };
  }

  /** Looking at the time now and then finds that some has passed. */
  look(): number {
    if (this.#random.chance(0.02)) this.#millis += this.#random.between(1, 5);
    return this.#millis;
  }

  /** Does every step until then; with all that its promises bring about before the next one. */
  async runUntil(millis: number): Promise<void> {
    for (let step = this.#heap[0]; step && step.atMillis <= millis; step = this.#heap[0]) {
      pop(this.#heap);
      if (step.isCalledOff) continue;
      this.#millis = Math.max(this.#millis, step.atMillis);
      this.steps += 1;
      step.run();
      await new Promise<void>((resolve) => endOfStep(resolve));
    }
    this.#millis = Math.max(this.#millis, millis);
  }

  /** Timers whose steps do not happen any more once `isAlive` says no. */
  timersOf(isAlive: () => boolean): Timers {
    const guarded = (run: () => void) => (): void => {
      if (isAlive()) run();
    };
    return {
      after: (millis, run) => this.after(millis, guarded(run)),
      every: (millis, run) => {
        let callOff = (): void => {};
        const again = (): void => {
          callOff = this.after(
            millis,
            guarded(() => {
              again();
              run();
            }),
          );
        };
        again();
        return () => callOff();
      },
      soon: (run) => void this.after(0, guarded(run)),
      monotonicMillis: () => this.look(),
    };
  }
}

function isBefore(left: Step, right: Step): boolean {
  return left.atMillis < right.atMillis || (left.atMillis === right.atMillis && left.tie < right.tie);
}

function push(heap: Step[], step: Step): void {
  let at = heap.push(step) - 1;
  for (let parent = (at - 1) >> 1; at > 0 && isBefore(step, heap[parent]!); parent = (at - 1) >> 1) {
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = step;
}

function pop(heap: Step[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
