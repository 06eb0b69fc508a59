import { randomUUID } from 'node:crypto';
import type { ScheduleResource } from '../../stack/stack.ts';
import { LocalError } from '../local-error.ts';

/** Time as the schedule sees it. */
export interface Clock {
  nowMillis(): number;
  /** Calls once after a time; returns the way to call it off. */
  after(millis: number, callback: () => void): () => void;
}

export interface ScheduleOptions {
  readonly schedules: readonly ScheduleResource[];
  readonly region: string;
  readonly accountId: string;
  /** Hands the event to the function's asynchronous queue, as EventBridge does. */
  readonly invoke: (functionName: string, event: unknown) => void;
  readonly clock?: Clock;
}

/** An expression that cannot be kept to. */
export class ScheduleError extends LocalError {
  override name = 'ScheduleError';
}

const UNIT_MILLIS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** The longest wait a timer can hold. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

const SYSTEM_CLOCK: Clock = {
  nowMillis: Date.now,
  after(millis, callback) {
    const timer = setTimeout(callback, millis);
    return () => clearTimeout(timer);
  },
};

/** How often a clock that may jump is looked at. */
const LOOK_MILLIS = 1000;

/** A clock that somebody may put forward: a schedule notices within a second. */
export function movableClock(nowMillis: () => number): Clock {
  return {
    nowMillis,
    after: (millis, callback) => SYSTEM_CLOCK.after(Math.min(millis, LOOK_MILLIS), callback),
  };
}

/**
 * The period of a rate expression in milliseconds (EventBridge user guide, "Rate expressions").
 * @throws ScheduleError for a cron expression, which is not supported here, and for anything else
 */
export function parseRate(expression: string): number {
  if (/^cron\(/.test(expression))
    throw new ScheduleError(
      `Cannot run schedule '${expression}': cron expressions are not supported, use rate(…)`,
    );
  const match = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression);
  if (!match || (match[1] === '1') !== (match[3] === ''))
    throw new ScheduleError(`Cannot run schedule '${expression}': expected rate(1 day) or rate(5 minutes)`);
  return Number(match[1]) * UNIT_MILLIS[match[2]!]!;
}

/**
 * EventBridge's scheduled rules: each runs once at the start, so that a runtime that is off most of the day misses nothing,
 * and then at its rate.
 * @returns the way to stop them
 * @throws ScheduleError before anything has run
 */
export function startSchedules(options: ScheduleOptions): () => void {
  const { schedules, clock = SYSTEM_CLOCK } = options;
  const parsed = schedules.map((schedule) => ({ schedule, periodMillis: parseRate(schedule.expression) }));
  const stops = parsed.map(({ schedule, periodMillis }) => {
    const run = (): void =>
      void options.invoke(schedule.functionName, scheduledEvent(schedule, options, clock));
    run();
    return repeat(clock, periodMillis, run);
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** Keeps to the times that were planned at the start, however late a timer fires; those missed in sleep are not made up for. */
function repeat(clock: Clock, periodMillis: number, run: () => void): () => void {
  let dueMillis = clock.nowMillis() + periodMillis;
  let cancel = (): void => {};
  const wait = (): void => {
    const millis = Math.min(Math.max(0, dueMillis - clock.nowMillis()), MAX_TIMER_MILLIS);
    cancel = clock.after(millis, () => {
      const now = clock.nowMillis();
      if (now >= dueMillis) {
        run();
        dueMillis += periodMillis * Math.ceil((now - dueMillis + 1) / periodMillis);
      }
      wait();
    });
  };
  wait();
  return () => cancel();
}

/** EventBridge user guide, "Scheduled Event". */
function scheduledEvent(
  schedule: ScheduleResource,
  { region, accountId }: ScheduleOptions,
  clock: Clock,
): unknown {
  if (schedule.input !== undefined) return JSON.parse(schedule.input);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: accountId,
    time: new Date(clock.nowMillis()).toISOString().replace(/\.\d+/, ''),
    region,
    resources: [`arn:aws:events:${region}:${accountId}:rule/${schedule.name}`],
    detail: {},
  };
}
