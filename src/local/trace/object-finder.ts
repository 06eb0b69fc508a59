import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';

/** Objects larger than this are not read for a trace. */
const MAX_OBJECT_BYTES = 32 * 1024 * 1024;

/** Looks for objects on behalf of one trace: each folder is listed once, however many messages ask for it. */
export class ObjectFinder {
  readonly #buckets: S3BucketStore;
  readonly #listings = new Map<string, Promise<readonly string[]>>();

  constructor(buckets: S3BucketStore) {
    this.#buckets = buckets;
  }

  /** The bytes of an object; undefined when there is none, or when it is too large to be looked into. */
  async read(bucketName: string, key: string): Promise<Buffer | undefined> {
    try {
      const { size } = await this.#buckets.head(bucketName, key);
      return size > MAX_OBJECT_BYTES ? undefined : (await this.#buckets.read(bucketName, key)).bytes;
    } catch (error) {
      if (error instanceof AwsError) return undefined;
      throw error;
    }
  }

  /** The keys of a folder, which ends with `/`, and of all below it; none when there is no such bucket. */
  keys(bucketName: string, folder: string): Promise<readonly string[]> {
    const name = `${bucketName}/${folder}`;
    let listing = this.#listings.get(name);
    if (!listing) {
      listing = this.#list(bucketName, folder);
      this.#listings.set(name, listing);
    }
    return listing;
  }

  /**
   * Objects that hold a run of records are named by the first of them, so the one that holds a record is the last that is
   * not beyond the name that the record itself would give.
   */
  async lastUpTo(bucketName: string, own: string, prefix: string): Promise<string | undefined> {
    const keys = await this.keys(bucketName, own.slice(0, own.lastIndexOf('/') + 1));
    return keys
      .filter((key) => key.startsWith(prefix) && key <= own)
      .reduce<string | undefined>((last, key) => (last === undefined || key > last ? key : last), undefined);
  }

  async #list(bucketName: string, folder: string): Promise<readonly string[]> {
    if (!this.#buckets.hasBucket(bucketName)) return [];
    const keys = await this.#buckets.keys(bucketName, { prefix: folder });
    return keys.filter((key) => key.startsWith(folder));
  }
}
