import { EventSourceMapping } from '../../../src/local/event-source-mapping/event-source-mapping.ts';
import { Ledger } from '../../../src/local/ledger.ts';
import { DurableLog } from '../../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../../src/local/log/kinesis-stream.ts';
import { eventually } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const HOUR_MILLIS = 3_600_000;
const MAPPING = {
  logicalId: 'Lagging',
  functionName: 'lagging',
  streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  startingPosition: 'TRIM_HORIZON',
  batchSize: 10,
  batchWindowSeconds: 0,
  parallelizationFactor: 1,
  maximumRetryAttempts: -1,
  maximumRecordAgeSeconds: -1,
  bisect: false,
  reportBatchItemFailures: false,
  tumblingWindowSeconds: 0,
  filterPatterns: [],
} as const;

export const scenario: FaultScenario = {
  name: 'retention-trim',
  what: 'the retention of records ends while the function that should read them fails (a clock that is put forward)',
  passMark:
    'each record is delivered or counted as expired, none skipped in silence; what is left comes in order',
  async run({ folder, isLong }) {
    const old = isLong ? 20_000 : 500;
    const fresh = 40;
    let now = Date.now();
    const log = DurableLog.open({ folder, durability: 'process' });
    const stream = KinesisStream.open(log, {
      name: 's',
      shardCount: 2,
      retentionHours: 24,
      nowMillis: () => now,
    });
    const stage = new Ledger().stage('function lagging');
    let isFailing = true;
    const delivered: number[] = [];
    const mapping = EventSourceMapping.start({
      mapping: MAPPING,
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:lagging',
      region: 'us-east-1',
      stream,
      log,
      stageName: 'function lagging',
      stage,
      nowMillis: () => now,
      retryBaseMillis: 20,
      retryCapMillis: 100,
      onFailure: async () => undefined,
      invoke: async (_, event) => {
        if (isFailing)
          return { ok: false, error: { errorType: 'E', errorMessage: 'down', trace: [] }, requestId: 'r' };
        const { Records } = JSON.parse(Buffer.from(event).toString()) as {
          Records: { kinesis: { data: string } }[];
        };
        delivered.push(
          ...Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, 'base64').toString())),
        );
        return { ok: true, value: null, requestId: 'r' };
      },
    });
    try {
      await put(stream, log, 0, old);
      now += 25 * HOUR_MILLIS;
      await put(stream, log, old, fresh);
      const trimmed = stream.trim(now);
      isFailing = false;
      await eventually(
        'the checkpoint to pass all',
        () => stage.entry.in,
        (count) => count >= old + fresh,
      );
      const expired = stage.entry.dropped.expired ?? 0;
      must(trimmed > 0 && expired > 0, `${trimmed} are trimmed, ${expired} counted as expired`);
      must(
        delivered.length + expired === old + fresh,
        `${delivered.length} delivered and ${expired} expired of ${old + fresh}`,
      );
      must(stage.entry.balanced, 'The stage does not balance');
      const missing = Array.from({ length: fresh }, (_, i) => old + i).filter(
        (each) => !delivered.includes(each),
      );
      must(missing.length === 0, `${missing.length} records are gone whose retention has not ended`);
      return `${old + fresh} records: ${delivered.length} delivered, ${expired} counted as expired, 0 unaccounted`;
    } finally {
      await mapping.stop();
      await log.close();
    }
  },
};

/** Some commits with some records each. */
async function put(stream: KinesisStream, log: DurableLog, from: number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    stream.append(`key-${i % 16}`, String(from + i));
    if (i % 20 === 19) await log.durable();
  }
  await log.durable();
}
