import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { type AwsResponse, splitOnce } from '../aws-endpoint/aws-endpoint-message.ts';
import type { S3ApiOptions } from './s3-api.ts';
import { uploadBody } from './s3-body.ts';
import { DEFAULT_STORAGE_CLASS, type StoredObject } from './s3-object.ts';
import { isNotModified, parseRange } from './s3-preconditions.ts';
import { parsePutHeaders, parseS3Request, type S3Request } from './s3-request.ts';
import { xmlResponse } from './s3-xml.ts';

/** Classes whose objects have to be restored before they can be read (Amazon S3 user guide, storage classes). */
const ARCHIVE_CLASSES: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];

/** PutObject, and CopyObject when there is a source. */
export async function putObject(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  if (request.headers['x-amz-copy-source'] !== undefined) return copyObject(options, request);
  const { bytes, checksums } = uploadBody(request);
  const put = parsePutHeaders(request);
  const object = await options.store.put(request.bucket, request.key, bytes, {
    ...put,
    headers: { ...put.headers, ...checksums },
  });
  options.onPut?.(request.bucket, request.key);
  return { status: 200, headers: { etag: `"${object.etag}"`, ...checksums } };
}

export async function getObject(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  const { object, handle } = await options.store.open(request.bucket, request.key);
  try {
    requireReadable(object);
    if (isNotModified(request.headers, object)) {
      await handle.close();
      return { status: 304, headers: objectHeaders(object, request) };
    }
    const range = parseRange(request.headers.range, object.size);
    const { start, end } = range ?? { start: 0, end: object.size - 1 };
    const headers = {
      ...objectHeaders(object, request),
      'content-length': String(end - start + 1),
      ...(range && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    };
    if (object.size === 0) {
      await handle.close();
      return { status: 200, headers };
    }
    return { status: range ? 206 : 200, headers, body: handle.createReadStream({ start, end }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export async function headObject(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  const object = await options.store.head(request.bucket, request.key);
  const status = isNotModified(request.headers, object) ? 304 : 200;
  return { status, headers: { ...objectHeaders(object, request), 'content-length': String(object.size) } };
}

export async function deleteObject(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  await options.store.delete(request.bucket, request.key);
  return { status: 204, headers: {} };
}

async function copyObject(options: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  const [path] = splitOnce(String(request.headers['x-amz-copy-source']), '?');
  const source = parseS3Request({ ...request, headers: {}, path: path.startsWith('/') ? path : `/${path}` });
  const { object, bytes } = await options.store.read(source.bucket, source.key);
  requireReadable(object);
  const put = parsePutHeaders(request);
  const replace = request.headers['x-amz-metadata-directive'] === 'REPLACE';
  const { headers, userMetadata } = replace ? put : object;
  const copy = await options.store.put(request.bucket, request.key, bytes, {
    ...put,
    headers: headers ?? {},
    userMetadata: userMetadata ?? {},
  });
  options.onPut?.(request.bucket, request.key);
  return xmlResponse('CopyObjectResult', {
    ETag: `"${copy.etag}"`,
    LastModified: new Date(copy.modifiedMillis).toISOString(),
  });
}

function objectHeaders(object: StoredObject, request: S3Request): Record<string, string> {
  const withChecksums =
    request.headers['x-amz-checksum-mode'] === 'ENABLED' && request.headers.range === undefined;
  const kept = Object.entries(object.headers).filter(
    ([name]) => withChecksums || !name.startsWith('x-amz-checksum-'),
  );
  const meta = Object.entries(object.userMetadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    ...Object.fromEntries([...kept, ...meta]),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMillis).toUTCString(),
    'accept-ranges': 'bytes',
    ...(object.storageClass !== DEFAULT_STORAGE_CLASS && { 'x-amz-storage-class': object.storageClass }),
  };
}

function requireReadable({ storageClass }: StoredObject): void {
  if (ARCHIVE_CLASSES.includes(storageClass))
    throw new AwsError(
      'InvalidObjectState',
      "The operation is not valid for the object's storage class",
      403,
    );
}
