import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { md5, type PutObject, type S3BucketStore } from './s3-bucket-store.ts';
import { writeAside } from './s3-file.ts';
import type { StoredObject } from './s3-object.ts';

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly options: PutObject;
}

export interface Part {
  readonly partNumber: number;
  readonly etag: string;
  readonly size: number;
  readonly modifiedMillis: number;
}

const MAX_PARTS = 10_000;

/** Multipart uploads: the parts lie in a folder of their own until they are put together (Amazon S3 user guide, multipart upload). */
export class MultipartUploads {
  readonly #folder: string;
  readonly #store: S3BucketStore;

  constructor(store: S3BucketStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  create(bucket: string, key: string, options: PutObject): string {
    const uploadId = randomUUID();
    mkdirSync(join(this.#folder, uploadId), { recursive: true });
    const upload: Upload = { bucket, key, options };
    writeFileSync(join(this.#folder, uploadId, 'upload.json'), JSON.stringify(upload));
    return uploadId;
  }

  /** @throws AwsError NoSuchUpload, InvalidArgument */
  async putPart(uploadId: string, partNumber: number, bytes: Uint8Array): Promise<string> {
    this.#read(uploadId);
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PARTS)
      throw new AwsError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
    const etag = md5(bytes);
    const written = await writeAside(this.#store.incomingFolder, bytes, false);
    for (const part of this.parts(uploadId)) {
      if (part.partNumber === partNumber) rmSync(this.#partFile(uploadId, part));
    }
    renameSync(written.path, this.#partFile(uploadId, { partNumber, etag }));
    return etag;
  }

  /** @throws AwsError NoSuchUpload */
  parts(uploadId: string): Part[] {
    this.#read(uploadId);
    const folder = join(this.#folder, uploadId);
    return readdirSync(folder)
      .flatMap((name) => {
        const match = /^(\d{5})-([0-9a-f]{32})$/.exec(name);
        if (!match) return [];
        const { size, mtimeMs } = statSync(join(folder, name));
        return [{ partNumber: Number(match[1]), etag: match[2]!, size, modifiedMillis: mtimeMs }];
      })
      .sort((a, b) => a.partNumber - b.partNumber);
  }

  /** @throws AwsError NoSuchUpload, InvalidPart, InvalidPartOrder */
  async complete(
    uploadId: string,
    chosen: readonly { partNumber: number; etag: string }[],
    onlyIfAbsent: boolean,
  ): Promise<StoredObject> {
    const { bucket, key, options } = this.#read(uploadId);
    const kept = new Map(this.parts(uploadId).map((part) => [part.partNumber, part]));
    checkChosen(chosen, kept);
    const bytes = Buffer.concat(
      await Promise.all(chosen.map((part) => readFile(this.#partFile(uploadId, kept.get(part.partNumber)!)))),
    );
    const digests = chosen.map(({ partNumber }) => Buffer.from(kept.get(partNumber)!.etag, 'hex'));
    const etag = `${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${chosen.length}`;
    const object = await this.#store.put(bucket, key, bytes, { ...options, etag, onlyIfAbsent });
    this.abort(uploadId);
    return object;
  }

  /** @throws AwsError NoSuchUpload */
  abort(uploadId: string): void {
    this.#read(uploadId);
    rmSync(join(this.#folder, uploadId), { recursive: true });
  }

  #partFile(uploadId: string, { partNumber, etag }: { partNumber: number; etag: string }): string {
    return join(this.#folder, uploadId, `${String(partNumber).padStart(5, '0')}-${etag}`);
  }

  #read(uploadId: string): Upload {
    try {
      if (!/^[0-9a-f-]{36}$/.test(uploadId)) throw new Error('not one of ours');
      return JSON.parse(readFileSync(join(this.#folder, uploadId, 'upload.json'), 'utf8')) as Upload;
    } catch {
      throw new AwsError(
        'NoSuchUpload',
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
        404,
      );
    }
  }
}

function checkChosen(
  chosen: readonly { partNumber: number; etag: string }[],
  kept: ReadonlyMap<number, Part>,
): void {
  if (chosen.length === 0)
    throw new AwsError('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  chosen.forEach(({ partNumber, etag }, index) => {
    if (index > 0 && partNumber <= chosen[index - 1]!.partNumber)
      throw new AwsError('InvalidPartOrder', 'The list of parts was not in ascending order.');
    if (kept.get(partNumber)?.etag !== etag.replaceAll('"', ''))
      throw new AwsError('InvalidPart', 'One or more of the specified parts could not be found.');
  });
}
