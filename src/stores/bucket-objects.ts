import {
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { s3 } from './aws-clients.ts';

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** When it was put, milliseconds since the epoch. */
  readonly modifiedMillis: number;
}

/** The objects under a prefix in the order of their keys, behind `after` when it is given. */
export async function* listObjects(
  bucketName: string,
  prefix: string,
  after?: string,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const input: ListObjectsV2CommandInput = {
      Bucket: bucketName,
      Prefix: prefix,
      ...(after !== undefined && { StartAfter: after }),
      ...(token !== undefined && { ContinuationToken: token }),
    };
    const page = await s3().send(new ListObjectsV2Command(input));
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      yield { key: Key!, bytes: Size ?? 0, modifiedMillis: LastModified?.getTime() ?? 0 };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

/** The bytes of an object as they come. */
export async function* streamObject(bucketName: string, key: string): AsyncGenerator<Uint8Array> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucketName, Key: key }));
  yield* Body as unknown as AsyncIterable<Uint8Array>;
}

/** The names of the account's buckets that begin so, in the region of the client. */
export async function bucketsNamed(prefix: string): Promise<string[]> {
  const { Buckets = [] } = await s3().send(new ListBucketsCommand({}));
  return Buckets.map(({ Name }) => Name!).filter((name) => name.startsWith(prefix));
}

/** The whole object. */
export async function readObject(bucketName: string, key: string): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucketName, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

/** An object's ETag without its quotes. */
export async function objectTag(bucketName: string, key: string): Promise<string> {
  const { ETag } = await s3().send(new HeadObjectCommand({ Bucket: bucketName, Key: key }));
  return (ETag ?? '').replaceAll('"', '');
}
