import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';
import type { S3ApiOptions } from './s3-api.ts';
import type { ListPage, ListRequest } from './s3-listing.ts';
import { parseCount, type S3Request } from './s3-request.ts';
import { textsOf, type XmlElements, xmlResponse } from './s3-xml.ts';

const OWNER = { ID: '0'.repeat(64), DisplayName: 'mesonet' };
const MAX_KEYS = 1000;

export function listBuckets({ store }: S3ApiOptions): AwsResponse {
  const Bucket = store
    .bucketNames()
    .map((Name) => ({ Name, CreationDate: isoTime(store.bucketCreatedMillis(Name)) }));
  return xmlResponse('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket } });
}

/** Creating a bucket that is there is no error, as in us-east-1. */
export function createBucket({ store }: S3ApiOptions, { bucket }: S3Request): AwsResponse {
  store.createBucket(bucket);
  return { status: 200, headers: { location: `/${bucket}` } };
}

export function headBucket({ store }: S3ApiOptions, { bucket, region }: S3Request): AwsResponse {
  requireBucket(store.hasBucket(bucket));
  return { status: 200, headers: { 'x-amz-bucket-region': region } };
}

export function deleteBucket({ store }: S3ApiOptions, { bucket }: S3Request): AwsResponse {
  store.deleteBucket(bucket);
  return { status: 204, headers: {} };
}

export function getBucketLocation({ store }: S3ApiOptions, { bucket }: S3Request): AwsResponse {
  requireBucket(store.hasBucket(bucket));
  return xmlResponse('LocationConstraint', {});
}

/** ListObjectsV2, and ListObjects when `list-type` is not 2. */
export async function listObjects(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  const { query, bucket } = request;
  const version2 = query.get('list-type') === '2';
  const list = parseListRequest(query, version2);
  const page = await options.store.list(bucket, list);
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string) => key;
  return xmlResponse('ListBucketResult', {
    Name: bucket,
    Prefix: encode(list.prefix),
    MaxKeys: list.maxKeys,
    IsTruncated: page.continueAfter !== undefined,
    ...(list.delimiter !== '' && { Delimiter: encode(list.delimiter) }),
    ...(query.has('encoding-type') && { EncodingType: 'url' }),
    ...(version2 ? version2Marks(page, query) : version1Marks(page, query, encode)),
    Contents: await contentsOf(options, bucket, page, encode),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

export async function deleteObjects(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  const { bucket, body } = request;
  requireBucket(options.store.hasBucket(bucket));
  const xml = body.toString();
  const keys = textsOf(xml, 'Key');
  if (keys.length === 0 || keys.length > MAX_KEYS)
    throw new AwsError(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  for (const key of keys) await options.store.delete(bucket, key);
  const quiet = textsOf(xml, 'Quiet')[0] === 'true';
  return xmlResponse('DeleteResult', quiet ? {} : { Deleted: keys.map((Key) => ({ Key })) });
}

function parseListRequest(query: URLSearchParams, version2: boolean): ListRequest {
  const token = version2 ? query.get('continuation-token') : null;
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    startAfter: version2 ? (query.get('start-after') ?? '') : '',
    continueAfter: version2 ? decodeToken(token) : (query.get('marker') ?? ''),
    maxKeys: Math.min(MAX_KEYS, parseCount(query.get('max-keys'), MAX_KEYS, 'max-keys')),
  };
}

function version2Marks(page: ListPage, query: URLSearchParams): XmlElements {
  const token = query.get('continuation-token');
  return {
    KeyCount: page.keys.length + page.commonPrefixes.length,
    ...(token !== null && { ContinuationToken: token }),
    ...(query.has('start-after') && { StartAfter: query.get('start-after')! }),
    ...(page.continueAfter !== undefined && {
      NextContinuationToken: Buffer.from(page.continueAfter).toString('base64'),
    }),
  };
}

function version1Marks(page: ListPage, query: URLSearchParams, encode: (key: string) => string): XmlElements {
  return {
    Marker: encode(query.get('marker') ?? ''),
    ...(page.continueAfter !== undefined && { NextMarker: encode(page.continueAfter) }),
  };
}

async function contentsOf(
  { store }: S3ApiOptions,
  bucket: string,
  page: ListPage,
  encode: (key: string) => string,
): Promise<XmlElements[]> {
  const contents: XmlElements[] = [];
  for (const key of page.keys) {
    const object = await store.head(bucket, key).catch(() => undefined);
    if (!object) continue;
    contents.push({
      Key: encode(key),
      LastModified: isoTime(object.modifiedMillis),
      ETag: `"${object.etag}"`,
      Size: object.size,
      StorageClass: object.storageClass,
    });
  }
  return contents;
}

function decodeToken(token: string | null): string {
  if (token === null) return '';
  const text = Buffer.from(token, 'base64').toString();
  if (text === '') throw new AwsError('InvalidArgument', 'The continuation token provided is incorrect');
  return text;
}

function requireBucket(found: boolean): void {
  if (!found) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}

function isoTime(millis: number): string {
  return new Date(millis).toISOString();
}
