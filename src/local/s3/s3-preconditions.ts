import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { StoredObject } from './s3-object.ts';

/**
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since (RFC 9110, section 13.2.2).
 * @returns whether the answer is 304
 * @throws AwsError PreconditionFailed
 */
export function isNotModified(headers: IncomingHttpHeaders, object: StoredObject): boolean {
  const matches = (header: string): boolean =>
    header.split(',').some((tag) => ['*', object.etag].includes(tag.trim().replaceAll('"', '')));
  const modifiedSince = (header: string): boolean =>
    Math.floor(object.modifiedMillis / 1000) * 1000 > Date.parse(header);
  const ifMatch = headers['if-match'];
  const ifUnmodifiedSince = headers['if-unmodified-since'];
  if (
    ifMatch !== undefined
      ? !matches(ifMatch)
      : ifUnmodifiedSince !== undefined && modifiedSince(ifUnmodifiedSince)
  )
    throw new AwsError(
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
      412,
    );
  const ifNoneMatch = headers['if-none-match'];
  const ifModifiedSince = headers['if-modified-since'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch);
  return ifModifiedSince !== undefined && !modifiedSince(ifModifiedSince);
}

/**
 * The bytes a Range header asks for, both ends included; undefined for all of them.
 * @throws AwsError InvalidRange when none of them exist
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || end < start)
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}
