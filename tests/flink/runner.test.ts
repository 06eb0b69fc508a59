import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../src/local/aws-endpoint/aws-endpoint.test-server.ts';
import { printFlinkJob } from '../../src/streaming-sql/flink/index.ts';
import { compileApplication } from '../../src/streaming-sql/index.ts';
import { eventually } from '../pipeline/running-pipeline.test-support.ts';
import { runOnEngine } from './engine-run.test-support.ts';
import { buildRunner, type FlinkRecord, hasFlinkTools, runnerJar } from './flink-runner.test-support.ts';

const MINUTE_MILLIS = 60_000;
const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });

const plan = compileApplication(
  `CREATE STREAM "OUT" ("k" VARCHAR(8), "rows" BIGINT, "total" DOUBLE, "closed" TIMESTAMP);
   CREATE PUMP "P" AS INSERT INTO "OUT"
   SELECT STREAM "k", COUNT(*), SUM("v"), ROWTIME FROM S_001
   GROUP BY "k", STEP(S_001.ROWTIME BY INTERVAL '5' SECOND);`,
  {
    file: 'five-seconds.sql',
    input: {
      NamePrefix: 'S',
      InputSchema: {
        RecordFormat: { RecordFormatType: 'JSON' },
        RecordColumns: [column('k', 'VARCHAR(8)'), column('v', 'DOUBLE')],
      },
    },
  },
);

describe.skipIf(!hasFlinkTools())('the runner, from stream to stream', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-runner-'));
  const checkpoints = join(folder, 'checkpoints');
  let server: TestServer;
  let kinesis: KinesisClient;
  let classPath: string;
  let runner: ChildProcess | undefined;
  let put = 0;

  beforeAll(async () => {
    classPath = [runnerJar, await buildRunner()].join(':');
    server = await startTestServer();
    kinesis = new KinesisClient(server.client);
    writeFileSync(join(folder, 'job.json'), JSON.stringify(printFlinkJob(plan)));
  }, 10 * MINUTE_MILLIS);

  afterAll(async () => {
    runner?.kill('SIGKILL');
    kinesis?.destroy();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function arnOf(StreamName: string): Promise<string> {
    const found = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    return found.StreamDescriptionSummary!.StreamARN!;
  }

  async function startRunner(restoreFrom?: string): Promise<void> {
    const windows = await arnOf('windows');
    const properties = {
      'runner.job': join(folder, 'job.json'),
      'runner.region': 'us-east-1',
      'runner.endpoint': server.url,
      'source.kinesis.arn': await arnOf('readings'),
      'source.initial.position': 'TRIM_HORIZON',
      'source.tip.margin.millis': '1000',
      'outputs.OUT.kinesis.arn': windows,
      'outputs.OUT.partition.key': 'k',
      'errors.kinesis.arn': windows,
      'runner.flink.parallelism.default': '2',
      'runner.flink.rest.bind-port': '0',
      'runner.flink.restart-strategy.type': 'none',
      'runner.flink.execution.checkpointing.interval': '1 s',
      'runner.flink.execution.checkpointing.dir': `file://${checkpoints}`,
      'runner.flink.execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
      ...(restoreFrom === undefined
        ? {}
        : { 'runner.flink.execution.state-recovery.path': `file://${restoreFrom}` }),
    };
    const file = join(folder, 'runner.properties');
    writeFileSync(
      file,
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    runner = spawn('java', ['-Xmx1g', '-cp', classPath, 'mesonet.flink.Runner', file], {
      env: { ...process.env, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  async function putSome(texts: readonly string[]): Promise<void> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: `key-${put++ % 7}` }));
    await kinesis.send(new PutRecordsCommand({ StreamName: 'readings', Records }));
  }

  async function readAll(StreamName: string): Promise<FlinkRecord[]> {
    const records: FlinkRecord[] = [];
    for (const ShardId of ['shardId-000000000000', 'shardId-000000000001']) {
      const shard = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
      const start = await kinesis.send(new GetShardIteratorCommand(shard)).catch(() => undefined);
      for (let next = start?.ShardIterator; next !== undefined; ) {
        const {
          Records = [],
          NextShardIterator,
          MillisBehindLatest,
        } = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }));
        for (const { Data, ApproximateArrivalTimestamp } of Records)
          records.push({
            data: Buffer.from(Data!).toString('base64'),
            arrivalMillis: ApproximateArrivalTimestamp!.getTime(),
            shardId: ShardId,
          });
        next = Records.length === 0 && MillisBehindLatest === 0 ? undefined : NextShardIterator;
      }
    }
    return records.sort((a, b) => a.arrivalMillis - b.arrivalMillis);
  }

  const linesOf = (records: readonly FlinkRecord[]) =>
    records.map(({ data }) => Buffer.from(data, 'base64').toString());
  const isRefusal = (line: string) => line.startsWith('{"reason"');

  function lastCheckpoint(): string | undefined {
    const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('_metadata'))
      .map((name) => join(folder, name));
    return found.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).at(-1);
  }

  it(
    'gives the windows that the engine gives, over a kill, and refuses what fits no column with its bytes',
    async () => {
      await putSome(['{"k":"a","v":1.5}', '{"k":"b","v":2}', 'no JSON', '{"k":"a","v":0.25}']);
      await startRunner();
      await eventually(
        async () => linesOf(await readAll('windows')),
        (lines) => lines.filter((line) => !isRefusal(line)).length >= 2,
        90,
      );
      await putSome(['{"k":"a","v":3}', '{"k":"c","v":"x"}', '{"k":"b","v":4}']);
      const before = lastCheckpoint();
      await eventually(lastCheckpoint, (path) => path !== undefined && path !== before, 60);
      runner?.kill('SIGKILL');
      await putSome(['{"k":"a","v":5}', '{"k":"c","v":6}']);
      await startRunner(lastCheckpoint()!.replace(/\/_metadata$/, ''));

      const readings = await readAll('readings');
      const good = readings.filter(({ data }) => {
        const text = Buffer.from(data, 'base64').toString();
        return text.startsWith('{') && !text.includes('"x"');
      });
      const wanted = runOnEngine(plan, good, {}).outputs.OUT!;
      const found = await eventually(
        async () => [...new Set(linesOf(await readAll('windows')))],
        (lines) => wanted.every((line) => lines.includes(line)),
        90,
      );
      expect(found.filter((line) => !isRefusal(line)).toSorted()).toEqual(wanted.toSorted());
      const refused = found.filter(isRefusal).map((line) => JSON.parse(line));
      expect(refused.map(({ reason, base64 }) => [reason, Buffer.from(base64, 'base64').toString()])).toEqual(
        [
          ['RECORD_FORMAT', 'no JSON'],
          ['COERCION_ERROR', '{"k":"c","v":"x"}'],
        ],
      );
    },
    5 * MINUTE_MILLIS,
  );
});
