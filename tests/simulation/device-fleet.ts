import type { SentEvent } from './fleet.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

/** How a device saw one event fare. */
export interface EventHistory {
  readonly event: SentEvent;
  /** How often it came to the door. */
  sent: number;
  acknowledged: number;
}

const ACK_TIMEOUT_MILLIS = 8000;

/** The devices: each sends one event at a time, and sends it again until it is acknowledged. */
export class DeviceFleet {
  readonly history: readonly EventHistory[];
  /** The share of acknowledgements that get lost on their way. */
  lostAcks = 0;
  failure: Violation | undefined;
  readonly #world: World;
  readonly #random: SeededRandom;
  /** What each device has still to send, the one under way first. */
  readonly #queues = new Map<number, EventHistory[]>();
  /** What the answer to an attempt is worth: nothing once another one was begun. */
  readonly #attempts = new Map<number, number>();

  constructor(world: World, events: readonly SentEvent[], random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    this.history = events.map((event) => ({ event, sent: 0, acknowledged: 0 }));
    for (const entry of this.history) {
      const queue = this.#queues.get(entry.event.device) ?? [];
      queue.push(entry, ...(entry.event.isRepeated ? [entry] : []));
      this.#queues.set(entry.event.device, queue);
    }
    for (const device of this.#queues.keys()) this.#sendNext(device);
  }

  get left(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  get isDone(): boolean {
    return this.left === 0;
  }

  fail(violation: Violation): void {
    this.failure ??= violation;
  }

  /** Whatever is under way stays without an answer, and is sent again. */
  disconnect(): void {
    for (const device of this.#queues.keys()) this.#again(device, this.#random.between(100, 2000));
  }

  #sendNext(device: number): void {
    const next = this.#queues.get(device)![0];
    if (next) this.#again(device, Math.max(0, next.event.atMillis - this.#world.scheduler.millis));
  }

  #again(device: number, millis: number): void {
    const attempt = (this.#attempts.get(device) ?? 0) + 1;
    this.#attempts.set(device, attempt);
    this.#world.scheduler.after(millis, () => {
      if (this.#attempts.get(device) === attempt) this.#send(device, attempt);
    });
  }

  #send(device: number, attempt: number): void {
    const entry = this.#queues.get(device)![0];
    const { process, scheduler } = this.#world;
    if (!entry) return;
    const wait = entry.event.atMillis - scheduler.millis;
    if (!process || wait > 0) {
      this.#again(device, Math.max(wait, this.#random.between(200, 1500)));
      return;
    }
    entry.sent += 1;
    scheduler.after(ACK_TIMEOUT_MILLIS, () => {
      if (this.#attempts.get(device) === attempt) this.#again(device, 0);
    });
    const isAlive = this.#world.aliveNow();
    process.accept(entry.event, (error) => {
      if (error || !isAlive() || this.#random.chance(this.lostAcks)) return;
      this.#acknowledge(device, entry, attempt);
    });
  }

  #acknowledge(device: number, entry: EventHistory, attempt: number): void {
    entry.acknowledged += 1;
    if (this.#attempts.get(device) !== attempt) return;
    this.#queues.get(device)!.shift();
    this.#sendNext(device);
  }
}
