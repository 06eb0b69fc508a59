import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

export const ACCOUNT = '000000000000';
export const ARCHIVE_BUCKET = 'archive';

/** What the stack sets for the functions; it must be there before they are loaded. An object of our own is read faster. */
process.env = Object.assign(
  { ...process.env },
  {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'simulation',
    AWS_SECRET_ACCESS_KEY: 'simulation',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    // Spares every metric a console of its own.
    POWERTOOLS_DEV: 'true',
    READINGS_TABLE_PREFIX: 'readings-',
    READINGS_ITEM_MINUTES: '1',
    EXPORT_AFTER_WEEKS: '4',
    LATEST_TABLE: 'latest',
    WINDOWS_TABLE: 'windows',
    ARCHIVE_BUCKET,
    WINDOWS_STREAM: 'windows',
    ALERT_TOPIC_ARN: `arn:aws:sns:us-east-1:${ACCOUNT}:alerts`,
    ALERT_THRESHOLDS: '{"temperature":{"above":300,"below":100}}',
  },
);

type Packed = (bytes: Uint8Array | string, callback: (error: null, bytes: Buffer) => void) => void;

/**
 * Stands in for what compresses in threads of its own, whose order no seed decides: the bytes stay as they are, and come
 * with a later step.
 */
const pack: Packed = (bytes, callback) => void setTimeout(() => callback(null, Buffer.from(bytes)), 0);
Object.assign(zlib, { gzip: pack, deflateRaw: pack, inflateRaw: pack });
syncBuiltinESMExports();
