import { describe, expect, test } from 'vitest';
import type { ScheduleResource } from '../../stack/stack.ts';
import { type Clock, parseRate, ScheduleError, startSchedules } from './schedule.ts';

const DAY = 86_400_000;

/** Time that only passes when told to. */
class ManualClock implements Clock {
  now = Date.UTC(2026, 10, 21);
  waits: number[] = [];
  #timer: { dueMillis: number; callback: () => void } | undefined;
  nowMillis(): number {
    return this.now;
  }
  after(millis: number, callback: () => void): () => void {
    this.waits.push(millis);
    this.#timer = { dueMillis: this.now + millis, callback };
    return () => {
      this.#timer = undefined;
    };
  }
  pass(millis: number): void {
    this.now += millis;
    while (this.#timer && this.#timer.dueMillis <= this.now) {
      const { callback } = this.#timer;
      this.#timer = undefined;
      callback();
    }
  }
}

const start = (schedule: Partial<ScheduleResource>, clock: Clock) => {
  const events: unknown[] = [];
  const stop = startSchedules({
    schedules: [{ name: 'daily', expression: 'rate(1 day)', functionName: 'tables', ...schedule }],
    region: 'eu-west-1',
    accountId: '000000000000',
    invoke: (functionName, event) => events.push([functionName, event]),
    clock,
  });
  return { events, stop };
};

describe('parseRate', () => {
  test.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(12 hours)', 43_200_000],
    ['rate(1 day)', DAY],
    ['rate(30 days)', 30 * DAY],
  ])('%s is %d ms', (expression, millis) => {
    expect(parseRate(expression)).toBe(millis);
  });

  test.each([
    'rate(0 days)',
    'rate(1 days)',
    'rate(2 day)',
    'rate(1 week)',
    'rate(1.5 hours)',
    'every day',
    '',
  ])('%j is refused', (expression) => {
    expect(() => parseRate(expression)).toThrow(ScheduleError);
  });

  test('cron is refused by name', () => {
    expect(() => parseRate('cron(0 12 * * ? *)')).toThrow(
      "Cannot run schedule 'cron(0 12 * * ? *)': cron expressions are not supported, use rate(…)",
    );
  });
});

describe('a schedule', () => {
  test('runs at the start, then at its rate, with the event of EventBridge', () => {
    const clock = new ManualClock();
    const { events, stop } = start({}, clock);
    expect(events).toEqual([
      [
        'tables',
        {
          version: '0',
          id: expect.any(String),
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          account: '000000000000',
          time: '2026-11-21T00:00:00Z',
          region: 'eu-west-1',
          resources: ['arn:aws:events:eu-west-1:000000000000:rule/daily'],
          detail: {},
        },
      ],
    ]);
    clock.pass(DAY - 1);
    expect(events).toHaveLength(1);
    clock.pass(1);
    clock.pass(DAY);
    expect(events).toHaveLength(3);
    stop();
    clock.pass(9 * DAY);
    expect(events).toHaveLength(3);
  });

  test('gives its input instead when it has one', () => {
    expect(start({ input: '{"weeks":2}' }, new ManualClock()).events).toEqual([['tables', { weeks: 2 }]]);
  });

  test('runs once after a long sleep and keeps to its times', () => {
    const clock = new ManualClock();
    const { events } = start({ expression: 'rate(1 hour)' }, clock);
    clock.pass(3.5 * 3_600_000);
    expect([events.length, clock.waits.at(-1)]).toEqual([2, 1_800_000]);
  });

  test('waits longer than a timer can', () => {
    const clock = new ManualClock();
    const { events } = start({ expression: 'rate(60 days)' }, clock);
    for (let day = 1; day < 60; day++) clock.pass(DAY);
    expect(events).toHaveLength(1);
    clock.pass(DAY);
    expect(events).toHaveLength(2);
    expect(Math.max(...clock.waits)).toBeLessThan(2 ** 31);
  });
});
