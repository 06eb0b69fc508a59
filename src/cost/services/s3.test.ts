import { describe, expect, it } from 'vitest';
import type { BucketResource } from '../../stack/stack.ts';
import { stagesOf } from './s3.ts';

const MEGABYTE = 1024 ** 2;
const bucket: BucketResource = {
  logicalId: 'Raw',
  name: 'raw',
  arn: 'arn:aws:s3:::raw',
  lifecycle: [
    {
      id: 'raw',
      prefix: 'raw/',
      minimumBytes: undefined,
      transitions: [
        { storageClass: 'GLACIER_IR', days: 30 },
        { storageClass: 'DEEP_ARCHIVE', days: 365 },
      ],
      expirationDays: 1095,
    },
  ],
};

describe('the lifecycle of an object', () => {
  it('goes through the classes until it expires', () => {
    expect(stagesOf(bucket, 'raw/x', MEGABYTE, 3650)).toEqual([
      { storageClass: 'STANDARD', days: 30, isMoved: false },
      { storageClass: 'GLACIER_IR', days: 335, isMoved: true },
      { storageClass: 'DEEP_ARCHIVE', days: 730, isMoved: true },
    ]);
  });

  it('is counted only as far as asked', () => {
    expect(stagesOf(bucket, 'raw/x', MEGABYTE, 20)).toEqual([
      { storageClass: 'STANDARD', days: 20, isMoved: false },
    ]);
  });

  it('leaves objects below 128 KB where they are', () => {
    expect(stagesOf(bucket, 'raw/x', 100_000, 3650)).toEqual([
      { storageClass: 'STANDARD', days: 1095, isMoved: false },
    ]);
  });

  it('is none for other keys and other buckets', () => {
    const standard = [{ storageClass: 'STANDARD', days: 60, isMoved: false }];
    expect(stagesOf(bucket, 'other/x', MEGABYTE, 60)).toEqual(standard);
    expect(stagesOf(undefined, 'raw/x', MEGABYTE, 60)).toEqual(standard);
  });
});
