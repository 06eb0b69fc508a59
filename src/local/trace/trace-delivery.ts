import type { DeliveryStreamResource } from '../../stack/stack.ts';
import { compilePrefix } from '../firehose/firehose-prefix.ts';
import { claimRecord } from './claim-record.ts';
import type { FoundRecord } from './find-records.ts';
import type { FollowAction } from './trace-action.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

const PUT_WITHIN_MILLIS = 60_000;
const HOUR_MILLIS = 3_600_000;

/** The Firehose action: the record in the buffer, and the object it is in. */
export const traceDelivery: FollowAction = async (members, { kept, output }, context) => {
  const name = String(members.DeliveryStreamName);
  const buffer = context.deliveryBuffers.get(name);
  const resource = context.stack.deliveryStreams.find((each) => each.name === name);
  const step = { data: { deliveryStream: name } };
  if (!buffer || !resource)
    return {
      ...step,
      state: 'skipped',
      text: `action Firehose, delivery stream ${name} is not in the stack`,
    };
  const bytes = Buffer.concat([output, Buffer.from(String(members.Separator ?? ''))]);
  const search = {
    partitionKey: '',
    fromMillis: kept.receivedMillis,
    toMillis: kept.receivedMillis + PUT_WITHIN_MILLIS,
    isWanted: (found: Buffer) => found.equals(bytes),
  };
  const record = await claimRecord(buffer, search, context);
  if (!record)
    return {
      ...step,
      state: 'skipped',
      text: `action Firehose, delivery stream ${name}: its buffer does not show it`,
    };
  const text = `action Firehose, delivery stream ${name}`;
  if (!isDelivered(resource, record, context)) {
    const seconds = resource.bufferSeconds;
    return { ...step, state: 'waiting', text: `${text}: in the buffer, delivered every ${seconds} s` };
  }
  return { ...step, state: 'passed', text, steps: [await traceObject(resource, record, context)] };
};

function isDelivered(
  { name }: DeliveryStreamResource,
  { sequenceNumber }: FoundRecord,
  { log }: TraceContext,
): boolean {
  const kept = log.readState(`firehose/${name}/checkpoint`);
  if (!kept) return false;
  return (JSON.parse(kept.toString()) as { sequenceNumber: string }).sequenceNumber >= sequenceNumber;
}

/** Objects end with the sequence number of their first record; the prefix is that of its hour. */
async function traceObject(
  resource: DeliveryStreamResource,
  { sequenceNumber, arrivalMillis }: FoundRecord,
  { objects }: TraceContext,
): Promise<TraceStep> {
  const { bucketName } = resource;
  const prefixOf = compilePrefix(resource.prefix);
  for (const timestampMillis of [arrivalMillis, arrivalMillis - HOUR_MILLIS]) {
    const prefix = prefixOf({ timestampMillis, seed: sequenceNumber });
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const keys = await objects.keys(bucketName, folder);
    const key = keys
      .filter((each) => (firstSequenceNumber(each) ?? '~') <= sequenceNumber)
      .sort((a, b) => (firstSequenceNumber(a)! < firstSequenceNumber(b)! ? -1 : 1))
      .at(-1);
    if (key)
      return {
        kind: 'object',
        state: 'passed',
        text: `object s3://${bucketName}/${key}`,
        data: { bucketName, key },
      };
  }
  return {
    kind: 'object',
    state: 'skipped',
    text: `delivered to s3://${bucketName}; the object is no longer there`,
  };
}

function firstSequenceNumber(key: string): string | undefined {
  return /-(\d{56})(?:\.gz)?$/.exec(key)?.[1];
}
