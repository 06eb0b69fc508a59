import { afterEach, describe, expect, it } from 'vitest';
import { EventSourceMapping } from './event-source-mapping/event-source-mapping.ts';
import { LedgerStage } from './ledger.ts';
import { damageBehind } from './log/damage.test-support.ts';
import { DurableLog } from './log/durable-log.ts';
import { DurableQueue } from './log/durable-queue.ts';
import { KinesisStream } from './log/kinesis-stream.ts';
import { newFolder, Running, world } from './streaming-application.test-support.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const open = (folder: string): DurableLog => DurableLog.open({ folder, durability: 'process' });

/** A folder whose stream `name` has a block for each of these texts; those with an exclamation mark are damaged. */
async function folderOf(name: string, texts: readonly string[], shardCount = 1): Promise<string> {
  const folder = newFolder();
  const log = open(folder);
  const stream = KinesisStream.open(log, {
    name,
    shardCount,
    retentionHours: 24,
    nowMillis: () => world.now,
  });
  for (const text of texts) {
    stream.append('k', text);
    await log.durable();
  }
  await log.close();
  for (const text of texts) if (text.includes('!')) damageBehind(folder, text, -1);
  return folder;
}

const record = (v: number, mark = ''): string => JSON.stringify({ k: `k${mark}`, v });

function start(log: DurableLog, stage: LedgerStage, seen: number[]): EventSourceMapping {
  const stream = KinesisStream.open(log, { name: 's', shardCount: 1, retentionHours: 24 });
  const mapping = EventSourceMapping.start({
    mapping: {
      logicalId: 'Mapping',
      functionName: 'fn',
      streamArn: stream.arn,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 2,
      batchWindowSeconds: 0,
      parallelizationFactor: 1,
      bisect: false,
      maximumRetryAttempts: 2,
      maximumRecordAgeSeconds: -1,
      reportBatchItemFailures: false,
      tumblingWindowSeconds: 0,
      filterPatterns: [],
    },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
    region: 'us-east-1',
    stream,
    log,
    stageName: 'function fn',
    stage,
    invoke: async (_, event) => {
      const { Records } = JSON.parse(Buffer.from(event).toString()) as {
        Records: { kinesis: { data: string } }[];
      };
      for (const { kinesis } of Records)
        seen.push((JSON.parse(Buffer.from(kinesis.data, 'base64').toString()) as { v: number }).v);
      return { ok: true, value: null, requestId: 'r' };
    },
    onFailure: async () => undefined,
  });
  stops.push(() => mapping.stop());
  return mapping;
}

describe('a reader of a stream with damaged blocks', () => {
  it('counts them as damaged, in a mapping, and balances', async () => {
    const texts = [record(1), record(2, '!2'), record(3), record(4), record(5, '!5')];
    const log = open(await folderOf('s', texts));
    stops.push(() => log.close());
    const stage = new LedgerStage('function fn');
    const seen: number[] = [];
    const mapping = start(log, stage, seen);
    await expect.poll(() => mapping.lag().backlog).toBe(0);
    expect(seen).toEqual([1, 3, 4]);
    expect(stage.entryWith(mapping.lag())).toMatchObject({
      in: 5,
      out: 3,
      dropped: { damaged: 2 },
      balanced: true,
    });
  });

  it('delivers what is kept again when its checkpoint is damaged, and balances', async () => {
    const folder = await folderOf('s', [record(1), record(2), record(3)]);
    const seen: number[] = [];
    let log = open(folder);
    const stage = new LedgerStage('function fn');
    const first = start(log, stage, seen);
    await expect.poll(() => first.lag().backlog).toBe(0);
    await first.stop();
    await log.close();
    damageBehind(folder, 'esm/Mapping/shardId-000000000000', 20);
    log = open(folder);
    stops.length = 0;
    stops.push(() => log.close());
    const again = start(log, stage, seen);
    expect(stage.entryWith(again.lag()).balanced).toBe(true);
    await expect.poll(() => again.lag().backlog).toBe(0);
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
    expect(stage.entryWith(again.lag())).toMatchObject({ in: 6, out: 6, balanced: true });
    expect(log.damages).toEqual([expect.stringContaining('starts anew at the oldest record kept')]);
  });

  it('counts them as damaged, in a queue, and balances', async () => {
    const log = open(await folderOf('q', ['one!', 'two', 'three!', 'four', 'five!']));
    stops.push(() => log.close());
    const stage = new LedgerStage('queue');
    const seen: string[] = [];
    const queue = new DurableQueue({
      name: 'q',
      checkpointKey: 'q',
      log,
      stageName: 'queue',
      stage,
      handle: async ({ record: { data } }) => {
        seen.push(data.toString());
        return { fate: 'delivered' };
      },
    });
    stops.push(() => queue.stop());
    await expect.poll(() => queue.lag().backlog).toBe(0);
    expect(seen).toEqual(['two', 'four']);
    const entry = stage.entryWith(queue.lag());
    expect(entry).toMatchObject({ in: 5, out: 2, dropped: { damaged: 3 }, balanced: true });
  });

  it('counts them as damaged, in a streaming application, and balances', async () => {
    const texts = [record(1, '!1'), record(2), record(3, '!3'), record(4), record(5, '!5')];
    const running = new Running(await folderOf('in', texts, 2));
    stops.push(() => running.end());
    await running.until(() => running.application.lag().backlog === 0);
    const entry = running.ledger.stage('windows app').entryWith(running.application.lag());
    expect(entry).toMatchObject({ in: 5, out: 2, dropped: { damaged: 3 }, balanced: true });
    expect(running.reports).toEqual([]);
  });

  it('refuses to start a streaming application with a damaged state, by its name', async () => {
    const folder = await folderOf('in', [record(1)], 2);
    const running = new Running(folder);
    await running.until(() => running.application.lag().backlog === 0);
    await running.end();
    damageBehind(folder, 'application/app', 20);
    expect(() => new Running(folder)).toThrow("Cannot read the state 'application/app' of the log");
  });
});
