import type { BucketResource, LifecycleRule } from '../../stack/stack.ts';
import type { S3BucketStore } from './s3-bucket-store.ts';
import type { StoredObject } from './s3-object.ts';

/** What one run of the rules did. */
export interface LifecycleReport {
  readonly transitioned: number;
  readonly expired: number;
}

type Action = { readonly kind: 'expire' } | { readonly kind: 'transition'; readonly storageClass: string };

const DAY_MILLIS = 86_400_000;

/** Smaller objects stay where they are unless the rule states a size (Amazon S3 user guide, lifecycle transition considerations). */
const SMALLEST_TRANSITIONED_BYTES = 128 * 1024;

/** From the class for hot data to the cheapest: a transition never goes back. */
const WATERFALL: readonly string[] = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];

/**
 * Applies the lifecycle rules of the buckets to every object in them: an expired object is removed, another changes its
 * storage class (in its metadata: the file stays readable on disk).
 */
export async function applyLifecycle(
  store: S3BucketStore,
  buckets: readonly Pick<BucketResource, 'name' | 'lifecycle'>[],
  nowMillis: number,
): Promise<LifecycleReport> {
  let transitioned = 0;
  let expired = 0;
  for (const { name, lifecycle } of buckets) {
    if (lifecycle.length === 0 || !store.hasBucket(name)) continue;
    for (const key of await store.keys(name, { prefix: '' })) {
      const object = await store.head(name, key).catch(() => undefined);
      const action = object && actionFor(object, lifecycle, nowMillis);
      if (action?.kind === 'expire') {
        await store.delete(name, key);
        expired++;
      } else if (action) {
        await store.setStorageClass(name, key, action.storageClass);
        transitioned++;
      }
    }
  }
  return { transitioned, expired };
}

/** Runs the rules now and then daily. Returns the way to stop. */
export function startLifecycle(
  store: S3BucketStore,
  buckets: readonly Pick<BucketResource, 'name' | 'lifecycle'>[],
  options: { nowMillis?: () => number; onError: (error: Error) => void },
): () => void {
  const run = (): void => {
    applyLifecycle(store, buckets, (options.nowMillis ?? Date.now)()).catch(options.onError);
  };
  run();
  const timer = setInterval(run, DAY_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What the rules want of an object at an instant: to expire wins over the coldest class that is due. */
export function actionFor(
  object: Pick<StoredObject, 'key' | 'size' | 'storageClass' | 'modifiedMillis'>,
  rules: readonly LifecycleRule[],
  nowMillis: number,
): Action | undefined {
  const matching = rules.filter(
    ({ prefix, minimumBytes = -1 }) => object.key.startsWith(prefix) && object.size > minimumBytes,
  );
  const due = (days: number): boolean => nowMillis >= dueMillis(object.modifiedMillis, days);
  if (matching.some(({ expirationDays }) => expirationDays !== undefined && due(expirationDays)))
    return { kind: 'expire' };
  const classes = matching
    .filter((rule) => rule.minimumBytes !== undefined || object.size >= SMALLEST_TRANSITIONED_BYTES)
    .flatMap(({ transitions }) => transitions)
    .filter(({ days }) => due(days))
    .map(({ storageClass }) => storageClass);
  const coldest = classes.sort((a, b) => WATERFALL.indexOf(b) - WATERFALL.indexOf(a))[0];
  if (!coldest || WATERFALL.indexOf(coldest) <= WATERFALL.indexOf(object.storageClass)) return undefined;
  return { kind: 'transition', storageClass: coldest };
}

/** Days are counted to the next midnight UTC (Amazon S3 user guide, lifecycle rules: number of days). */
function dueMillis(modifiedMillis: number, days: number): number {
  return Math.ceil((modifiedMillis + days * DAY_MILLIS) / DAY_MILLIS) * DAY_MILLIS;
}
