import { gunzipSync } from 'node:zlib';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListBucketsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { endpointOptions } from './endpoint-options.ts';
import type { Ledger, RejectedMessage, Sample, Stores, StreamReading, WindowResult } from './stores.ts';

export interface StorePlaces {
  /** `http://host:port` of the API. */
  readonly api: string;
  /** `http://host:port` for AWS clients. */
  readonly aws: string;
  /** How long to wait until nothing is in flight. */
  readonly quietSeconds: number;
}

const PAGE_ROWS = 10_000;
/** Beyond every measurement: the samples of a sensor are asked for whole. */
const FAR_MILLIS = Date.UTC(2100, 0, 1);
const OBJECTS_AT_ONCE = 16;

/** Waits for quiescence, then reads every store through what the service shows to anybody. */
export async function readStores(places: StorePlaces): Promise<Stores> {
  const quietSeconds = await waitUntilQuiet(places);
  const aws = connect(places.aws);
  try {
    const { readings: readingsStream, windows: windowsStream } = await findStreams(aws.kinesis);
    const readMillis = Date.now();
    const readings = (await readStream(aws.kinesis, readingsStream)).map(
      ({ arrivalMillis, text }): StreamReading => ({ arrivalMillis, value: objectOf(text) }),
    );
    const windows = await readStream(aws.kinesis, windowsStream);
    const sensors = await readRows<{ sensor_id: string; latest_time: number; latest_value: number }>(
      places.api,
      '/v1/sensors?',
      'after',
    );
    const ids = sensors.map(({ sensor_id }) => sensor_id);
    return {
      readings,
      windows: windows.map(({ text }) => windowOf(objectOf(text))),
      storedWindows: await readEach(ids, (id) => readWindows(places.api, id)),
      samples: await readEach(ids, (id) => readSamples(places.api, id)),
      latest: sensors.map(({ sensor_id, latest_time, latest_value }) => ({
        sensor: sensor_id,
        timeMillis: latest_time,
        value: latest_value,
      })),
      ...(await readArchive(aws.s3)),
      ledger: await getJson<Ledger>(`${places.api}/v1/ledger`),
      quietSeconds,
      readMillis,
    };
  } finally {
    aws.kinesis.destroy();
    aws.s3.destroy();
  }
}

/** Nothing in flight, and the last window of what has come closed. */
async function waitUntilQuiet({ api, quietSeconds }: StorePlaces): Promise<number | undefined> {
  const start = performance.now();
  const windowsClosedMillis = (Math.floor(Date.now() / MINUTE_MILLIS) + 1) * MINUTE_MILLIS + 3000;
  for (;;) {
    const seconds = (performance.now() - start) / 1000;
    const { stages } = await getJson<Ledger>(`${api}/v1/ledger`);
    const isQuiet = stages.every(({ stage, inFlight }) => inFlight === 0 || isBuffer(stage));
    if (isQuiet && Date.now() >= windowsClosedMillis) return seconds;
    if (seconds > quietSeconds) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Firehose waits until its object is large or old enough; dead letters wait for people. */
export function isBuffer(stage: string): boolean {
  return stage.startsWith('delivery ') || stage.endsWith('dead-letters');
}

const MINUTE_MILLIS = 60_000;

function connect(endpoint: string): { kinesis: KinesisClient; s3: S3Client } {
  const common = endpointOptions(endpoint);
  return {
    kinesis: new KinesisClient({ ...common, requestHandler: new NodeHttpHandler() }),
    s3: new S3Client({ ...common, forcePathStyle: true }),
  };
}

async function findStreams(client: KinesisClient): Promise<{ readings: string; windows: string }> {
  const { StreamNames = [] } = await client.send(new ListStreamsCommand({}));
  const find = (end: string): string => {
    const found = StreamNames.find((name) => name.endsWith(end));
    if (found === undefined)
      throw new Error(`Cannot find the stream '…${end}' among ${StreamNames.join(', ')}`);
    return found;
  };
  return { readings: find('-readings'), windows: find('-windows') };
}

interface KinesisText {
  readonly sequenceNumber: string;
  readonly arrivalMillis: number;
  readonly text: string;
}

async function readStream(client: KinesisClient, StreamName: string): Promise<KinesisText[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  return readEach(
    Shards.map(({ ShardId }) => ShardId!),
    (ShardId) => readShard(client, { StreamName, ShardId }),
  );
}

/** The records of a shard, behind one where it is given. */
export async function readShard(
  client: KinesisClient,
  shard: { readonly StreamName: string; readonly ShardId: string },
  afterSequenceNumber?: string,
): Promise<KinesisText[]> {
  let { ShardIterator } = await client.send(
    new GetShardIteratorCommand({
      ...shard,
      ...(afterSequenceNumber === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: afterSequenceNumber }),
    }),
  );
  const records: KinesisText[] = [];
  for (;;) {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator, Limit: PAGE_ROWS }));
    for (const { Data, SequenceNumber, ApproximateArrivalTimestamp } of answer.Records ?? [])
      records.push({
        sequenceNumber: SequenceNumber!,
        arrivalMillis: ApproximateArrivalTimestamp!.getTime(),
        text: Buffer.from(Data!).toString(),
      });
    if (!answer.Records?.length && answer.MillisBehindLatest === 0) return records;
    ShardIterator = answer.NextShardIterator;
    // A closed shard has no further one.
    if (ShardIterator === undefined) return records;
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { text };
  } catch {
    return { text };
  }
}

