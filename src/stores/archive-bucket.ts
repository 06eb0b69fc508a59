import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from './aws-clients.ts';

const HOUR_MILLIS = 3_600_000;
const compress = promisify(gzip);

/** Start of the hour of an instant, milliseconds since the epoch. */
export function hourOf(millis: number): number {
  return Math.floor(millis / HOUR_MILLIS) * HOUR_MILLIS;
}

/**
 * `curated/date=2026-11-21/hour=04/shardId-000000000000-4954….json.gz`. The name follows from the first record that the
 * object holds, so that a retry of the batch overwrites it.
 */
export function archiveKey(hourMillis: number, shardId: string, firstSequenceNumber: string): string {
  const iso = new Date(hourMillis).toISOString();
  return `curated/date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/${shardId}-${firstSequenceNumber}.json.gz`;
}

/** Puts newline-delimited JSON, gzip; equal lines give equal bytes. */
export async function putArchive(bucketName: string, key: string, lines: readonly string[]): Promise<void> {
  const Body = await compress(`${lines.join('\n')}\n`);
  await s3().send(
    new PutObjectCommand({ Bucket: bucketName, Key: key, Body, ContentType: 'application/gzip' }),
  );
}
