import type { KinesisStream } from '../log/kinesis-stream.ts';
import { type FoundRecord, findRecords, type RecordSearch } from './find-records.ts';
import type { TraceContext } from './trace-sources.ts';

/** Of so many equal records one is taken for each message. */
const MAX_EQUAL_RECORDS = 100;

/** The first record that is as wanted and was not found for another message before. */
export async function claimRecord(
  stream: KinesisStream,
  search: RecordSearch,
  { slice, claimed }: TraceContext,
): Promise<FoundRecord | undefined> {
  const found = await findRecords(stream, { ...search, most: MAX_EQUAL_RECORDS }, slice);
  const nameOf = (record: FoundRecord): string => `${stream.name} ${record.shardId} ${record.sequenceNumber}`;
  const record = found.find((each) => !claimed.has(nameOf(each)));
  if (record) claimed.add(nameOf(record));
  return record;
}