function windowOf(row: Readonly<Record<string, unknown>>): WindowResult {
  return {
    sensor: String(row.sensor_id),
    endMillis: Date.parse(`${String(row.record_timestamp).replace(' ', 'T')}Z`),
    count: Number(row['60sec_number_of_msg']),
    sum: Number(row['60sec_sum_of_sensor_value']),
    min: Number(row.sensor_min_value),
    max: Number(row.sensor_max_value),
    revision: Number(row.revision ?? 0),
  };
}

async function readWindows(api: string, sensor: string): Promise<WindowResult[]> {
  const path = `/v1/windows?sensor_id=${encodeURIComponent(sensor)}&from=0&to=${FAR_MILLIS}&`;
  const rows = await readRows<Record<'window_end' | 'count' | 'sum' | 'min' | 'max' | 'revision', number>>(
    api,
    path,
    'from',
  );
  return rows.map(({ window_end, count, sum, min, max, revision }) => ({
    sensor,
    endMillis: window_end,
    count,
    sum,
    min,
    max,
    revision,
  }));
}

/** The range is at most some weeks, for one sensor: wider than any test. */
async function readSamples(api: string, sensor: string): Promise<Sample[]> {
  const [from, to] = [Date.now() - 14 * DAY_MILLIS, Date.now() + 7 * DAY_MILLIS];
  const path = `/v1/sensors/${encodeURIComponent(sensor)}/samples?from=${from}&to=${to}&`;
  const rows = await readRows<{ time: number; value: number }>(api, path, 'from');
  return rows.map(({ time, value }) => ({ sensor, timeMillis: time, value }));
}

const DAY_MILLIS = 86_400_000;

/** All pages of a list; the parameter of the next one is in its header. */
async function readRows<Row>(api: string, path: string, next: 'from' | 'after'): Promise<Row[]> {
  const rows: Row[] = [];
  for (let url: string | undefined = `${api}${path}limit=${PAGE_ROWS}`; url !== undefined; ) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`Cannot read '${url}': ${response.status} ${await response.text()}`);
    rows.push(...((await response.json()) as Row[]));
    const place = response.headers.get(`x-next-${next}`);
    url = place === null ? undefined : withPlace(url, next, place);
  }
  return rows;
}

function withPlace(url: string, next: string, place: string): string {
  const changed = new URL(url);
  changed.searchParams.set(next, place);
  return changed.href;
}

async function readEach<Row>(ids: readonly string[], read: (id: string) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const id of ids) for (const row of await read(id)) rows.push(row);
  return rows;
}

/** What the bucket of the archive holds: curated readings, refused messages, batches that were given up. */
export async function readArchive(s3: S3Client): Promise<Pick<Stores, 'archived' | 'rejected' | 'failed'>> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  const Bucket = Buckets.map(({ Name }) => Name!).find((name) => name.includes('archive'));
  if (Bucket === undefined) throw new Error('Cannot find the bucket of the archive');
  const keysUnder = async (Prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix }))
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    return keys;
  };
  const linesUnder = async (prefix: string): Promise<{ key: string; line: string }[]> => {
    const keys = await keysUnder(prefix);
    const found: { key: string; line: string }[] = [];
    for (let from = 0; from < keys.length; from += OBJECTS_AT_ONCE) {
      const some = keys.slice(from, from + OBJECTS_AT_ONCE);
      const texts = await Promise.all(some.map((Key) => readText(s3, Bucket, Key)));
      for (const [at, text] of texts.entries())
        for (const line of text.split('\n')) if (line !== '') found.push({ key: some[at]!, line });
    }
    return found;
  };
  return {
    archived: (await linesUnder('curated/')).map(({ line }) => String(objectOf(line).event_id)),
    rejected: (await linesUnder('rejected/')).map(({ key, line }) => rejectedOf(key, line)),
    failed: [...(await keysUnder('aws/lambda/')), ...(await keysUnder('failed/'))],
  };
}

function rejectedOf(key: string, line: string): RejectedMessage {
  const { reason, base64 } = objectOf(line);
  const [, , by = ''] = key.split('/');
  return { by, reason: String(reason), bytes: Buffer.from(String(base64), 'base64').toString() };
}

async function readText(client: S3Client, Bucket: string, Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = await Body!.transformToByteArray();
  return (Key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString();
}

async function getJson<Value>(url: string): Promise<Value> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Cannot read '${url}': ${response.status}`);
  return (await response.json()) as Value;
}
