import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { failpoint } from '../failpoint.ts';
import type { Durability } from '../log/durable-log.ts';
import { isFile, isFolder, makeFolders, placeOf, pruneFolders, syncFolders, writeAside } from './s3-file.ts';
import { pathOfKey } from './s3-key-path.ts';
import { keysUnder, type ListPage, type ListRequest, pageOf } from './s3-listing.ts';
import {
  DEFAULT_CONTENT_TYPE,
  DEFAULT_STORAGE_CLASS,
  type ObjectMetadata,
  type StoredObject,
} from './s3-object.ts';

export interface PutObject {
  readonly headers?: Readonly<Record<string, string>>;
  readonly userMetadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  /** Given for multipart objects, whose ETag is not the MD5 of their bytes. */
  readonly etag?: string;
  /** Refuses to replace an object. */
  readonly onlyIfAbsent?: boolean;
}

/** What the sidecar file holds: the metadata, and of which file it speaks. */
interface Sidecar extends ObjectMetadata {
  readonly size: number;
  readonly modifiedMillis: number;
}

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const MAX_KEY_BYTES = 1024;
const MAX_OPEN_ATTEMPTS = 5;

/**
 * S3 buckets as folders of plain files: `<folder>/<bucket>/<key>`, metadata beside them in `<folder>/.metadata`. The
 * file is the truth: one that was put or changed by hand is an object too, with an ETag computed when it is read.
 */
export class S3BucketStore {
  readonly #folder: string;
  readonly #sync: boolean;

  private constructor(folder: string, durability: Durability) {
    this.#folder = folder;
    this.#sync = durability === 'power';
    rmSync(this.incomingFolder, { recursive: true, force: true });
    mkdirSync(this.incomingFolder, { recursive: true });
  }

  static open(options: { folder: string; durability: Durability }): S3BucketStore {
    return new S3BucketStore(options.folder, options.durability);
  }

