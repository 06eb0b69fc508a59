import { describe, expect, test } from 'vitest';
import type { LifecycleRule } from '../../stack/stack.ts';
import { temporaryFolder } from '../aws-endpoint/aws-endpoint.test-server.ts';
import { S3BucketStore } from './s3-bucket-store.ts';
import { actionFor, applyLifecycle } from './s3-lifecycle.ts';

const DAY = 86_400_000;
const MADE = Date.UTC(2026, 10, 1, 6);
const rule: LifecycleRule = {
  id: 'cool',
  prefix: 'raw/',
  minimumBytes: undefined,
  transitions: [
    { storageClass: 'STANDARD_IA', days: 30 },
    { storageClass: 'DEEP_ARCHIVE', days: 180 },
  ],
  expirationDays: 365,
};
const object = { key: 'raw/a', size: 1_000_000, storageClass: 'STANDARD', modifiedMillis: MADE };

describe('lifecycle rules', () => {
  test.each([
    ['before anything is due', {}, 29, undefined],
    ['only at the midnight after', {}, 30, undefined],
    ['to the class that is due', {}, 31, 'STANDARD_IA'],
    ['to the coldest class that is due', {}, 200, 'DEEP_ARCHIVE'],
    ['not twice', { storageClass: 'DEEP_ARCHIVE' }, 200, undefined],
    ['to expiry', { storageClass: 'DEEP_ARCHIVE' }, 366, 'expire'],
    ['not under another prefix', { key: 'curated/a' }, 366, undefined],
    ['not when it is smaller than 128 KiB', { size: 131_071 }, 31, undefined],
    ['but small objects expire', { size: 1 }, 366, 'expire'],
  ])('an object goes %s', (_, change, days, expected) => {
    const action = actionFor({ ...object, ...change }, [rule], MADE + days * DAY);
    expect(action?.kind === 'transition' ? action.storageClass : action?.kind).toBe(expected);
  });

  test('a rule that states a size moves small objects too', () => {
    const small = { ...object, size: 2000 };
    expect(actionFor(small, [{ ...rule, minimumBytes: 1000 }], MADE + 31 * DAY)).toMatchObject({
      storageClass: 'STANDARD_IA',
    });
    expect(actionFor({ ...small, size: 1000 }, [{ ...rule, minimumBytes: 1000 }], MADE + 31 * DAY)).toBe(
      undefined,
    );
  });

  test('a run changes the class in the metadata, then removes the object', async () => {
    const { folder, remove } = temporaryFolder();
    const store = S3BucketStore.open({ folder, durability: 'power' });
    store.createBucket('archive');
    const bytes = Buffer.alloc(200_000);
    await store.put('archive', 'raw/a', bytes);
    await store.put('archive', 'kept', bytes);
    const buckets = [{ name: 'archive', lifecycle: [rule] }];
    const days = (count: number): number => Date.now() + count * DAY;
    expect(await applyLifecycle(store, buckets, days(40))).toEqual({ transitioned: 1, expired: 0 });
    expect(await store.head('archive', 'raw/a')).toMatchObject({
      storageClass: 'STANDARD_IA',
      size: 200_000,
    });
    expect(await applyLifecycle(store, buckets, days(40))).toEqual({ transitioned: 0, expired: 0 });
    expect(await applyLifecycle(store, buckets, days(400))).toEqual({ transitioned: 0, expired: 1 });
    expect(await store.keys('archive', { prefix: '' })).toEqual(['kept']);
    remove();
  });
});
