import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KinesisClient, SplitShardCommand, UpdateShardCountCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { DurableLog } from '../../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../../src/local/log/kinesis-stream.ts';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const StreamName = 'mesonet-dev-readings';

export const scenario: FaultScenario = {
  name: 'resharding',
  what: 'UpdateShardCount and SplitShard under load, and another number of shards on a folder that is there',
  passMark: 'not emulated here: refused by name with a reason, nothing changed, nothing lost',
  async run({ folder }) {
    const data = join(folder, 'data');
    const client = await RuntimeClient.start(data);
    let refusals: string[];
    try {
      const accepted = publishUntilStopped(client);
      refusals = await reshard(client.ready.awsEndpoint);
      await sleep(1000);
      const values = await accepted.stop();
      await eventually(
        'all in the tables',
        () => client.samples('s1'),
        (found) => values.every((each) => found.includes(each)),
      );
      await client.stop();
      refusals.push(await reopenWithMore(join(data, 'log')));
      return `${values.length} readings kept; ${refusals.map((each) => `'${each}'`).join(', ')}`;
    } finally {
      await client.kill();
    }
  },
};

function publishUntilStopped(client: RuntimeClient): { stop(): Promise<number[]> } {
  const accepted: number[] = [];
  let isOver = false;
  const run = (async () => {
    for (let value = 1; !isOver; value += 1)
      if (await client.tryPublish(readingOf(value))) accepted.push(value);
  })();
  return {
    stop: async () => {
      isOver = true;
      await run;
      return accepted;
    },
  };
}

async function reshard(endpoint: string): Promise<string[]> {
  const kinesis = new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  const split = { StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '1000' };
  const count = { StreamName, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' } as const;
  const asked = [
    kinesis.send(new UpdateShardCountCommand(count)),
    kinesis.send(new SplitShardCommand(split)),
  ] as const;
  const refusals = await Promise.all(
    asked.map((each) =>
      Promise.resolve(each as Promise<unknown>).then(
        () => undefined,
        (error: Error) => `${error.name}: ${error.message}`,
      ),
    ),
  );
  kinesis.destroy();
  must(
    refusals.every((each) => each !== undefined),
    'Resharding is answered as if it had been done',
  );
  return refusals as string[];
}

async function reopenWithMore(folder: string): Promise<string> {
  const log = DurableLog.open({ folder, durability: 'power' });
  try {
    KinesisStream.open(log, { name: StreamName, shardCount: 2, retentionHours: 24 });
  } catch (error) {
    return (error as Error).message;
  } finally {
    await log.close();
  }
  throw new Error('A folder with 1 shard is opened with 2');
}
