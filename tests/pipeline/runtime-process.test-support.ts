import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { projectFolder } from './running-pipeline.test-support.ts';

/** What `mesonet start --json` says of itself. */
export interface Ready {
  readonly mqtt: { readonly port: number };
  readonly mqtts: { readonly port: number };
  readonly deviceHttps: { readonly host: string; readonly port: number };
  readonly caFile: string;
  readonly http: string;
  readonly awsEndpoint: string;
  readonly token: string;
}

/** Starts the command line as a user does, and waits for its line. */
export async function start(folder: string): Promise<{ child: ChildProcess; ready: Ready }> {
  const main = join(projectFolder, 'src', 'cli', 'main.ts');
  const args = [
    main,
    'start',
    '--json',
    '--insecure-local',
    '--simulate',
    '0',
    '--mqtt-port',
    '0',
    '--http-port',
    '0',
    '--data',
    folder,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`Cannot start: exit code ${code}`)));
  });
  return { child, ready: JSON.parse(line) as Ready };
}

/** Everything on a stream, through the public API. */
export async function readStream<Value>(awsEndpoint: string, StreamName: string): Promise<Value[]> {
  const client = new KinesisClient({
    endpoint: awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
  });
  const values: Value[] = [];
  const shard = { StreamName, ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' } as const;
  let { ShardIterator } = await client.send(new GetShardIteratorCommand(shard));
  for (;;) {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
    for (const { Data } of answer.Records ?? [])
      values.push(JSON.parse(Buffer.from(Data!).toString()) as Value);
    if (!answer.Records?.length && answer.MillisBehindLatest === 0) break;
    ShardIterator = answer.NextShardIterator;
  }
  client.destroy();
  return values;
}
