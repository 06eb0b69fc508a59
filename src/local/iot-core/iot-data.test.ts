import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../aws-endpoint/aws-endpoint.test-server.ts';

const published: { topic: string; text: string; qos: 0 | 1 }[] = [];
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    iot: {
      publish: async (topic, payload, qos) => {
        published.push({ topic, text: payload.toString(), qos });
      },
    },
  });
});
beforeEach(() => {
  published.length = 0;
});
afterAll(() => server.stop());

async function call(service: string, path: string, init: RequestInit = {}) {
  const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(server.url + path, { ...init, headers: { authorization } });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const post = (path: string, body: string | Uint8Array<ArrayBuffer> = '{}') =>
  call('iotdata', path, { method: 'POST', body });

describe('IoT data plane', () => {
  test('publishes to the topic of the path', async () => {
    const topic = encodeURIComponent('weather/WA/seattle/k1/temperature/s 1');
    expect((await post(`/topics/${topic}?qos=1`, '{"v":1}')).status).toBe(200);
    expect((await post('/topics/a/b')).status).toBe(200);
    expect(published).toEqual([
      { topic: 'weather/WA/seattle/k1/temperature/s 1', text: '{"v":1}', qos: 1 },
      { topic: 'a/b', text: '{}', qos: 0 },
    ]);
  });

  test.each([
    ['a wildcard', '/topics/a%2F%2B', 'InvalidRequestException'],
    ['QoS 2', '/topics/a?qos=2', 'InvalidRequestException'],
    ['a retained message on a reserved topic', '/topics/$aws/rules/r?retain=true', 'InvalidRequestException'],
    ['a topic above 256 bytes', `/topics/${'x'.repeat(257)}`, 'InvalidRequestException'],
    ['a topic that is not UTF-8', '/topics/%ff', 'InvalidRequestException'],
    ['a connection', '/connections/c', 'UnknownOperationException'],
  ])('refuses %s', async (_, path, name) => {
    const { status, body } = await post(path);
    expect({ status, name: body.__type }).toEqual({ status: 400, name });
    expect(published).toEqual([]);
  });

  test('refuses a payload above 128 KiB', async () => {
    expect((await post('/topics/a', new Uint8Array(131_073))).status).toBe(413);
    expect((await post('/topics/a', new Uint8Array(131_072))).status).toBe(200);
  });
});
