import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentWeeks } from '../src/stores/weekly-tables.ts';
import { startAws, type TestAws, WEEKLY_PREFIX } from '../tests/aws/start-aws.ts';
import { handler } from './create-weekly-tables.ts';

let aws: TestAws;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());

it('creates the tables of last, this and next week once, also when run twice at the same time', async () => {
  const expected = currentWeeks(Date.now()).map((week) => `${WEEKLY_PREFIX}${week}`);
  const results = await Promise.all([handler(), handler()]);
  expect(results.flatMap(({ created }) => created).sort()).toEqual(expected.sort());
  expect(await handler()).toEqual({ created: [] });
  expect((await aws.tables()).filter((name) => name.startsWith(WEEKLY_PREFIX)).sort()).toEqual(expected);
});

it('takes the time from the scheduled event', async () => {
  const time = '2031-05-14T00:00:00Z';
  const { created } = await handler({ source: 'aws.events', time });
  expect(created.map((name) => name.slice(WEEKLY_PREFIX.length))).toEqual([
    '2031-W19',
    '2031-W20',
    '2031-W21',
  ]);
});
