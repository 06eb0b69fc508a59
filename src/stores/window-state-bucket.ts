import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from './aws-clients.ts';

/** `state/windows/aggregate-windows/shardId-000000000000/2026-03-01T10:00:00Z-7.bin` */
export function windowStateKey(
  functionName: string,
  shardId: string,
  windowStart: string,
  invocation: number,
): string {
  return `state/windows/${functionName}/${shardId}/${windowStart}-${invocation}.bin`;
}

export async function putWindowState(bucketName: string, key: string, bytes: Uint8Array): Promise<void> {
  await s3().send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: bytes }));
}

/** @throws the SDK's NoSuchKey when there is no such object */
export async function getWindowState(bucketName: string, key: string): Promise<Uint8Array> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucketName, Key: key }));
  return Body!.transformToByteArray();
}
