import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { type AwsRequest, splitOnce } from '../aws-endpoint/aws-endpoint-message.ts';
import { contentEncoding } from './s3-body.ts';
import type { PutObject } from './s3-bucket-store.ts';

/** An S3 request, taken apart. */
export interface S3Request extends AwsRequest {
  /** Empty for a request about all buckets. */
  readonly bucket: string;
  /** Empty for a request about a bucket. */
  readonly key: string;
  /** The part of a bucket or object that is meant, for example `uploads`; empty for itself. */
  readonly subresource: string;
}

/** Query parameters that make another operation of a request (Amazon S3 API reference). */
const SUBRESOURCES: readonly string[] =
  `accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle
  location logging metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock
  replication requestPayment restore retention select session tagging torrent uploadId uploads versionId versioning
  versions website`.split(/\s+/);

const STORED_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

/** Headers of a PutObject that ask for what the stand-in does not do. */
const REFUSED_HEADERS =
  /^(?:x-amz-tagging|x-amz-object-lock-.*|x-amz-website-redirect-location|x-amz-server-side-encryption-customer-.*|x-amz-grant-.*|x-amz-write-offset-bytes|if-match)$/;

/** Path style (`/bucket/key`) and virtual-host style (`bucket.s3.localhost`). */
export function parseS3Request(request: AwsRequest): S3Request {
  const path = request.path.replace(/^\/+/, '');
  const hostBucket = bucketOfHost(request.headers.host ?? '');
  const [first, rest = ''] = splitOnce(path, '/');
  const bucket = hostBucket ?? decode(first);
  const key = decode(hostBucket === undefined ? rest : path);
  const subresource = SUBRESOURCES.find((name) => request.query.has(name)) ?? '';
  return { ...request, bucket, key, subresource };
}

/** What a PutObject or CreateMultipartUpload says about the object to come. */
export function parsePutHeaders({ headers }: S3Request): PutObject {
  for (const name of Object.keys(headers)) {
    if (REFUSED_HEADERS.test(name)) throw notImplemented(`the header '${name}'`);
  }
  const kept: Record<string, string> = {};
  for (const name of STORED_HEADERS) {
    const value = headers[name];
    const stored = name === 'content-encoding' ? contentEncoding(String(value ?? '')) : String(value ?? '');
    if (stored !== '') kept[name] = stored;
  }
  const storageClass = headers['x-amz-storage-class'];
  return {
    headers: kept,
    userMetadata: userMetadata(headers),
    ...(storageClass !== undefined && { storageClass: String(storageClass) }),
    onlyIfAbsent: headers['if-none-match'] === '*',
  };
}

/** @throws AwsError InvalidArgument when it is no number in range */
export function parseCount(text: string | null, fallback: number, name: string): number {
  if (text === null) return fallback;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > 2_147_483_647)
    throw new AwsError('InvalidArgument', `Provided ${name} not an integer or within integer range`);
  return count;
}

export function notImplemented(what: string): AwsError {
  return new AwsError(
    'NotImplemented',
    `A header or parameter you provided implies functionality that is not implemented: ${what}`,
    501,
  );
}

function userMetadata(headers: S3Request['headers']): Record<string, string> {
  const found = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return Object.fromEntries(found.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]));
}

function bucketOfHost(host: string): string | undefined {
  return /^(.+?)(?:\.s3)?\.localhost(?::\d+)?$/.exec(host)?.[1];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}
