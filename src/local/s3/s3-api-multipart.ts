import type { AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';
import type { S3ApiOptions } from './s3-api.ts';
import { uploadBody } from './s3-body.ts';
import { notImplemented, parseCount, parsePutHeaders, type S3Request } from './s3-request.ts';
import { textsOf, xmlResponse } from './s3-xml.ts';

export function createMultipartUpload(options: S3ApiOptions, request: S3Request): AwsResponse {
  const { bucket, key } = request;
  options.store.bucketCreatedMillis(bucket);
  const UploadId = options.uploads.create(bucket, key, parsePutHeaders(request));
  return xmlResponse('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId });
}

export async function uploadPart({ uploads }: S3ApiOptions, request: S3Request): Promise<AwsResponse> {
  if (request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('UploadPartCopy');
  const { bytes, checksums } = uploadBody(request);
  const partNumber = parseCount(request.query.get('partNumber'), 0, 'partNumber');
  const etag = await uploads.putPart(uploadIdOf(request), partNumber, bytes);
  return { status: 200, headers: { etag: `"${etag}"`, ...checksums } };
}

export function listParts({ uploads }: S3ApiOptions, request: S3Request): AwsResponse {
  const { bucket, key } = request;
  const UploadId = uploadIdOf(request);
  const Part = uploads.parts(UploadId).map((part) => ({
    PartNumber: part.partNumber,
    LastModified: new Date(part.modifiedMillis).toISOString(),
    ETag: `"${part.etag}"`,
    Size: part.size,
  }));
  return xmlResponse('ListPartsResult', { Bucket: bucket, Key: key, UploadId, IsTruncated: false, Part });
}

export async function completeMultipartUpload(
  options: S3ApiOptions,
  request: S3Request,
): Promise<AwsResponse> {
  const { bucket, key } = request;
  const xml = request.body.toString();
  const etags = textsOf(xml, 'ETag');
  const parts = textsOf(xml, 'PartNumber').map((number, index) => ({
    partNumber: Number(number),
    etag: etags[index] ?? '',
  }));
  const onlyIfAbsent = request.headers['if-none-match'] === '*';
  const { etag } = await options.uploads.complete(uploadIdOf(request), parts, onlyIfAbsent);
  options.onPut?.(bucket, key);
  const Location = `http://${request.headers.host}/${bucket}/${encodeURIComponent(key)}`;
  return xmlResponse('CompleteMultipartUploadResult', {
    Location,
    Bucket: bucket,
    Key: key,
    ETag: `"${etag}"`,
  });
}

export function abortMultipartUpload({ uploads }: S3ApiOptions, request: S3Request): AwsResponse {
  uploads.abort(uploadIdOf(request));
  return { status: 204, headers: {} };
}

function uploadIdOf({ query }: S3Request): string {
  return query.get('uploadId') ?? '';
}
