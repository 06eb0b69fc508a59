import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace, AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';
import {
  createBucket,
  deleteBucket,
  deleteObjects,
  getBucketLocation,
  headBucket,
  listBuckets,
  listObjects,
} from './s3-api-bucket.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
} from './s3-api-multipart.ts';
import { deleteObject, getObject, headObject, putObject } from './s3-api-object.ts';
import type { S3BucketStore } from './s3-bucket-store.ts';
import type { MultipartUploads } from './s3-multipart.ts';
import { notImplemented, parseS3Request, type S3Request } from './s3-request.ts';

export interface S3ApiOptions {
  readonly store: S3BucketStore;
  readonly uploads: MultipartUploads;
  /** Told whenever an object was written through the API. */
  readonly onPut?: (bucket: string, key: string) => void;
}

type S3Operation = (options: S3ApiOptions, request: S3Request) => Promise<AwsResponse> | AwsResponse;

/** By method, what the request is about, and the subresource (Amazon S3 API reference). */
const OPERATIONS: Readonly<Record<string, S3Operation>> = {
  'GET service': listBuckets,
  'PUT bucket': createBucket,
  'HEAD bucket': headBucket,
  'DELETE bucket': deleteBucket,
  'GET bucket': listObjects,
  'GET bucket location': getBucketLocation,
  'POST bucket delete': deleteObjects,
  'PUT object': putObject,
  'GET object': getObject,
  'HEAD object': headObject,
  'DELETE object': deleteObject,
  'POST object uploads': createMultipartUpload,
  'PUT object uploadId': uploadPart,
  'GET object uploadId': listParts,
  'POST object uploadId': completeMultipartUpload,
  'DELETE object uploadId': abortMultipartUpload,
};

/** The door of S3: path and virtual-host style, XML errors with S3's codes and words. */
export function s3Face(options: S3ApiOptions): AwsFace {
  return async (signed) => {
    const request = parseS3Request(signed);
    const subject = request.key !== '' ? 'object' : request.bucket !== '' ? 'bucket' : 'service';
    const name = `${request.method} ${subject} ${request.subresource}`.trim();
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (operation) return operation(options, request);
    if (request.subresource !== '') throw notImplemented(`${request.method} with '${request.subresource}'`);
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  };
}
