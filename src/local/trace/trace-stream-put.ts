import { claimRecord } from './claim-record.ts';
import { oldestArrivalMillis } from './find-records.ts';
import type { FollowAction } from './trace-action.ts';
import { traceRecord } from './trace-record.ts';

/** A record is on its stream in the very turn in which its message was taken; time may have been set back since. */
const PUT_WITHIN_MILLIS = 60_000;
/** So long a record may be on its way to the disk. */
const COMMIT_MILLIS = 2000;

/** The Kinesis action: the record it put, and what was made of it. */
export const traceStreamPut: FollowAction = async (members, input, context) => {
  const name = String(members.StreamName);
  const partitionKey = String(members.PartitionKey ?? '');
  const stream = context.streams.get(name);
  const data = { stream: name, partitionKey };
  if (!stream) return { state: 'skipped', text: `action Kinesis, stream ${name} is not in the stack`, data };
  if (partitionKey === '')
    return {
      state: 'stopped',
      text: `action Kinesis, stream ${name}: the partition key is empty, so the action failed`,
      data,
    };
  const { kept, output, isRepeatable } = input;
  const record = await claimRecord(
    stream,
    {
      partitionKey,
      fromMillis: kept.receivedMillis,
      toMillis: kept.receivedMillis + (isRepeatable ? PUT_WITHIN_MILLIS : COMMIT_MILLIS),
      isWanted: (found) => !isRepeatable || found.equals(output),
    },
    context,
  );
  if (record) {
    const steps = [await traceRecord(stream, record, context)];
    return { state: 'passed', text: `action Kinesis, partition key ${partitionKey}`, data, steps };
  }
  if (context.nowMillis() - kept.receivedMillis < COMMIT_MILLIS)
    return { state: 'waiting', text: `action Kinesis, stream ${name}: on its way to the disk`, data };
  const oldest = oldestArrivalMillis(stream, partitionKey) ?? Infinity;
  if (oldest > kept.receivedMillis)
    return {
      state: 'skipped',
      text: `action Kinesis, stream ${name} no longer holds it: records are kept for ${stream.retentionHours} hours`,
      data,
    };
  return { state: 'stopped', text: `action Kinesis, stream ${name} has no record of it`, data };
};
