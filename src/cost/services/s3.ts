import type { BucketResource } from '../../stack/stack.ts';
import { DAYS_PER_MONTH, GIGABYTE, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import type { Deployment } from '../deployment.ts';
import type { Use } from '../handlers/work.ts';
import { priceNamed } from '../price-sheet.ts';

/** S3 does not move smaller objects to another class unless a rule says so (S3 user guide, "Transitioning objects"). */
const MIN_TRANSITION_BYTES = 128 * 1024;

/** Requests, storage by class as the lifecycle moves it, and the moves themselves. */
export function s3Usage({ stack }: Deployment, uses: readonly Use[], storageMonths: number): Usage[] {
  return uses.flatMap((use) => {
    if (use.kind !== 'object') return [];
    const bucket = stack.buckets.find(({ name }) => name === use.bucket);
    const what = `${bucket?.logicalId ?? use.bucket}, ${use.key.replace(/!\{.*$/, '…')}`;
    const objects = use.objectsPerSecond * SECONDS_PER_MONTH;
    return [
      { price: 's3.puts', what, perMonth: objects } satisfies Usage,
      ...storage(use, bucket, storageMonths, what),
    ];
  });
}

function storage(
  { key, objectsPerSecond, bytesPerSecond }: Use & { kind: 'object' },
  bucket: BucketResource | undefined,
  storageMonths: number,
  what: string,
): Usage[] {
  const gigabytes = (bytesPerSecond * SECONDS_PER_MONTH) / GIGABYTE;
  const objects = objectsPerSecond * SECONDS_PER_MONTH;
  return stagesOf(bucket, key, bytesPerSecond / objectsPerSecond, storageMonths * DAYS_PER_MONTH).flatMap(
    ({ storageClass, days, isMoved }) => [
      {
        price: priceNamed(`s3.storage.${storageClass}`) ?? 's3.storage.STANDARD',
        what,
        perMonth: gigabytes * (days / DAYS_PER_MONTH),
      },
      {
        price: priceNamed(`s3.transition.${storageClass}`) ?? 's3.transition.DEEP_ARCHIVE',
        what,
        perMonth: isMoved ? objects : 0,
      },
    ],
  );
}

interface Stage {
  readonly storageClass: string;
  readonly days: number;
  readonly isMoved: boolean;
}

/** The classes that an object of this size is in, one after the other, until it expires or the counted time is over. */
export function stagesOf(
  bucket: BucketResource | undefined,
  key: string,
  objectBytes: number,
  countedDays: number,
): Stage[] {
  const rules = (bucket?.lifecycle ?? []).filter(({ prefix }) => key.startsWith(prefix));
  const end = Math.min(countedDays, ...rules.map(({ expirationDays }) => expirationDays ?? countedDays));
  const moves = rules
    .filter(({ minimumBytes }) => objectBytes > (minimumBytes ?? MIN_TRANSITION_BYTES))
    .flatMap(({ transitions }) => transitions)
    .filter(({ days }) => days < end)
    .sort((a, b) => a.days - b.days);
  const starts = [{ storageClass: 'STANDARD', days: 0 }, ...moves];
  return starts.map(({ storageClass, days }, i) => ({
    storageClass,
    days: (starts[i + 1]?.days ?? end) - days,
    isMoved: i > 0,
  }));
}
