import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { computeSignature } from './compute-signature.ts';
import { decodeQuery } from './parse-signature.ts';
import { plainPathOf } from './request-path.ts';
import { type SignedRequest, type VerifyOptions, verifyRequest } from './verify-request.ts';

const caller: Caller = { principalId: 'p', policies: [], values: {}, expiresMillis: 5_000_000_000_000 };
const date = '20261121T100800Z';
const nowMillis = Date.parse('2026-11-21T10:08:00Z');
const options: VerifyOptions = {
  region: 'us-east-1',
  services: ['execute-api'],
  nowMillis,
  findKey: (id) => (id === 'key' ? { secretAccessKey: 'secret', caller } : undefined),
};

/** The example of the documentation of AWS Signature Version 4, "Create a signed request", with its published signature. */
test('a signature is the one that the documentation of the algorithm gives', async () => {
  const signature = await computeSignature({
    method: 'GET',
    path: '/',
    query: { Action: 'ListUsers', Version: '2010-05-08' },
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
    },
    payloadHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    date: '20150830T123600Z',
    region: 'us-east-1',
    service: 'iam',
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  });
  expect(signature).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
});

async function sign(path: string, query: string, body: Uint8Array): Promise<SignedRequest> {
  const headers = { host: '127.0.0.1:8080', 'x-amz-date': date };
  const { createHash } = await import('node:crypto');
  const signature = await computeSignature({
    method: 'PUT',
    path,
    query: decodeQuery(query)!,
    headers,
    payloadHash: createHash('sha256').update(body).digest('hex'),
    date,
    region: 'us-east-1',
    service: 'execute-api',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  });
  const authorization = `AWS4-HMAC-SHA256 Credential=key/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  return { method: 'PUT', path, query, headers: { ...headers, authorization }, body };
}

const segment = fc
  .string({ minLength: 1, maxLength: 8 })
  .map((text) => encodeURIComponent(text.replaceAll(/^\.+$/g, 'x')));
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
const query = fc
  .array(fc.tuple(segment, segment), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

test('whatever was signed is known by its signature, and nothing else by it', async () => {
  await fc.assert(
    fc.asyncProperty(
      path,
      query,
      fc.uint8Array(),
      path,
      fc.uint8Array(),
      async (at, asked, body, other, bytes) => {
        const good = await sign(at, asked, body);
        expect(await verifyRequest(good, options)).toBe(caller);
        if (other !== at)
          expect(await verifyRequest({ ...good, path: other }, options)).toBe('signature does not match');
        if (Buffer.compare(body, bytes) !== 0)
          expect(await verifyRequest({ ...good, body: bytes }, options)).toBe('signature does not match');
        expect(await verifyRequest({ ...good, query: `${asked}&more=1` }, options)).toBe(
          'signature does not match',
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('what cannot be read is refused, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.boolean(), async (text, asked, isHeader) => {
      const headers = isHeader ? { host: 'h', authorization: `AWS4-HMAC-SHA256 ${text}` } : { host: 'h' };
      const request = {
        method: 'GET',
        path: '/',
        query: isHeader ? '' : asked,
        headers,
        body: new Uint8Array(),
      };
      expect(typeof (await verifyRequest(request, options))).toBe('string');
    }),
  );
});

test.each([
  ['/v1/devices/stA/config', '/v1/devices/stA/config'],
  ['/v1/devices/%73tA/config', '/v1/devices/stA/config'],
  ['/v1/devices/a%3Ab/config', '/v1/devices/a:b/config'],
  ['/v1/devices/stA%2Fconfig', undefined],
  ['/v1/devices/stA%252Fconfig', undefined],
  ['/v1/devices/../stB/config', undefined],
  ['/v1/devices/%2e%2e/stB/config', undefined],
  ['/v1//devices', undefined],
  ['/v1/devices/', undefined],
  ['/v1/%ff', undefined],
  ['v1', undefined],
])('the path %s is read as %s', (given, plain) => {
  expect(plainPathOf(given)).toBe(plain);
});
