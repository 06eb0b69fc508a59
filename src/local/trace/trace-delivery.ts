import type { DeliveryStreamResource } from '../../stack/stack.ts';
import { compilePrefix } from '../firehose/firehose-prefix.ts';
import { deliveryCheckpointKey } from '../firehose/firehose-shard.ts';
import { isSameShard } from '../log/sequence-number.ts';
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
  return {
    ...step,
    ...(await followDelivery(resource, record, `action Firehose, delivery stream ${name}`, context)),
  };
};

/** The delivery streams that read a data stream: what became of one of its records there. */
export async function traceDeliveries(
  streamArn: string,
  record: FoundRecord,
  context: TraceContext,
): Promise<TraceStep[]> {
  const reading = context.stack.deliveryStreams.filter(
    ({ sourceStreamArn }) => sourceStreamArn === streamArn,
  );
  const steps: TraceStep[] = [];
  for (const resource of reading) {
    const { name } = resource;
    const found = await followDelivery(resource, record, `delivery stream ${name}`, context);
    steps.push({ kind: 'delivery', data: { deliveryStream: name }, ...found });
  }
  return steps;
}

async function followDelivery(
  resource: DeliveryStreamResource,
  record: FoundRecord,
  text: string,
  context: TraceContext,
): Promise<Pick<TraceStep, 'state' | 'text' | 'steps'>> {
  if (isDelivered(resource, record, context))
    return { state: 'passed', text, steps: [await traceObject(resource, record, context)] };
  const seconds = resource.bufferSeconds;
  return { state: 'waiting', text: `${text}: in the buffer, delivered every ${seconds} s` };
}

function isDelivered(
  { name }: DeliveryStreamResource,
  { shardId, sequenceNumber }: FoundRecord,
  { log }: TraceContext,
): boolean {
  const kept = log.readState(deliveryCheckpointKey(name, shardId));
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
      .filter((each) => isOfShard(each, sequenceNumber) && firstSequenceNumber(each)! <= sequenceNumber)
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

/** Each shard has objects of its own. */
function isOfShard(key: string, sequenceNumber: string): boolean {
  const first = firstSequenceNumber(key);
  return first !== undefined && isSameShard(first, sequenceNumber);
}

function firstSequenceNumber(key: string): string | undefined {
  return /-(\d{56})(?:\.gz)?$/.exec(key)?.[1];
}
