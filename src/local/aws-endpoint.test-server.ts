import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AwsServices, type AwsServicesOptions, startAwsServices } from './aws-endpoint-services.ts';
import { DurableLog } from './durable-log.ts';
import { KinesisStream } from './kinesis-stream.ts';
import { Ledger } from './ledger.ts';

/** Every AWS stand-in behind one server, as the runtime sets them up, on a folder that outlives a restart. */
export interface TestServer extends AwsServices {
  readonly url: string;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly streams: readonly KinesisStream[];
  /** What went wrong behind the scenes. */
  readonly errors: readonly Error[];
  /** Options for any SDK v3 client. */
  readonly client: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    requestHandler: NodeHttpHandler;
    maxAttempts: number;
  };
}

export type TestServerOptions = Partial<AwsServicesOptions['stack']> &
  Partial<Pick<AwsServicesOptions, 'dataFolder' | 'nowMillis' | 'onPublish' | 'iot'>>;

export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'aws-endpoint-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts on a folder of its own unless one is given. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { folder, remove } = options.dataFolder
    ? { folder: options.dataFolder, remove: () => {} }
    : temporaryFolder();
  const { nowMillis } = options;
  const log = DurableLog.open({ folder, durability: 'process' });
  const ledger = new Ledger();
  const errors: Error[] = [];
  const streams = ['readings', 'windows'].map((name) =>
    KinesisStream.open(log, { name, shardCount: 2, retentionHours: 24, ...(nowMillis && { nowMillis }) }),
  );
  const services = await startAwsServices({
    stack: {
      region: 'us-east-1',
      accountId: '000000000000',
      deliveryStreams: [],
      buckets: [],
      tables: [],
      topics: [],
      queues: [],
      ...options,
    },
    streams,
    log,
    ledger,
    dataFolder: folder,
    durability: 'process',
    iot: options.iot ?? { publish: async () => {}, mqttAddress: () => '127.0.0.1:1883' },
    onPublish: options.onPublish ?? (() => {}),
    onError: (error) => errors.push(error),
    ...(nowMillis && { nowMillis }),
  });
  const server = createServer((request, response) => void services.endpoint.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...services,
    url,
    log,
    ledger,
    streams,
    errors,
    client: {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await services.stop();
      await log.close();
      remove();
    },
  };
}
