import { rejectedKey } from '../../stores/keys.ts';
import type { ObjectFinder } from './object-finder.ts';
import type { TraceStep } from './trace-step.ts';

/** Why a function refused a message, and where its bytes are kept. */
export interface Rejection {
  readonly bucketName: string;
  readonly key: string;
  readonly reason: string;
  readonly detail: string;
}

/** The object that keeps what was rejected, with its bytes. */
export function keptAs({ bucketName, key }: Pick<Rejection, 'bucketName' | 'key'>): TraceStep {
  const text = `kept as s3://${bucketName}/${key}`;
  return { kind: 'object', state: 'passed', text, data: { bucketName, key } };
}

const DAY_MILLIS = 86_400_000;

/**
 * Why a function rejected a record of a stream. The object is named by the first and the last record of its batch
 * that were rejected, and dated by the first one's arrival. Of several that begin with one record the longest comes last.
 */
export async function findRejectedRecord(
  objects: ObjectFinder,
  bucketName: string,
  record: {
    functionName: string;
    streamArn: string;
    shardId: string;
    sequenceNumber: string;
    arrivalMillis: number;
  },
): Promise<Rejection | undefined> {
  const { functionName, streamArn, shardId, sequenceNumber, arrivalMillis } = record;
  for (const millis of [arrivalMillis, arrivalMillis - DAY_MILLIS]) {
    const own = rejectedKey(millis, functionName, `${shardId}-${sequenceNumber}`);
    const prefix = own.slice(0, own.lastIndexOf('/') + 1) + shardId;
    const key = await objects.lastUpTo(bucketName, own, prefix);
    const found =
      key && (await readRejections(objects, bucketName, key)).get(`${streamArn} ${sequenceNumber}`);
    if (found) return found;
  }
  return undefined;
}

/** What was rejected of a packed publish, by its source: the topic, or the topic with `readings[n]`. */
export async function findRejectedPublish(
  objects: ObjectFinder,
  bucketName: string,
  publish: { functionName: string; name: string; receivedMillis: number },
): Promise<ReadonlyMap<string, Rejection>> {
  const { functionName, name, receivedMillis } = publish;
  const found = new Map<string, Rejection>();
  for (const millis of [receivedMillis, receivedMillis + DAY_MILLIS]) {
    const key = rejectedKey(millis, functionName, name);
    for (const entry of await readRejections(objects, bucketName, key)) found.set(...entry);
  }
  return found;
}

async function readRejections(
  objects: ObjectFinder,
  bucketName: string,
  key: string,
): Promise<Map<string, Rejection>> {
  const bytes = await objects.read(bucketName, key);
  const lines = bytes?.toString().split('\n').filter(Boolean) ?? [];
  return new Map(
    lines.map((line) => {
      const { source, reason, detail } = JSON.parse(line) as Record<string, unknown>;
      return [String(source), { bucketName, key, reason: String(reason), detail: String(detail) }] as const;
    }),
  );
}
