import { gunzipSync } from 'node:zlib';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListExportsCommand,
  ListTablesCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MesonetOptions } from '../../src/local/start-mesonet.ts';
import { COOL_THROUGHPUT } from '../../src/stores/weekly-table-care.ts';
import { isoWeek, isoWeekRange, WEEK_MILLIS } from '../../src/telemetry/iso-week.ts';
import { eventually, payloadOf, RunningPipeline, topicOf } from './running-pipeline.test-support.ts';

const PREFIX = 'mesonet-dev-readings-';
const BUCKET = 'mesonet-dev-archivebucket';
const DAY = 86_400_000;
const SENSORS = ['w1', 'w2', 'w3'];

describe.each<[string, Partial<MesonetOptions>]>([
  ['with handlers reaching DynamoDB in process', {}],
  ['with everything through the SDK serialisers and HTTP', { strict: true }],
])('weekly tables over the weeks, %s', (_, options) => {
  let pipeline: RunningPipeline;
  let dynamodb: DynamoDBClient;
  let s3: S3Client;
  let firstMillis: number;
  let first: string;
  let kept: string;

  beforeAll(async () => {
    pipeline = await RunningPipeline.start(options);
    connect();
    firstMillis = pipeline.nowMillis;
    first = isoWeek(firstMillis);
    kept = isoWeek(firstMillis + 3 * WEEK_MILLIS);
  }, 60_000);
  afterAll(() => pipeline.end());

  const connect = (): void => {
    const client = {
      endpoint: pipeline.mesonet.awsEndpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    dynamodb = new DynamoDBClient(client);
    s3 = new S3Client({ ...client, forcePathStyle: true });
  };

  const weeks = async (): Promise<string[]> => {
    const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
    return TableNames.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  };
  const table = async (week: string) =>
    (await dynamodb.send(new DescribeTableCommand({ TableName: `${PREFIX}${week}` }))).Table!;
  const exportsOf = async (week: string) => {
    const TableArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${PREFIX}${week}`;
    return (await dynamodb.send(new ListExportsCommand({ TableArn }))).ExportSummaries!;
  };
  const samplesAt = (sensorId: string, millis: number): Promise<object[]> =>
    pipeline.get(`/v1/sensors/${sensorId}/samples?from=${millis - 1000}&to=${millis + 1000}`);
  /** To the middle of a day, that many days after the end of the first week. */
  const putClockTo = (days: number): void => {
    const target = isoWeekRange(first)!.toMillis + days * DAY + DAY / 2;
    pipeline.putClockForward(target - pipeline.nowMillis);
  };
  const publish = async (): Promise<number> => {
    const device = await pipeline.connect();
    const time = pipeline.nowMillis;
    for (const sensor of SENSORS) {
      await device.publishAsync(topicOf(sensor), payloadOf(20.5, time), { qos: 1 });
    }
    await eventually(
      async () => Promise.all(SENSORS.map((sensor) => samplesAt(sensor, time))),
      (rows) => rows.every(({ length }) => length === 1),
    );
    return time;
  };

  it('are made ahead as the clock goes on, and a week that is over is cooled', async () => {
    await publish();
    putClockTo(3);
    await eventually(weeks, (found) => found.includes(isoWeek(firstMillis + 2 * WEEK_MILLIS)));
    const cooled = await eventually(
      () => table(first),
      ({ OnDemandThroughput }) => OnDemandThroughput !== undefined,
    );
    expect(cooled).toMatchObject({
      TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
      OnDemandThroughput: COOL_THROUGHPUT,
    });
    const input = { TableName: `${PREFIX}${first}` };
    const recovery = async () =>
      (await dynamodb.send(new DescribeContinuousBackupsCommand(input))).ContinuousBackupsDescription!
        .PointInTimeRecoveryDescription!.PointInTimeRecoveryStatus;
    await eventually(recovery, (status) => status === 'ENABLED');
    expect((await table(isoWeek(pipeline.nowMillis))).TableClassSummary).toBeUndefined();
  });

  it('are exported when they are old enough, and stay until the export is verified', async () => {
    putClockTo(15);
    await eventually(weeks, (found) => found.includes(kept));
    putClockTo(17);
    pipeline.putClockForward(DAY);
    await publish();
    putClockTo(4 * 7);
    await eventually(
      async () => (await table(first)).ItemCount,
      (count) => count === SENSORS.length,
    );
    expect(await exportsOf(first)).toEqual([]);
    putClockTo(4 * 7 + 1);
    const [job, ...others] = await eventually(
      () => exportsOf(first),
      (found) => found.some(({ ExportStatus }) => ExportStatus === 'COMPLETED'),
    );
    expect(others).toEqual([]);
    expect(await weeks()).toContain(first);
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `exports/readings/${first}/AWSDynamoDB/` }),
    );
    const id = job!.ExportArn!.split('/').at(-1);
    expect(Contents.every(({ Key }) => Key!.includes(`/${id}/`))).toBe(true);
    const data = Contents.find(({ Key }) => Key!.includes('/data/'))!;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: data.Key }));
    const lines = gunzipSync(await Body!.transformToByteArray())
      .toString()
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).Item.sensor_id.S).sort()).toEqual(SENSORS);
  });

  it('survive a restart in between', async () => {
    await pipeline.restart();
    connect();
    const found = await exportsOf(first);
    expect(found).toMatchObject([{ ExportStatus: 'COMPLETED' }]);
  });

  it('are dropped then, and the query answers for the weeks that are kept', async () => {
    putClockTo(4 * 7 + 2);
    await eventually(weeks, (found) => !found.includes(first));
    expect(await weeks()).toContain(kept);
    const all = `from=${firstMillis - WEEK_MILLIS}&to=${pipeline.nowMillis}`;
    const rows = await pipeline.get<{ time: number }[]>(`/v1/sensors/w1/samples?${all}`);
    expect(rows.map(({ time }) => isoWeek(time))).toEqual([kept]);
    expect(await samplesAt('w1', firstMillis)).toEqual([]);
  });

  it('are refused a reading of a week that was dropped, and its bytes are kept', async () => {
    const device = await pipeline.connect();
    await device.publishAsync(topicOf('w9'), payloadOf(1, firstMillis), { qos: 1 });
    const rejected = async (): Promise<string[]> => {
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'rejected/' }),
      );
      return Contents.map(({ Key }) => Key!).filter((key) => key.includes('/store-readings/'));
    };
    const [key] = await eventually(rejected, ({ length }) => length === 1);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    const { reason, base64 } = JSON.parse(await Body!.transformToString());
    expect(reason).toBe('no-weekly-table');
    const bytes = Buffer.from(base64, 'base64').toString();
    expect(JSON.parse(bytes)).toMatchObject({ sensor_id: 'w9', sensor_timestamp: firstMillis });
    expect(await weeks()).not.toContain(first);
  });

  it('are left as they are by a second run of the same day', async () => {
    const seen = async () => ({
      weeks: await weeks(),
      tables: await Promise.all((await weeks()).map(async (week) => settings(await table(week)))),
      exports: await exportsOf(first),
    });
    const before = await eventually(seen, ({ tables }) => tables.length > 3);
    await pipeline.restart();
    connect();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await seen()).toEqual(before);
  });
});

/** What retiring changes of a table. */
function settings({ TableName, TableClassSummary, OnDemandThroughput }: TableDescription) {
  return { TableName, TableClassSummary, OnDemandThroughput };
}
