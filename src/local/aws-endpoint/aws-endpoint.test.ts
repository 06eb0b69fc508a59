import { type IncomingMessage, request } from 'node:http';
import { DynamoDBClient, ListTablesCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './aws-endpoint.test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    tables: [
      {
        logicalId: 'Devices',
        name: 'devices',
        arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/devices',
        input: {
          TableName: 'devices',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'device_id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'device_id', KeyType: 'HASH' }],
        },
      },
    ],
  });
});
afterAll(() => server.stop());

const scope = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

async function post(headers: Record<string, string>, body = '{}', path = '/') {
  const response = await fetch(server.url + path, { method: 'POST', headers, body });
  const text = await response.text();
  return { status: response.status, text, type: response.headers.get('x-amzn-errortype') };
}

const kinesis = (operation: string, contentType = 'application/x-amz-json-1.1') => ({
  authorization: scope('kinesis'),
  'x-amz-target': `Kinesis_20131202.${operation}`,
  'content-type': contentType,
});

describe('the AWS endpoint', () => {
  test('hands DynamoDB on to its thread', async () => {
    const client = new DynamoDBClient(server.client);
    const documents = DynamoDBDocumentClient.from(client);
    const Item = { device_id: 'd1', sampling_interval_seconds: 10 };
    await documents.send(new PutCommand({ TableName: 'devices', Item }));
    const found = await documents.send(new GetCommand({ TableName: 'devices', Key: { device_id: 'd1' } }));
    expect(found.Item).toEqual(Item);
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(['devices']);
    const ttl = { TableName: 'devices', TimeToLiveSpecification: { AttributeName: 'e', Enabled: true } };
    await expect(client.send(new UpdateTimeToLiveCommand(ttl))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining("The operation 'UpdateTimeToLive' is not emulated"),
    });
    client.destroy();
  });

  test.each([
    ['no credential', {}, 403, 'MissingAuthenticationTokenException'],
    ['a credential without a scope', { authorization: 'Bearer x' }, 403, 'IncompleteSignatureException'],
    ['an unknown service', { authorization: scope('ec2') }, 400, 'UnknownOperationException'],
    ['a name of every object', { authorization: scope('constructor') }, 400, 'UnknownOperationException'],
    ['an unknown operation', kinesis('EnableEnhancedMonitoring'), 400, 'UnknownOperationException'],
    ['an operation of every object', kinesis('toString'), 400, 'UnknownOperationException'],
    ['CBOR', kinesis('ListStreams', 'application/x-amz-cbor-1.1'), 400, 'SerializationException'],
  ])('refuses %s', async (_, headers, status, type) => {
    const answer = await post(headers as Record<string, string>);
    expect({ status: answer.status, type: answer.type }).toEqual({ status, type });
    expect(JSON.parse(answer.text)).toMatchObject({
      __type: type,
      message: expect.stringMatching(/\w+ \w+/),
    });
  });

  test.each([
    ['what is not JSON', '{', 'The request body is not JSON'],
    ['a list', '[]', 'list can not be converted to structure'],
    ['a member of another type', '{"Limit":"1"}', 'string can not be converted to integer'],
  ])('refuses %s', async (_, body, message) => {
    const answer = await post(kinesis('ListStreams'), body);
    expect(answer.type).toBe('SerializationException');
    expect(JSON.parse(answer.text)).toMatchObject({ message });
  });

  test('refuses bytes that are not base64', async () => {
    const answer = await post(
      kinesis('PutRecord'),
      '{"StreamName":"readings","PartitionKey":"k","Data":"*"}',
    );
    expect(answer.type).toBe('SerializationException');
  });

  test('speaks XML to those who sent a form or asked S3', async () => {
    const form = {
      authorization: scope('cloudformation'),
      'content-type': 'application/x-www-form-urlencoded',
    };
    expect((await post(form, 'Action=ListStacks')).text).toContain('<Code>UnknownOperationException</Code>');
    expect((await post({ authorization: scope('s3') }, '', '/none/key')).text).toContain(
      '<Code>MethodNotAllowed</Code>',
    );
  });

  test('takes presigned addresses for S3 only, and never for POST', async () => {
    const presigned = (service: string) =>
      `?X-Amz-Credential=local/20260101/us-east-1/${service}/aws4_request`;
    expect((await fetch(`${server.url}/none/key${presigned('s3')}`)).status).toBe(404);
    expect((await post({}, '{}', `/${presigned('s3')}`)).status).toBe(403);
    expect((await post({}, '{}', `/${presigned('kinesis')}`)).status).toBe(403);
  });

  test('refuses a body above its limit before reading it', async () => {
    const call = request(server.url, {
      method: 'POST',
      headers: { ...kinesis('PutRecords'), 'content-length': String(17 * 1024 * 1024) },
    });
    call.on('error', () => {});
    call.flushHeaders();
    const response = await new Promise<IncomingMessage>((resolve) => call.once('response', resolve));
    expect(response.statusCode).toBe(413);
    call.destroy();
  });

  test('refuses a chunked body as soon as it grows above the limit', async () => {
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 30) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const init = { method: 'POST', headers: kinesis('PutRecords'), body, duplex: 'half' };
    const status = await fetch(server.url, init as RequestInit).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(status);
    expect(sent).toBeLessThan(30);
  });
});
