import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionQuota, MAX_BYTES_PER_SECOND, MAX_PUBLISHES_PER_SECOND } from './connection-quota.ts';

test('over any time a connection publishes no more than its rate and what it saved up in two seconds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 2000 }), (pauses) => {
      const quota = new ConnectionQuota(0);
      let nowMillis = 0;
      let taken = 0;
      for (const pause of pauses) {
        nowMillis += pause;
        if (quota.takesPublish(nowMillis)) taken += 1;
      }
      expect(taken).toBeLessThanOrEqual(MAX_PUBLISHES_PER_SECOND * (2 + nowMillis / 1000));
    }),
  );
});

test('whoever stays below the rate is never refused, nor made to wait', () => {
  const quota = new ConnectionQuota(0);
  for (let nowMillis = 0; nowMillis < 60_000; nowMillis += 10) {
    expect(quota.takesPublish(nowMillis)).toBe(true);
    expect(quota.delayMillis(5000, nowMillis)).toBe(0);
  }
});

test('bytes wait so long that they come at their rate', () => {
  const quota = new ConnectionQuota(0);
  let nowMillis = 0;
  let bytes = 0;
  while (nowMillis < 20_000) {
    nowMillis += quota.delayMillis(100_000, nowMillis) + 0.01;
    bytes += 100_000;
  }
  expect(bytes / (nowMillis / 1000 + 2)).toBeCloseTo(MAX_BYTES_PER_SECOND, -4);
});

test('a clock that goes back refuses nobody for it', () => {
  const quota = new ConnectionQuota(1000);
  expect(quota.takesPublish(0)).toBe(true);
  expect(quota.delayMillis(1, 0)).toBe(0);
});
