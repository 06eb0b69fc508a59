import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LambdaRuntime, type LambdaRuntimeOptions } from './lambda-runtime.ts';
import { copyInput } from './lambda-transport.ts';

let folder: string;
let server: Server;
let requests: { target: string; version: string; body: string }[];
let endpoint: string;
let runtime: LambdaRuntime;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-transport-'));
  requests = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const target = String(request.headers['x-amz-target']);
    requests.push({ target, version: request.httpVersion, body });
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (target.endsWith('PutRecord')) {
      response.statusCode = 400;
      response.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'Stream x not found' }));
    } else response.end(JSON.stringify({ FailedRecordCount: 0, Records: [], Item: { a: { S: 'wire' } } }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await runtime?.stop();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const source = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
  import { KinesisClient, PutRecordsCommand, PutRecordCommand, ResourceNotFoundException } from '@aws-sdk/client-kinesis';
  import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
  const kinesis = new KinesisClient({});
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const actions: Record<string, () => Promise<unknown>> = {
    put: async () => {
      const data = Buffer.from('one');
      const sending = kinesis.send(new PutRecordsCommand({ StreamName: 's', Records: [
        { PartitionKey: 'k', Data: data }, { PartitionKey: 'l', Data: new TextEncoder().encode('two') } ] }));
      data.fill(0x78);
      return sending;
    },
    refused: async () => {
      try {
        return await kinesis.send(new PutRecordCommand({ StreamName: 'x', PartitionKey: 'k', Data: Buffer.from('') }));
      } catch (error) {
        return [error instanceof ResourceNotFoundException, (error as Error).name, (error as Error).message, error.$metadata.httpStatusCode];
      }
    },
    get: () => documents.send(new GetCommand({ TableName: 'ttt', Key: { id: '1' } })),
  };
  export const handler = (event: { action: string }) => actions[event.action]!();`;

async function start(options: Partial<LambdaRuntimeOptions>): Promise<void> {
  const file = join(folder, 'producer.ts');
  writeFileSync(file, source);
  const lambda = { name: 'producer', arn: 'arn', file, export: 'handler', environment: {} };
  runtime = await LambdaRuntime.start({
    functions: [{ ...lambda, timeoutSeconds: 10, memoryMegabytes: 128 }],
    dataFolder: join(folder, 'data'),
    projectFolder: resolve(import.meta.dirname, '../..'),
    region: 'us-east-1',
    endpoints: { aws: endpoint },
    ...options,
  });
}

const act = async (action: string): Promise<unknown> => {
  const result = await runtime.invoke('producer', { action });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};

describe('an SDK client in a handler', () => {
  test('is answered in process where a port is registered, with its input copied at the door', async () => {
    const seen: string[] = [];
    const ports: LambdaRuntimeOptions['ports'] = {
      'Kinesis.PutRecords': async ({ Records }) => {
        await new Promise((later) => setTimeout(later, 20));
        const records = Records as { PartitionKey: string; Data: Uint8Array }[];
        seen.push(...records.map(({ PartitionKey, Data }) => `${PartitionKey}:${Buffer.from(Data)}`));
        return { FailedRecordCount: 0, Records: records.map(() => ({ ShardId: 'shardId-000000000000' })) };
      },
    };
    await start({ ports });
    expect(await act('put')).toMatchObject({ FailedRecordCount: 0, $metadata: { httpStatusCode: 200 } });
    expect(seen).toEqual(['k:one', 'l:two']);
    expect(requests).toEqual([]);
  });

  test("gets the SDK's own exception class from a port's error", async () => {
    const refuse = (): never => {
      throw Object.assign(new Error('Stream x not found'), { name: 'ResourceNotFoundException' });
    };
    await start({ ports: { 'Kinesis.PutRecord': refuse } });
    expect(await act('refused')).toEqual([true, 'ResourceNotFoundException', 'Stream x not found', 400]);
  });

  test('goes over HTTP/1.1 to the endpoint for everything else', async () => {
    await start({ ports: {} });
    expect(await act('get')).toMatchObject({ Item: { a: 'wire' } });
    expect(await act('put')).toMatchObject({ FailedRecordCount: 0 });
    expect(requests.map(({ target, version }) => [target, version])).toEqual([
      ['DynamoDB_20120810.GetItem', '1.1'],
      ['Kinesis_20131202.PutRecords', '1.1'],
    ]);
  });

  test('leaves the ports alone in strict mode, and the exceptions are the same', async () => {
    const port = (): never => {
      throw new Error('not to be called');
    };
    await start({ strict: true, ports: { 'Kinesis.PutRecords': port, 'Kinesis.PutRecord': port } });
    await act('put');
    expect(JSON.parse(requests[0]!.body).Records[0]).toEqual({ PartitionKey: 'k', Data: 'eHh4' });
    expect(await act('refused')).toEqual([true, 'ResourceNotFoundException', 'Stream x not found', 400]);
  });
});

describe('copyInput', () => {
  test('moves all bytes into one buffer and keeps the rest', () => {
    const pool = Buffer.from('abcdef');
    const input = {
      Name: 's',
      Records: [
        { Data: pool.subarray(1, 3), n: 1 },
        { Data: pool.subarray(3), gone: undefined },
      ],
    };
    const { copy, transfer } = copyInput(input);
    pool.fill(0);
    expect(transfer.map((buffer) => buffer.byteLength)).toEqual([5]);
    const { Records } = copy as { Records: { Data: Uint8Array }[] };
    expect(Records.map(({ Data }) => Buffer.from(Data).toString())).toEqual(['bc', 'def']);
    expect(copy).toMatchObject({ Name: 's', Records: [{ n: 1 }, {}] });
  });
});
