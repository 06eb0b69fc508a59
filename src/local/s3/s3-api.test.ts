import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../aws-endpoint/aws-endpoint.test-server.ts';

const { folder, remove } = temporaryFolder();
const Bucket = 'archive';
const bucketFolder = join(folder, 's3', Bucket);
let server: TestServer;
let s3: S3Client;
beforeAll(async () => {
  server = await startTestServer({
    dataFolder: folder,
    buckets: [{ logicalId: 'Archive', name: Bucket, arn: 'arn:aws:s3:::archive', lifecycle: [] }],
  });
  s3 = new S3Client({ ...server.client, forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await server.stop();
  remove();
});

const put = (Key: string, Body: PutObjectCommandInput['Body'] = Key, extra: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...extra }));
const get = async (Key: string, extra: object = {}) => {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...extra }));
  return { ...answer, text: await answer.Body!.transformToString() };
};

describe('S3 objects', () => {
  test('an object is a plain file that people can read, and comes back with its metadata', async () => {
    await put('curated/date=2026-11-21/a.json', '{"a":1}', {
      ContentType: 'application/json',
      ContentEncoding: 'identity',
      Metadata: { station: 'k1' },
      StorageClass: 'STANDARD_IA',
    });
    expect(readFileSync(join(bucketFolder, 'curated/date=2026-11-21/a.json'), 'utf8')).toBe('{"a":1}');
    expect(await get('curated/date=2026-11-21/a.json')).toMatchObject({
      text: '{"a":1}',
      ContentType: 'application/json',
      ContentEncoding: 'identity',
      ContentLength: 7,
      Metadata: { station: 'k1' },
      StorageClass: 'STANDARD_IA',
      ETag: `"${createHash('md5').update('{"a":1}').digest('hex')}"`,
    });
  });

  test('a stream arrives in signed chunks with a checksum behind it', async () => {
    const bytes = randomBytes(200_000);
    const stream = Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
    await put('stream.bin', stream, { ContentLength: bytes.length, ChecksumAlgorithm: 'CRC32' });
    expect(readFileSync(join(bucketFolder, 'stream.bin')).equals(bytes)).toBe(true);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream.bin', ChecksumMode: 'ENABLED' }));
    expect(head.ContentEncoding).toBeUndefined();
    expect(head.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/);
  });

  test('a wrong checksum is refused and nothing is written', async () => {
    await expect(put('bad', 'x', { ChecksumSHA256: `${'A'.repeat(43)}=` })).rejects.toMatchObject({
      name: 'BadDigest',
    });
    await expect(get('bad')).rejects.toBeInstanceOf(NoSuchKey);
  });

  test('a range, a condition and an empty object are answered as HTTP says', async () => {
    const { ETag } = await put('numbers', '0123456789');
    expect(await get('numbers', { Range: 'bytes=2-4' })).toMatchObject({
      text: '234',
      ContentRange: 'bytes 2-4/10',
    });
    expect((await get('numbers', { Range: 'bytes=-3' })).text).toBe('789');
    await expect(get('numbers', { Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    await expect(get('numbers', { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get('numbers', { IfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await put('empty', Buffer.alloc(0));
    expect((await get('empty')).text).toBe('');
  });

  test('If-None-Match: * writes once, also when many try at the same time', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => put('once', String(index), { IfNoneMatch: '*' })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(put('once', 'x', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
  });

  test.each([
    ['../outside'],
    ['folder/'],
    ['a//b'],
    [`long/${'x'.repeat(400)}/end`],
    ['ä ö&<>"+%2F.txt'],
    ['__proto__'],
  ])('the key %j is kept as it is', async (Key) => {
    await put(Key, 'odd');
    expect((await get(Key)).text).toBe('odd');
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(Contents!.map((object) => object.Key)).toContain(Key);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(get(Key)).rejects.toBeInstanceOf(NoSuchKey);
  });

  test.each([[['z', 'z/m', 'z/m/l']], [['q/m/l', 'q/m', 'q']]])(
    'an object may have the name of a folder: %j',
    async (keys) => {
      for (const key of keys) await put(key);
      for (const key of keys) expect((await get(key)).text).toBe(key);
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: keys.toSorted()[0]! }));
      expect(Contents!.map(({ Key }) => Key)).toEqual(keys.toSorted());
      for (const key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
      for (const key of keys) await expect(get(key)).rejects.toBeInstanceOf(NoSuchKey);
    },
  );

  test('a file put or changed by hand is an object', async () => {
    mkdirSync(join(bucketFolder, 'by-hand'), { recursive: true });
    writeFileSync(join(bucketFolder, 'by-hand/file'), 'first');
    expect((await get('by-hand/file')).text).toBe('first');
    await put('by-hand/file', 'second');
    writeFileSync(join(bucketFolder, 'by-hand/file'), 'third by hand');
    const { ETag, text } = await get('by-hand/file');
    expect({ ETag, text }).toEqual({
      ETag: `"${createHash('md5').update('third by hand').digest('hex')}"`,
      text: 'third by hand',
    });
  });

  test('copies with the metadata or with new metadata', async () => {
    await put('source', 'copied', { Metadata: { a: '1' } });
    const copy = { Bucket, CopySource: `${Bucket}/source` };
    await s3.send(new CopyObjectCommand({ ...copy, Key: 'same' }));
    await s3.send(
      new CopyObjectCommand({ ...copy, Key: 'new', MetadataDirective: 'REPLACE', Metadata: { b: '2' } }),
    );
    expect(await get('same')).toMatchObject({ text: 'copied', Metadata: { a: '1' } });
    expect(await get('new')).toMatchObject({ text: 'copied', Metadata: { b: '2' } });
  });

  test('the bucket may stand in the host name', async () => {
    await put('virtual', 'host');
    const headers = {
      host: `${Bucket}.s3.localhost`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request',
    };
    const response = await new Promise<IncomingMessage>((resolve) =>
      httpGet(`${server.url}/virtual`, { headers }, resolve),
    );
    expect(await text(response)).toBe('host');
  });

  test('an object in an archive class cannot be read', async () => {
    await put('cold', 'x', { StorageClass: 'DEEP_ARCHIVE' });
    await expect(get('cold')).rejects.toMatchObject({ name: 'InvalidObjectState' });
  });

  test('leaves nothing half written behind', () => {
    expect(readdirSync(join(folder, 's3/.incoming'))).toEqual([]);
  });
});

describe('S3 lists', () => {
  beforeAll(async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/b-3', 'l/c']) await put(key);
  });

  test('keys come in order, with common prefixes at the delimiter', async () => {
    const list = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/' }));
    expect(list.Contents!.map(({ Key }) => Key)).toEqual(['l/a', 'l/b-3', 'l/c']);
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'l/b/' }]);
    const all = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/' }));
    expect(all.Contents!.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['l/a', 3],
      ['l/b-3', 5],
      ['l/b/1', 5],
      ['l/b/2', 5],
      ['l/c', 3],
    ]);
  });

  test.each([{}, { Delimiter: '/' }])('pages lose and repeat nothing: %j', async (extra) => {
    const entries: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const input = {
        Bucket,
        Prefix: 'l/',
        MaxKeys: 2,
        ...extra,
        ...(ContinuationToken && { ContinuationToken }),
      };
      const page = await s3.send(new ListObjectsV2Command(input));
      entries.push(...(page.Contents ?? []).map(({ Key }) => Key));
      entries.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    const expected =
      'Delimiter' in extra ? ['l/a', 'l/b-3', 'l/b/', 'l/c'] : ['l/a', 'l/b-3', 'l/b/1', 'l/b/2', 'l/c'];
    expect(entries.sort()).toEqual(expected);
  });

  test('the older list has markers', async () => {
    const page = await s3.send(new ListObjectsCommand({ Bucket, Prefix: 'l/', MaxKeys: 2, Marker: 'l/a' }));
    expect(page.Contents!.map(({ Key }) => Key)).toEqual(['l/b-3', 'l/b/1']);
    expect(page.NextMarker).toBe('l/b/1');
  });
});

describe('S3 buckets', () => {
  test('are made, listed, found and removed when they are empty', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'another' }));
    await s3.send(new HeadBucketCommand({ Bucket: 'another' }));
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets!.map(({ Name }) => Name)).toEqual(['another', Bucket]);
    await s3.send(new PutObjectCommand({ Bucket: 'another', Key: 'k', Body: 'x' }));
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    await s3.send(new DeleteObjectsCommand({ Bucket: 'another', Delete: { Objects: [{ Key: 'k' }] } }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'another' }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  test('say in AWS words what is missing and what is not emulated', async () => {
    await expect(
      s3.send(new PutObjectCommand({ Bucket: 'none', Key: 'k', Body: 'x' })),
    ).rejects.toBeInstanceOf(NoSuchBucket);
    await expect(get('nothing')).rejects.toThrow('The specified key does not exist.');
    await expect(s3.send(new GetBucketAclCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
    await expect(put('k', 'x', { Tagging: 'a=b' })).rejects.toMatchObject({ name: 'NotImplemented' });
    await expect(s3.send(new CreateBucketCommand({ Bucket: '..' }))).rejects.toThrow();
  });
});

describe('S3 multipart uploads', () => {
  test('parts become one object whose ETag counts them', async () => {
    const Key = 'large';
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/plain' }),
    );
    const upload = { Bucket, Key, UploadId: UploadId! };
    const Parts = [];
    for (const [index, Body] of ['first ', 'second'].entries()) {
      const PartNumber = index + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      Parts.push({ PartNumber, ETag: ETag! });
    }
    const listed = await s3.send(new ListPartsCommand(upload));
    expect(listed.Parts!.map(({ Size }) => Size)).toEqual([6, 6]);
    const { ETag } = await s3.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
    );
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(await get(Key)).toMatchObject({ text: 'first second', ContentType: 'text/plain', ETag });
  });

  test('an upload that was given up is gone', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }));
    const upload = { Bucket, Key: 'k', UploadId: UploadId! };
    await s3.send(new AbortMultipartUploadCommand(upload));
    await expect(
      s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })),
    ).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });
});
