import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import { createHttpApi, type HttpApiOptions, sendMessage } from './http-api.ts';
import { type ApiRequest, apiEvent, apiResponse } from './http-api-event.ts';
import { compileRoutes } from './http-api-routes.ts';
import { createHttpGuard, refuse, SERVER_LIMITS } from './http-guard.ts';

const ok = (value: unknown): LambdaResult => ({ ok: true, value, requestId: 'r' });
const failure = (errorType: string): LambdaResult => ({
  ok: false,
  error: { errorType, errorMessage: '', trace: [] },
  requestId: 'r',
});
const route = (method: string, path: string, functionName = 'query') => ({
  method,
  path,
  authorization: 'NONE' as const,
  functionName,
});

describe('a request becomes an event', () => {
  const plain: ApiRequest = {
    method: 'GET',
    path: '/v1/sensors/a%20b/latest',
    query: 'state=NJ&state=NY&city=New+York',
    rawHeaders: [
      'Host',
      '127.0.0.1:80',
      'User-Agent',
      'curl',
      'Accept',
      'a',
      'accept',
      'b',
      'Cookie',
      'x=1; y=2',
    ],
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
  };
  const context = {
    routeKey: 'GET /v1/sensors/{sensor_id}/latest',
    pathParameters: { sensor_id: 'a b' },
    requestId: 'id',
    nowMillis: Date.UTC(2026, 10, 21, 4, 5, 6),
    accountId: '000000000000',
  };

  test('of payload format 2.0', () => {
    expect(JSON.parse(JSON.stringify(apiEvent(plain, context)))).toEqual({
      version: '2.0',
      routeKey: 'GET /v1/sensors/{sensor_id}/latest',
      rawPath: '/v1/sensors/a b/latest',
      rawQueryString: 'state=NJ&state=NY&city=New+York',
      cookies: ['x=1', 'y=2'],
      headers: { host: '127.0.0.1:80', 'user-agent': 'curl', accept: 'a,b' },
      queryStringParameters: { state: 'NJ,NY', city: 'New York' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: '127.0.0.1:80',
        domainPrefix: 'local',
        http: {
          method: 'GET',
          path: '/v1/sensors/a b/latest',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'curl',
        },
        requestId: 'id',
        routeKey: 'GET /v1/sensors/{sensor_id}/latest',
        stage: '$default',
        time: '21/Nov/2026:04:05:06 +0000',
        timeEpoch: 1795233906000,
      },
      pathParameters: { sensor_id: 'a b' },
      isBase64Encoded: false,
    });
  });

  test.each([
    ['application/json', '{"ä":1}', '{"ä":1}', false],
    ['application/vnd.x+json; charset=utf-8', '{}', '{}', false],
    ['text/csv', 'a,b', 'a,b', false],
    ['application/octet-stream', 'abc', 'YWJj', true],
    ['application/x-www-form-urlencoded', 'a=b', 'YT1i', true],
  ])('with a body of %s', (type, text, body, isBase64Encoded) => {
    const event = apiEvent(
      { ...plain, rawHeaders: ['content-type', type], body: Buffer.from(text) },
      context,
    );
    expect(event).toMatchObject({ body, isBase64Encoded });
  });

  test('whatever its names are', () => {
    const event = apiEvent(
      { ...plain, query: '__proto__=1&constructor=2', rawHeaders: ['__proto__', 'x'] },
      context,
    );
    expect(JSON.stringify(event)).toContain('"queryStringParameters":{"__proto__":"1","constructor":"2"}');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('an answer becomes a response', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    ['an object', [{ a: 1 }], 200, json, '[{"a":1}]'],
    ['a text', 'hello', 200, json, 'hello'],
    ['nothing', null, 200, json, 'null'],
    [
      'a status',
      { statusCode: 404, body: '{}', headers: { 'Content-Type': 'application/json' } },
      404,
      json,
      '{}',
    ],
    [
      'no content type',
      { statusCode: 200, body: 'x' },
      200,
      { 'content-type': 'text/plain;charset=utf-8' },
      'x',
    ],
    ['base64', { statusCode: 200, headers: json, body: 'YWJj', isBase64Encoded: true }, 200, json, 'abc'],
    [
      'cookies',
      { statusCode: 200, headers: json, cookies: ['a=1', 'b=2'] },
      200,
      { ...json, 'set-cookie': ['a=1', 'b=2'] },
      '',
    ],
    [
      'a length of its own',
      { statusCode: '201', headers: { ...json, 'Content-Length': 9, n: 1 } },
      201,
      { ...json, n: '1' },
      '',
    ],
  ])('for %s', (_, value, statusCode, headers, body) => {
    const response = apiResponse(value);
    expect({ ...response, body: response?.body.toString() }).toEqual({ statusCode, headers, body });
  });

  test.each([
    ['a status that is none', { statusCode: 'x' }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['a header that splits the response', { statusCode: 200, headers: { a: 'b\r\nc: d' } }],
    ['a header name with a space', { statusCode: 200, headers: { 'a b': '1' } }],
  ])('and not for %s', (_, value) => {
    expect(apiResponse(value)).toBeUndefined();
  });
});

describe('a route', () => {
  const match = compileRoutes([
    route('ANY', '/{proxy+}', 'rest'),
    route('GET', '/v1/sensors/{sensor_id}', 'one'),
    route('GET', '/v1/sensors/count', 'count'),
    route('PUT', '/v1/sensors/{sensor_id}', 'put'),
    route('ANY', '/v1/windows', 'any'),
    route('GET', '/v1/windows', 'get'),
  ]);
  test.each([
    ['GET', '/v1/sensors/count', 'count', {}],
    ['GET', '/v1/sensors/a%2Fb', 'one', { sensor_id: 'a/b' }],
    ['PUT', '/v1/sensors/count', 'put', { sensor_id: 'count' }],
    ['GET', '/v1/windows', 'get', {}],
    ['POST', '/v1/windows', 'any', {}],
    ['GET', '/v1/sensors/a/b', 'rest', { proxy: 'v1/sensors/a/b' }],
    ['GET', '/%zz', 'rest', { proxy: '%zz' }],
  ])('%s %s goes to %s', (method, path, functionName, pathParameters) => {
    const found = match(method, path);
    expect([found?.route.functionName, { ...found?.pathParameters }]).toEqual([functionName, pathParameters]);
  });

  test('that is not there is not found', () => {
    expect(match('GET', '/')).toBeUndefined();
    expect(compileRoutes([route('GET', '/a/{b}')])('GET', '/a/')).toBeUndefined();
  });

  test.each(['a', '/{a+}/b', '/x{a}', '/{a'])('with path %s is refused', (path) => {
    expect(() => compileRoutes([route('GET', path)])).toThrow(`Cannot serve route 'GET ${path}'`);
  });
});

describe('the guard', () => {
  const token = 'secret-token';
  const decide = (method: string, headers: Record<string, string>): number | undefined =>
    refuse({ method, headers: { host: '127.0.0.1:8080', ...headers }, port: 8080 }, { token })?.statusCode;
  const bearer = { authorization: `Bearer ${token}` };

  test.each([
    ['127.0.0.1:8080', undefined],
    ['localhost:8080', undefined],
    ['LOCALHOST', undefined],
    ['[::1]:8080', undefined],
    ['127.0.0.1:8081', 421],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost:8080@evil', 421],
    ['', 421],
  ])('sees host %j', (host, statusCode) => {
    expect(decide('GET', { host })).toBe(statusCode);
  });

  test.each<[string, string, Record<string, string>, number | undefined]>([
    ['a read', 'GET', {}, undefined],
    ['a write without token', 'PUT', {}, 401],
    ['a write with a wrong token', 'POST', { authorization: 'Bearer secret-tokem' }, 401],
    ['a write with a longer token', 'POST', { authorization: `Bearer ${token}x` }, 401],
    ['a write by another scheme', 'DELETE', { authorization: `Basic ${token}` }, 401],
    ['a write with the token', 'PUT', bearer, undefined],
    [
      'a write of the own page',
      'PUT',
      { ...bearer, origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-origin' },
      undefined,
    ],
    ['a write of another page', 'PUT', { ...bearer, origin: 'http://evil.example' }, 403],
    ['a write of no origin', 'PUT', { ...bearer, origin: 'null' }, 403],
    ['a write the browser calls cross-site', 'PUT', { ...bearer, 'sec-fetch-site': 'cross-site' }, 403],
    ['a method of its own', 'BREW', {}, 401],
    ['a body announced too large', 'PUT', { ...bearer, 'content-length': '10485761' }, 413],
  ])('decides about %s', (_, method, headers, statusCode) => {
    expect(decide(method, headers)).toBe(statusCode);
  });
});

describe('the HTTP API on a real server', () => {
  let server: Server;
  let origin: string;
  let seen: [string, unknown][];
  let invoke: HttpApiOptions['invoke'];

  beforeEach(async () => {
    seen = [];
    invoke = async (name, event) => {
      seen.push([name, event]);
      return ok({
        statusCode: 200,
        headers: { 'content-type': 'application/json', 'x-next-from': '5' },
        body: '[]',
      });
    };
    const guard = createHttpGuard({ token: 't' });
    const api = createHttpApi({
      routes: [
        route('GET', '/v1/sensors/{sensor_id}/latest'),
        route('PUT', '/v1/devices/{device_id}/config'),
      ],
      invoke: (...call) => invoke(...call),
      timeoutSeconds: 0.1,
    });
    server = createServer(SERVER_LIMITS, (request, response) => {
      if (!guard(request, response)) return;
      void api.handle(request, response).then((found) => found || sendMessage(response, 404));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const get = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const response = await fetch(origin + path, init);
    return [response.status, await response.text()];
  };

  test('answers with what the function says, and with security headers', async () => {
    const response = await fetch(`${origin}/v1/sensors/s%201/latest?x=1`);
    expect([response.status, await response.text()]).toEqual([200, '[]']);
    expect(response.headers.get('x-next-from')).toBe('5');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(seen).toMatchObject([['query', { rawQueryString: 'x=1', pathParameters: { sensor_id: 's 1' } }]]);
  });

  test('hands on a body', async () => {
    const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
    await get('/v1/devices/d/config', { method: 'PUT', headers, body: '{"enabled":true}' });
    expect(seen).toMatchObject([['query', { body: '{"enabled":true}', isBase64Encoded: false }]]);
    expect(await get('/v1/devices/d/config', { method: 'PUT', body: '{}' })).toEqual([
      401,
      '{"message":"Cannot PUT without the token: send authorization: Bearer <token>"}',
    ]);
  });

  test("says in API Gateway's words what went wrong", async () => {
    const path = '/v1/sensors/s/latest';
    expect(await get('/nothing')).toEqual([404, '{"message":"Not Found"}']);
    for (const [result, status, message] of [
      [failure('Error'), 500, 'Internal Server Error'],
      [failure('Sandbox.Timedout'), 500, 'Internal Server Error'],
      [ok({ statusCode: 'x' }), 500, 'Internal Server Error'],
      [failure('TooManyRequestsException'), 503, 'Service Unavailable'],
      [failure('RequestTooLargeException'), 413, 'Request Entity Too Large'],
    ] as const) {
      invoke = async () => result;
      expect(await get(path)).toEqual([status, JSON.stringify({ message })]);
    }
    invoke = () => new Promise(() => {});
    expect(await get(path)).toEqual([503, '{"message":"Service Unavailable"}']);
  });

  test('refuses a body that turns out too large, and does not read on', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: 'Bearer t', 'transfer-encoding': 'chunked' };
      const sending = httpRequest(`${origin}/v1/devices/d/config`, { method: 'PUT', headers }, (response) => {
        resolve(response.statusCode);
        sending.destroy();
      });
      sending.on('error', reject);
      for (let megabyte = 0; megabyte < 11; megabyte++) sending.write(Buffer.alloc(1024 * 1024));
    });
    expect([status, seen]).toEqual([413, []]);
  });

  test('does not speak to another host name', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      httpRequest(`${origin}/v1/sensors/s/latest`, { headers }, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect([status, seen]).toEqual([421, []]);
  });
});
