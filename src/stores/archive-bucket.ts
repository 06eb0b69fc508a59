import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from './aws-clients.ts';
import { archiveKey, hourOf } from './keys.ts';

export { archiveKey, hourOf };

const compress = promisify(gzip);

/** Puts newline-delimited JSON, gzip; equal lines give equal bytes. */
export async function putArchive(bucketName: string, key: string, lines: readonly string[]): Promise<void> {
  const Body = await compress(`${lines.join('\n')}\n`);
  await s3().send(
    new PutObjectCommand({ Bucket: bucketName, Key: key, Body, ContentType: 'application/gzip' }),
  );
}
