import { readFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

let pipeline: RunningPipeline;
let page: URL;
beforeAll(async () => {
  pipeline = await RunningPipeline.start();
  page = new URL(pipeline.mesonet.http);
}, 60_000);
afterAll(() => pipeline.end());

/** fetch() does not let Host and Origin be chosen. */
function ask(
  url: URL,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: url.hostname, port: url.port, method, path, headers, setHost: false };
    const asked = request(options, (response) => {
      response.destroy();
      resolve({ status: response.statusCode!, headers: response.headers });
    });
    asked.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode!, headers: response.headers });
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

/** Every route there is: of the stack, of the runtime as its source names them, and of the page. */
function routes(): { method: string; path: string }[] {
  const { stack } = pipeline.mesonet;
  const source = readFileSync(join(projectFolder, 'src/local/start-page.ts'), 'utf8');
  const own = [...source.matchAll(/'(\/v1\/[\w/]+)'/g)].map(([, path]) => ({ method: 'GET', path: path! }));
  const ofStack = [...stack.routes, ...stack.queueRoutes].map(({ method, path }) => ({
    method: method === 'ANY' ? 'POST' : method,
    path: path.replace(/\{[^}]+\}/g, 'x'),
  }));
  return [...own, ...ofStack, { method: 'GET', path: '/' }, { method: 'GET', path: '/no/such/page' }];
}

const own = (): OutgoingHttpHeaders => ({ host: page.host });
const token = (): OutgoingHttpHeaders => ({ authorization: `Bearer ${pipeline.mesonet.token}` });
const isWrite = ({ method }: { method: string }): boolean => method !== 'GET' && method !== 'HEAD';

describe('every route of the page and the API', () => {
  it('is one of many', () => {
    const paths = routes().map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/v1/health', '/v1/live', '/v1/trace', '/v1/readings']));
    expect(routes().filter(isWrite).length).toBeGreaterThan(0);
  });

  it('is for names of this machine only, whoever asks', async () => {
    const evil = `evil.example:${page.port}`;
    for (const { method, path } of routes())
      for (const headers of [
        { host: 'evil.example' },
        { host: evil, origin: `http://${evil}` },
        { host: evil, ...token() },
        { host: `127.0.0.1.evil.example:${page.port}` },
        { host: `localhost:${Number(page.port) + 1}` },
        { host: `[::ffff:7f00:1]:${page.port}` },
        { host: '' },
      ]) {
        const { status } = await ask(page, method, path, headers);
        expect([method, path, headers, status]).toEqual([method, path, headers, 421]);
      }
  });

  it('lets no page of another origin read it', async () => {
    for (const { method, path } of routes()) {
      const { headers } = await ask(page, method, path, { ...own(), origin: 'http://evil.example' });
      expect([path, headers['access-control-allow-origin']]).toEqual([path, undefined]);
      expect([path, headers['cross-origin-resource-policy']]).toEqual([path, 'same-origin']);
      const preflight = await ask(page, 'OPTIONS', path, {
        ...own(),
        origin: 'http://evil.example',
        'access-control-request-method': method,
      });
      expect([path, preflight.headers['access-control-allow-origin']]).toEqual([path, undefined]);
    }
  });

  it('takes no writing without the token, nor from another origin with it', async () => {
    const writing = [
      ...routes().filter(isWrite),
      ...routes().flatMap(({ path }) =>
        ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({ method, path })),
      ),
    ];
    for (const { method, path } of writing)
      for (const [headers, expected] of [
        [{}, 401],
        [{ authorization: 'Bearer wrong' }, 401],
        [{ authorization: `Bearer ${pipeline.mesonet.token} x` }, 401],
        [{ ...token(), origin: 'http://evil.example' }, 403],
        [{ ...token(), origin: 'null' }, 403],
        [{ ...token(), 'sec-fetch-site': 'cross-site' }, 403],
        [{ ...token(), 'sec-fetch-site': 'same-site' }, 403],
      ] as const) {
        const { status } = await ask(page, method, path, { ...own(), ...headers }, '{}');
        expect([method, path, headers, status]).toEqual([method, path, headers, expected]);
      }
  });

  it('is not asked to write by a GET that says it is a POST', async () => {
    const { accepted } = pipeline.mesonet.ledger();
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
      await ask(page, 'GET', '/v1/readings', { ...own(), [name]: 'POST' });
    expect(pipeline.mesonet.ledger().accepted).toBe(accepted);
  });

  it('turns no request into a WebSocket', async () => {
    for (const { path } of routes())
      for (const headers of [{ host: 'evil.example' }, { ...own(), origin: 'http://evil.example' }, own()]) {
        const { status } = await ask(page, 'GET', path, {
          ...headers,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        });
        expect(status).not.toBe(101);
      }
  });
});

it('the AWS endpoint is for names of this machine only', async () => {
  const aws = new URL(pipeline.mesonet.awsEndpoint);
  for (const host of ['evil.example', `evil.example:${aws.port}`, ''])
    for (const path of ['/', '/things', '/bucket/key']) {
      const { status } = await ask(aws, 'POST', path, { host });
      expect([host, path, status]).toEqual([host, path, 421]);
    }
});

describe('a request target that is none', () => {
  it.each([
    'GET /%E0%A4%A HTTP/1.1',
    'GET //evil.example/v1/health HTTP/1.1',
    'GET /v1/sensors/%00/latest HTTP/1.1',
    'GET /../../../../etc/passwd HTTP/1.1',
    'GET /%2e%2e/%2e%2e/package.json HTTP/1.1',
    'GET /..%2fpackage.json HTTP/1.1',
    'GET /constructor HTTP/1.1',
    'GET /__proto__ HTTP/1.1',
    'GET /v1/sensors/__proto__/latest HTTP/1.1',
    'GET /v1/trace?__proto__=1&constructor=2&topic=__proto__ HTTP/1.1',
    'GET /v1/live?station_id=__proto__ HTTP/1.1',
    `GET /${'a'.repeat(20_000)} HTTP/1.1`,
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`,
    'GET constructor HTTP/1.1',
    'nonsense',
  ])('harms nobody: %s', async (line) => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(page.port), page.hostname);
      let answer = '';
      socket.setTimeout(3000, () => socket.destroy());
      socket.on('data', (chunk) => {
        answer += chunk;
        if (answer.length > 200) socket.destroy();
      });
      socket.once('error', reject).once('close', () => resolve(answer));
      socket.write(`${line}\r\nhost: ${page.host}\r\nconnection: close\r\n\r\n`);
    });
    expect(text).not.toMatch(/root:|"name": "mesonet"|at .*\.ts:\d+/);
    expect(text).toMatch(/^HTTP\/1\.1 (200|400|401|404|414|421|431)/);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect((await ask(page, 'GET', '/v1/health', own())).status).toBe(200);
  });
});