  /** Where files are written until they are whole. */
  get incomingFolder(): string {
    return join(this.#folder, '.incoming');
  }

  bucketNames(): string[] {
    return readdirSync(this.#folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  }

  hasBucket(bucket: string): boolean {
    return BUCKET_NAME.test(bucket) && existsSync(join(this.#folder, bucket));
  }

  bucketCreatedMillis(bucket: string): number {
    return statSync(this.#root(bucket)).birthtimeMs;
  }

  /** @throws AwsError InvalidBucketName */
  createBucket(bucket: string): void {
    if (!BUCKET_NAME.test(bucket) || bucket.includes('..'))
      throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.');
    mkdirSync(join(this.#folder, bucket), { recursive: true });
  }

  /** @throws AwsError NoSuchBucket, BucketNotEmpty */
  deleteBucket(bucket: string): void {
    const root = this.#root(bucket);
    if (readdirSync(root).length > 0)
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    rmSync(root, { recursive: true });
  }

  /**
   * Writes or replaces an object; a reader sees the old one or the new one, whole. At durability `power` it is on the
   * disk when this resolves.
   * @throws AwsError NoSuchBucket, KeyTooLongError, PreconditionFailed
   */
  async put(bucket: string, key: string, bytes: Uint8Array, options: PutObject = {}): Promise<StoredObject> {
    this.#root(bucket);
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new AwsError('KeyTooLongError', 'Your key is too long');
    const written = await writeAside(this.incomingFolder, bytes, this.#sync);
    const { size, modifiedMillis } = written;
    const metadata: ObjectMetadata = {
      key,
      etag: options.etag ?? md5(bytes),
      storageClass: options.storageClass ?? DEFAULT_STORAGE_CLASS,
      headers: { 'content-type': DEFAULT_CONTENT_TYPE, ...options.headers },
      userMetadata: options.userMetadata ?? {},
    };
    const sidecar = await this.#writeSidecar({ ...metadata, size, modifiedMillis });
    if (options.onlyIfAbsent && isFile(this.#place(bucket, key))) {
      for (const path of [written.path, sidecar]) unlinkSync(path);
      throw new AwsError(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
        412,
      );
    }
    const file = await this.#moveIn(bucket, key, written.path, sidecar);
    return { ...metadata, size, modifiedMillis, file };
  }

  /** @throws AwsError NoSuchBucket, NoSuchKey */
  async head(bucket: string, key: string): Promise<StoredObject> {
    const file = this.#place(bucket, key);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    const { size, mtimeMs } = found;
    const sidecar = await this.#readSidecar(bucket, file);
    if (sidecar && sidecar.size === size && sidecar.modifiedMillis === mtimeMs) return { ...sidecar, file };
    return { ...(await metadataByHand(file, key)), size, modifiedMillis: mtimeMs, file };
  }

  /** @throws AwsError NoSuchBucket, NoSuchKey */
  async read(bucket: string, key: string): Promise<{ object: StoredObject; bytes: Buffer }> {
    const object = await this.head(bucket, key);
    return { object, bytes: await readFile(object.file) };
  }

  /**
   * Opens an object whose bytes stay the ones that its metadata speaks of, whatever is put meanwhile.
   * @throws AwsError NoSuchBucket, NoSuchKey, OperationAborted when it is replaced again and again
   */
  async open(bucket: string, key: string): Promise<{ object: StoredObject; handle: FileHandle }> {
    for (let attempt = 0; attempt < MAX_OPEN_ATTEMPTS; attempt++) {
      const object = await this.head(bucket, key);
      const handle = await open(object.file, 'r').catch(() => undefined);
      const { mtimeMs, size } = (await handle?.stat()) ?? {};
      if (handle && mtimeMs === object.modifiedMillis && size === object.size) return { object, handle };
      await handle?.close();
    }
    throw new AwsError(
      'OperationAborted',
      'A conflicting conditional operation is currently in progress',
      409,
    );
  }

  /** Removes an object; it is no error when there is none. */
  async delete(bucket: string, key: string): Promise<void> {
    const file = this.#place(bucket, key);
    const sidecar = this.#sidecarOf(bucket, file);
    for (const path of [file, sidecar]) rmSync(path, { force: true });
    pruneFolders(this.#root(bucket), file);
    pruneFolders(this.#sidecarRoot(bucket), sidecar);
    if (this.#sync) await syncFolders([nearestFolder(file)]);
  }

  /** Changes what is kept about an object; its bytes and time stay. */
  async setStorageClass(bucket: string, key: string, storageClass: string): Promise<void> {
    const { file, ...object } = await this.head(bucket, key);
    const written = await this.#writeSidecar({ ...object, storageClass });
    const sidecar = this.#sidecarOf(bucket, file);
    mkdirSync(dirname(sidecar), { recursive: true });
    renameSync(written, sidecar);
  }

  /** @throws AwsError NoSuchBucket */
  async list(bucket: string, request: ListRequest): Promise<ListPage> {
    return pageOf(await this.keys(bucket, request), request);
  }

  /** Every key that may begin with the prefix; folders instead of their keys where the delimiter allows it. */
  async keys(bucket: string, request: Pick<ListRequest, 'prefix'> & Partial<ListRequest>): Promise<string[]> {
    const shallow = request.delimiter === '/' && !request.startAfter;
    return keysUnder(this.#root(bucket), request.prefix, shallow, async (path) => {
      const sidecar = await this.#readSidecar(bucket, join(this.#root(bucket), path));
      return sidecar?.key;
    });
  }

  /** Both renames and the folders they need happen in one turn of the event loop: no other request comes between. */
  async #moveIn(bucket: string, key: string, written: string, sidecar: string): Promise<string> {
    const path = pathOfKey(key);
    const sidecarFolders = makeFolders(this.#sidecarRoot(bucket), path);
    const folders = makeFolders(this.#root(bucket), path);
    const file = placeOf(this.#root(bucket), path);
    const place = this.#sidecarOf(bucket, file);
    // Folders that somebody removed by hand have left their metadata behind.
    if (isFolder(place)) rmSync(place, { recursive: true });
    failpoint('archive.beforeRename');
    renameSync(sidecar, place);
    renameSync(written, file);
    if (this.#sync) await syncFolders([...sidecarFolders, ...folders]);
    return file;
  }

  async #writeSidecar(sidecar: Sidecar): Promise<string> {
    const { path } = await writeAside(this.incomingFolder, `${JSON.stringify(sidecar)}\n`, this.#sync);
    return path;
  }

  async #readSidecar(bucket: string, file: string): Promise<Sidecar | undefined> {
    try {
      return JSON.parse(await readFile(this.#sidecarOf(bucket, file), 'utf8')) as Sidecar;
    } catch {
      return undefined;
    }
  }

  #place(bucket: string, key: string): string {
    return placeOf(this.#root(bucket), pathOfKey(key));
  }

  #sidecarOf(bucket: string, file: string): string {
    return join(this.#sidecarRoot(bucket), file.slice(this.#root(bucket).length));
  }

  #sidecarRoot(bucket: string): string {
    return join(this.#folder, '.metadata', bucket);
  }

  #root(bucket: string): string {
    if (!this.hasBucket(bucket))
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return join(this.#folder, bucket);
  }
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

async function metadataByHand(file: string, key: string): Promise<ObjectMetadata> {
  return {
    key,
    etag: md5(await readFile(file)),
    storageClass: DEFAULT_STORAGE_CLASS,
    headers: { 'content-type': DEFAULT_CONTENT_TYPE },
    userMetadata: {},
  };
}

/** The deepest folder above a path that is still there. */
function nearestFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}
