import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';

/** Objects larger than this are not read for a trace. */
const MAX_OBJECT_BYTES = 32 * 1024 * 1024;

/** The bytes of an object; undefined when there is none, or when it is too large to be looked into. */
export async function readObject(
  buckets: S3BucketStore,
  bucketName: string,
  key: string,
): Promise<Buffer | undefined> {
  try {
    const { size } = await buckets.head(bucketName, key);
    return size > MAX_OBJECT_BYTES ? undefined : (await buckets.read(bucketName, key)).bytes;
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

/**
 * Objects that hold a run of records are named by the first of them, so the one that holds a record is the last that is
 * not beyond it.
 */
export async function lastKeyUpTo(
  buckets: S3BucketStore,
  bucketName: string,
  { prefix, upTo }: { prefix: string; upTo: string },
): Promise<string | undefined> {
  if (!buckets.hasBucket(bucketName)) return undefined;
  const keys = await buckets.keys(bucketName, { prefix });
  return keys
    .filter((key) => key.startsWith(prefix) && key <= upTo)
    .reduce<string | undefined>((last, key) => (last === undefined || key > last ? key : last), undefined);
}
