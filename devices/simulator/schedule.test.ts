import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { planSchedule, sampleTimes, type Turn, takeTurns } from './schedule.ts';

/** A clock whose every sleep lasts longer than asked. */
function fakeClock(startMillis: number, oversleepMillis = 0) {
  let now = startMillis;
  const clock: Clock = {
    now: () => now,
    sleep: async (millis) => {
      if (millis > 0) now += millis + oversleepMillis;
    },
  };
  return { clock, pass: (millis: number) => (now += millis) };
}

async function turnsUntil(
  count: number,
  turns: AsyncGenerator<Turn>,
  after: (turn: Turn) => void = () => {},
) {
  const taken: Turn[] = [];
  for await (const turn of turns) {
    taken.push(turn);
    after(turn);
    if (taken.length === count) return taken;
  }
  return taken;
}

const forever = new AbortController().signal;

describe('a plan', () => {
  test('spreads 50 stations at 1 Hz over 50 slots of 20 ms', () => {
    expect(planSchedule({ rate: 1, packed: false, stations: 50 })).toEqual({
      slotMillis: 20,
      slotsPerPeriod: 50,
      sampleMillis: 1000,
      samplesPerTurn: 1,
    });
  });

  test('packs a second of samples into one turn per station', () => {
    const schedule = planSchedule({ rate: 10, packed: true, stations: 4 });
    expect(schedule).toEqual({ slotMillis: 250, slotsPerPeriod: 4, sampleMillis: 100, samplesPerTurn: 10 });
    expect(sampleTimes(schedule, 5000)).toEqual([4100, 4200, 4300, 4400, 4500, 4600, 4700, 4800, 4900, 5000]);
  });

  test.each([0.01, 0.5, 1, 2.5, 7, 33, 333, 1000])('keeps a rate of %d Hz exactly, packed or not', (rate) => {
    for (const packed of [false, true]) {
      const schedule = planSchedule({ rate, packed, stations: 30 });
      const periodSeconds = (schedule.slotMillis * schedule.slotsPerPeriod) / 1000;
      expect(schedule.samplesPerTurn / periodSeconds).toBeCloseTo(rate, 9);
    }
  });
});

describe('turns', () => {
  const schedule = planSchedule({ rate: 1, packed: false, stations: 2 });

  test('do not drift though every sleep is too long', async () => {
    const { clock } = fakeClock(1000, 7);
    const limits = { startMillis: 1000, maxLagMillis: 60_000, signal: forever };
    const turns = await turnsUntil(1001, takeTurns(schedule, clock, limits));
    expect(turns.at(-1)).toEqual({ dueMillis: 1000 + 1000 * 500, slot: 0, missed: false });
    expect(clock.now()).toBeLessThan(501_000 + 500);
  });

  test('are caught up after a stall, and missed when they are too old', async () => {
    const { clock, pass } = fakeClock(0);
    const limits = { startMillis: 0, maxLagMillis: 2000, signal: forever };
    const turns = await turnsUntil(20, takeTurns(schedule, clock, limits), (turn) => {
      if (turn.dueMillis === 1000) pass(5000);
    });
    expect(turns.filter(({ missed }) => missed).map(({ dueMillis }) => dueMillis)).toEqual([
      1500, 2000, 2500, 3000, 3500,
    ]);
    expect(turns.map(({ dueMillis }) => dueMillis)).toEqual(
      Array.from({ length: 20 }, (_, index) => index * 500),
    );
  });

  test('end when the signal aborts', async () => {
    const { clock } = fakeClock(0);
    const controller = new AbortController();
    const limits = { startMillis: 0, maxLagMillis: 2000, signal: controller.signal };
    const turns = await turnsUntil(100, takeTurns(schedule, clock, limits), (turn) => {
      if (turn.dueMillis === 2000) controller.abort();
    });
    expect(turns).toHaveLength(5);
  });
});
