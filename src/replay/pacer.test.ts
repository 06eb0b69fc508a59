import { expect, it } from 'vitest';
import { Pacer } from './pacer.ts';

it('keeps to its rate, and lets the first at once', async () => {
  const pacer = new Pacer(1000);
  const started = performance.now();
  await pacer.take(100);
  expect(performance.now() - started).toBeLessThan(60);
  await pacer.take(100);
  await pacer.take(1);
  expect(performance.now() - started).toBeGreaterThanOrEqual(195);
});
