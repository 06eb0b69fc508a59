import { join } from 'node:path';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  TransactWriteItemsCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { listSensors, putLatest } from '../../../src/stores/latest-table.ts';
import { putWindows } from '../../../src/stores/windows-stream.ts';
import type { Reading as StoredReading } from '../../../src/telemetry/reading.ts';
import { sqsEvent } from '../../aws/sqs-event.ts';
import { FaultyEdge } from '../faulty-edge.ts';
import { clearEnvironment, type Handler, isDoneBy, setEnvironment } from '../functions-here.ts';
import { type Reading, RuntimeClient, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const KEYS = 5;
/** Refused in the first requests of a writer; then all is taken. */
const REFUSING_REQUESTS = 3;
/** BatchWriteItem takes no more (DynamoDB API reference, "BatchWriteItem"). */
const MAX_WRITES = 25;
const TABLE = 'partial-batches';

interface Entry {
  readonly key: string;
  readonly value: number;
}

/** Which entries of a request are refused. */
const REFUSALS: Readonly<Record<string, (entry: Entry, at: number) => boolean>> = {
  /** Of any key, so that a later one of it may be taken: Kinesis promises no order then. */
  'every other one': (_, at) => at % 2 === 1,
  /** As when the shard has had enough. */
  'all behind the first three': (_, at) => at >= 3,
  'all of one key': ({ key }) => key.endsWith('-1'),
};

/** Everything in the project that puts more than one record at a time. */
const WRITERS: Readonly<Record<string, (readings: readonly Reading[]) => Promise<void>>> = {
  'ingest-http': async (readings) => {
    const { handler } = await import('../../../functions/ingest-http.ts');
    await invoke(handler as unknown as Handler, sqsEvent([JSON.stringify(readings)]));
  },
  'ingest-batch': async (readings) => {
    const { handler } = await import('../../../functions/ingest-batch.ts');
    const payload = Buffer.from(JSON.stringify({ readings })).toString('base64');
    await invoke(handler as unknown as Handler, { payload, topic: 'weather/WA/Seattle/stA/batch' });
  },
  // What aggregate-windows ends with.
  windows: (readings) => putWindows('mesonet-dev-windows', readings, 'sensor_id'),
};

export const scenario: FaultScenario = {
  name: 'partial-batches',
  what: 'PutRecords, BatchGetItem and BatchWriteItem do part of a batch and say which: every other entry, all behind some, all of one key',
  passMark:
    'only what was refused is sent again, in its order; each is there once; keys keep their order where no later one of them was taken first',
  async run({ folder, isLong }) {
    const client = await RuntimeClient.start(join(folder, 'data'));
    const edge = await FaultyEdge.start(client.ready.awsEndpoint);
    try {
      setEnvironment(edge.url);
      const readings = isLong ? 400 : 60;
      let [requests, batches] = [0, 0];
      for (const [writer, write] of Object.entries(WRITERS))
        for (const [refusal, isRefused] of Object.entries(REFUSALS)) {
          const key = `p${batches++}`;
          requests += await putThrough({ client, edge, writer, refusal, isRefused, write, key, readings });
        }
      const found = await readThrough(edge);
      const written = await writeThrough(edge, client.ready.awsEndpoint);
      return `${batches} batches of ${readings} in ${requests} PutRecords, each record once, 0 sent again that was taken; ${found} keys read by halves, ${written} items written by halves; duplicates and transactions refused by name`;
    } finally {
      clearEnvironment();
      await edge.stop();
      await client.kill();
    }
  },
};

async function invoke(handler: Handler, event: unknown): Promise<void> {
  must(await isDoneBy(handler, event), 'An invocation gives entries back that were refused three times');
}

interface PutThrough {
  readonly client: RuntimeClient;
  readonly edge: FaultyEdge;
  readonly writer: string;
  readonly refusal: string;
  readonly isRefused: (entry: Entry, at: number) => boolean;
  readonly write: (readings: readonly Reading[]) => Promise<void>;
  readonly key: string;
  readonly readings: number;
}

/** Returns the number of requests. */
async function putThrough(run: PutThrough): Promise<number> {
  const { client, edge, writer, refusal, isRefused, write, key } = run;
  const requests: { sent: Entry[]; refused: Entry[] }[] = [];
  edge.choose = (operation) => {
    if (operation !== 'PutRecords') return undefined;
    const request = { sent: [] as Entry[], refused: [] as Entry[] };
    requests.push(request);
    const isOver = requests.length > REFUSING_REQUESTS;
    return {
      kind: 'partial',
      isDone: (record, at) => {
        const entry = entryOf(String(record.Data));
        request.sent.push(entry);
        // A request whose every entry is of the key, and was refused once: one goes in.
        const isLeft = !isOver && isRefused(entry, at) && !(at === 0 && requests.length > 1);
        if (isLeft) request.refused.push(entry);
        return !isLeft;
      },
    };
  };
  await write(Array.from({ length: run.readings }, (_, i) => streamReadingOf(i + 1, `${key}-${i % KEYS}`)));
  edge.choose = () => undefined;
  const what = `${writer}, ${refusal} refused`;
  for (const [at, { sent }] of requests.entries()) {
    const wanted = at === 0 ? sent : requests[at - 1]!.refused;
    must(print(sent) === print(wanted), `${what}: request ${at + 1} is not what was refused: ${print(sent)}`);
  }
  must(requests.length > 1, `${what}: nothing was refused`);
  const stream = await client.stream(writer === 'windows' ? 'windows' : 'readings');
  const kept = stream
    .map((reading) => entryOfReading(reading))
    .filter((entry) => entry.key.startsWith(`${key}-`));
  must(kept.length === run.readings, `${what}: ${kept.length} of ${run.readings} records are on the stream`);
  must(new Set(kept.map(({ value }) => value)).size === kept.length, `${what}: a record is there twice`);
  if (refusal !== 'every other one')
    must(inversions(kept) === 0, `${what}: ${inversions(kept)} records out of order`);
  return requests.length;
}

function entryOf(base64: string): Entry {
  return entryOfReading(JSON.parse(Buffer.from(base64, 'base64').toString()) as Reading);
}

function entryOfReading({ sensor_id, sensor_value }: Reading): Entry {
  return { key: String(sensor_id), value: Number(sensor_value) };
}

function print(entries: readonly Entry[]): string {
  return entries.map(({ value }) => value).join(' ');
}

/** Records that come behind a later one of their key. */
function inversions(entries: readonly Entry[]): number {
  const latest = new Map<string, number>();
  let count = 0;
  for (const { key, value } of entries) {
    if (value < (latest.get(key) ?? 0)) count += 1;
    latest.set(key, Math.max(value, latest.get(key) ?? 0));
  }
  return count;
}

/** The API's list of a station's sensors asks for all of them at once. Returns how many it found. */
async function readThrough(edge: FaultyEdge): Promise<number> {
  const sensors = Array.from({ length: 60 }, (_, at) => `partial-${at}`);
  for (const sensor of sensors) {
    const reading = { ...streamReadingOf(1, sensor), station_id: 'st-partial' };
    await putLatest('mesonet-dev-latest', reading as unknown as StoredReading);
  }
  let requests = 0;
  edge.choose = (operation) => {
    if (operation !== 'BatchGetItem') return undefined;
    requests += 1;
    return requests <= REFUSING_REQUESTS ? { kind: 'partial' } : undefined;
  };
  const { rows } = await listSensors('mesonet-dev-latest', { station_id: 'st-partial', limit: 100 });
  edge.choose = () => undefined;
  const ids = rows.map(({ sensor_id }) => sensor_id);
  must(requests > REFUSING_REQUESTS, 'Nothing was left unprocessed of BatchGetItem');
  must(ids.join() === sensors.toSorted().join(), `${ids.length} of ${sensors.length} sensors are listed`);
  return ids.length;
}

/** A client of the endpoint, for no function of ours writes with BatchWriteItem. Returns how many items it wrote. */
async function writeThrough(edge: FaultyEdge, endpoint: string): Promise<number> {
  const client = new DynamoDBClient({ endpoint: edge.url, maxAttempts: 1 });
  const direct = new DynamoDBClient({ endpoint, maxAttempts: 1 });
  try {
    await createTable(direct);
    edge.choose = (operation) => (operation === 'BatchWriteItem' ? { kind: 'partial' } : undefined);
    let left: WriteRequest[] = Array.from({ length: MAX_WRITES }, (_, at) => ({
      PutRequest: { Item: itemOf(at) },
    }));
    for (let requests = 0; left.length > 0; requests += 1) {
      must(requests < MAX_WRITES, 'BatchWriteItem never ends');
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: left } }));
      left = answer.UnprocessedItems?.[TABLE] ?? [];
    }
    const { Count } = await direct.send(new ScanCommand({ TableName: TABLE }));
    must(Count === MAX_WRITES, `${Count} of ${MAX_WRITES} items are written`);
    await mustRefuse(direct);
    return MAX_WRITES;
  } finally {
    client.destroy();
    direct.destroy();
  }
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  for (let tries = 0; tries < 50; tries += 1) {
    const isThere = await client.send(new ScanCommand({ TableName: TABLE })).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The same key twice fails the whole request, and writes nothing; transactions are told not to be emulated. */
async function mustRefuse(client: DynamoDBClient): Promise<void> {
  const twice = [itemOf(100), itemOf(101), itemOf(100)].map((Item) => ({ PutRequest: { Item } }));
  const putAndDelete = [
    { PutRequest: { Item: itemOf(102) } },
    { DeleteRequest: { Key: { id: { S: 'i102' } } } },
  ];
  for (const requests of [twice, putAndDelete]) {
    const error = await refusalOf(
      client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } })),
    );
    must(
      error === 'ValidationException: Provided list of item keys contains duplicates',
      `Duplicates in BatchWriteItem: ${error}`,
    );
  }
  const { Count } = await client.send(new ScanCommand({ TableName: TABLE }));
  must(Count === MAX_WRITES, 'A refused BatchWriteItem wrote something');
  const item = { Put: { TableName: TABLE, Item: itemOf(200) } };
  const error = await refusalOf(client.send(new TransactWriteItemsCommand({ TransactItems: [item] })));
  must(error.includes("'TransactWriteItems' is not emulated"), `TransactWriteItems: ${error}`);
}

function itemOf(at: number): Record<string, AttributeValue> {
  return { id: { S: `i${at}` } };
}

function refusalOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(
    () => 'was done',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}
