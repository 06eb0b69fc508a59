import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceApi } from '../../devices/client/device-api.ts';
import { type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import {
  type Answer,
  type Ask,
  askApi,
  askDevice,
  type SigningKey,
  signed,
} from './device-requests.test-support.ts';
import { eventually, payloadOf, RunningPipeline, topicOf } from './running-pipeline.test-support.ts';

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let a: DeviceCredentials;
let b: DeviceCredentials;

const ALIAS = '/role-aliases/mesonet-dev-device/credentials';
const own = '/v1/devices/stA/config';
const HOUR = 3_600_000;

beforeAll(async () => {
  pipeline = await RunningPipeline.start();
  fleet = new DeviceFleet(pipeline.mesonet);
  [a, b] = [await fleet.provision('stA'), await fleet.provision('stB')];
  for (const name of ['stA', 'stB'])
    await fetch(`${pipeline.mesonet.http}/v1/devices/${name}/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${pipeline.mesonet.token}` },
      body: JSON.stringify({ sampling_interval_seconds: name === 'stA' ? 5 : 7 }),
    });
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

const withCertificate = ({ cert, key }: DeviceCredentials, request: Ask): Promise<Answer> =>
  askDevice(pipeline.mesonet, { ...request, cert, key });

const credentialsFor = (device: DeviceCredentials, thingName?: string): Promise<Answer> =>
  withCertificate(device, {
    path: ALIAS,
    headers: thingName === undefined ? {} : { 'x-amzn-iot-thingname': thingName },
  });

async function keyOf(device: DeviceCredentials, thingName = device.name): Promise<SigningKey> {
  const { json } = await credentialsFor(device, thingName);
  return json.credentials as SigningKey;
}

const now = (): Date => new Date(pipeline.nowMillis);
const apiAddress = () => ({ host: '127.0.0.1', port: Number(new URL(pipeline.mesonet.http).port) });
const ask = async (key: SigningKey, request: Ask, date = now()): Promise<Answer> =>
  askApi(pipeline.mesonet, await signed(apiAddress(), request, key, { date }));

describe('the credential provider', () => {
  it('gives a device credentials of the role that end', async () => {
    const { status, json } = await credentialsFor(a, 'stA');
    expect(status).toBe(200);
    expect(json.credentials).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      secretAccessKey: expect.any(String),
      sessionToken: expect.any(String),
      expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const { expiration } = json.credentials as { expiration: string };
    const seconds = (Date.parse(expiration) - pipeline.nowMillis) / 1000;
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
  });

  it('gives none without a certificate, for another thing, without a policy, or for another alias', async () => {
    expect((await askDevice(pipeline.mesonet, { path: ALIAS })).status).toBe(403);
    expect(await credentialsFor(a, 'stB')).toMatchObject({ status: 403, json: { message: 'Access Denied' } });
    expect((await credentialsFor(a, 'nothing')).status).toBe(403);
    await fleet.createPolicy('no-role', { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' });
    expect((await credentialsFor(await fleet.provision('stP', ['no-role']), 'stP')).status).toBe(403);
    for (const [path, status] of [
      ['/role-aliases/other/credentials', 404],
      ['/role-aliases/../role-aliases/mesonet-dev-device/credentials', 404],
      ['/role-aliases/mesonet-dev-device%2F..%2Fx/credentials', 404],
    ] as const)
      expect([path, (await withCertificate(a, { path })).status]).toEqual([path, status]);
    expect((await withCertificate(a, { method: 'POST', path: ALIAS, body: '{}' })).status).toBe(405);
  });

  it('gives none to a revoked certificate', async () => {
    const gone = await fleet.provision('stGone');
    expect((await credentialsFor(gone, 'stGone')).status).toBe(200);
    await fleet.setStatus(gone, 'REVOKED');
    expect((await credentialsFor(gone, 'stGone')).status).toBe(403);
  });
});

describe('calls that are signed', () => {
  it('reach the configuration of the device, and of no other', async () => {
    const key = await keyOf(a);
    const answer = await ask(key, { path: own });
    expect(answer).toMatchObject({ status: 200, json: { device_id: 'stA', sampling_interval_seconds: 5 } });
    for (const path of [
      '/v1/devices/stB/config',
      '/v1/devices/stB/windows',
      '/v1/devices/stA%2F..%2FstB/config',
      '/v1/devices/stA/../stB/config',
      '/v1/devices/%73tB/config',
      '/v1/devices//config',
    ])
      expect([path, (await ask(key, { path })).status]).toEqual([path, expect.toBeOneOf([403, 404])]);
    const put = { method: 'PUT', path: own, body: '{"sampling_interval_seconds":1}' };
    expect((await ask(key, put)).status).toBe(403);
    expect((await ask(key, { path: '/v1/sensors' })).status).toBe(401);
    expect((await ask(key, { path: '/v1/ledger' })).status).toBe(404);
    expect((await ask(key, { method: 'POST', path: '/v1/readings', body: '{}' })).status).toBe(403);
  });

  it('reach nothing with credentials that name no thing', async () => {
    const { json } = await credentialsFor(a);
    expect((await ask(json.credentials as SigningKey, { path: own })).status).toBe(403);
  });

  it('are refused when anything of them was changed', async () => {
    const key = await keyOf(a);
    const good = await signed(apiAddress(), { path: `${own}?x=1` }, key, { date: now() });
    const headers = good.headers!;
    const authorization = headers.authorization!;
    for (const [what, changed] of Object.entries<Ask>({
      path: { ...good, path: '/v1/devices/stA/windows?x=1' },
      query: { ...good, path: `${own}?x=2` },
      'parameter added': { ...good, path: `${own}?x=1&y=1` },
      method: { ...good, method: 'PUT' },
      body: { ...good, body: 'changed' },
      'body and its hash left out': {
        ...good,
        body: 'changed',
        headers: Object.fromEntries(
          Object.entries(headers).filter(([name]) => name !== 'x-amz-content-sha256'),
        ),
      },
      'body unsigned': { ...good, headers: { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      date: { ...good, headers: { ...headers, 'x-amz-date': '20261121T000000Z' } },
      token: { ...good, headers: { ...headers, 'x-amz-security-token': (await keyOf(b)).sessionToken! } },
      'token left out': {
        ...good,
        headers: Object.fromEntries(
          Object.entries(headers).filter(([name]) => name !== 'x-amz-security-token'),
        ),
      },
      'header added': { ...good, headers: { ...headers, 'x-amz-extra': '1' } },
      signature: {
        ...good,
        headers: {
          ...headers,
          authorization: authorization.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
        },
      },
      key: {
        ...good,
        headers: { ...headers, authorization: authorization.replace(key.accessKeyId, 'local') },
      },
      region: {
        ...good,
        headers: { ...headers, authorization: authorization.replace('us-east-1', 'eu-west-1') },
      },
      service: {
        ...good,
        headers: { ...headers, authorization: authorization.replace('execute-api', 'iotdata') },
      },
      'host unsigned': {
        ...good,
        headers: { ...headers, authorization: authorization.replace('host;', '') },
      },
      nonsense: { ...good, headers: { ...headers, authorization: 'AWS4-HMAC-SHA256 nonsense' } },
    }))
      expect([what, await askApi(pipeline.mesonet, changed)]).toMatchObject([what, { status: 403 }]);
  });

  it('are refused with a secret or a token that was made up', async () => {
    const key = await keyOf(a);
    const [text = ''] = key.sessionToken!.split('.');
    const session = JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...session, thingName: 'stB' })).toString('base64url');
    for (const made of [
      { ...key, secretAccessKey: 'local' },
      { ...key, sessionToken: key.sessionToken!.replace(text, forged) },
      { ...key, sessionToken: 'x' },
      { ...key, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' },
      { accessKeyId: 'local', secretAccessKey: 'local' },
      { accessKeyId: '__proto__', secretAccessKey: '' + 'x' },
    ])
      expect((await ask(made, { path: '/v1/devices/stB/config' })).status).toBe(403);
  });

  it('are good for five minutes, and not after the credentials have ended', async () => {
    const key = await keyOf(a);
    const at = (millis: number) => new Date(pipeline.nowMillis + millis);
    expect((await ask(key, { path: own }, at(-4 * 60_000))).status).toBe(200);
    expect((await ask(key, { path: own }, at(4 * 60_000))).status).toBe(200);
    expect((await ask(key, { path: own }, at(-6 * 60_000))).status).toBe(403);
    expect((await ask(key, { path: own }, at(6 * 60_000))).status).toBe(403);
    const kept = await signed(apiAddress(), { path: own }, key, { date: now() });
    expect((await askApi(pipeline.mesonet, kept)).status).toBe(200);
    pipeline.putClockForward(6 * 60_000);
    expect((await askApi(pipeline.mesonet, kept)).status).toBe(403);
    expect((await ask(key, { path: own })).status).toBe(200);
    pipeline.putClockForward(HOUR);
    expect((await ask(key, { path: own })).status).toBe(403);
    expect((await ask(await keyOf(a), { path: own })).status).toBe(200);
  });

  it('of the owner, who signs with the token, may do everything that is signed', async () => {
    const owner = { accessKeyId: 'local', secretAccessKey: pipeline.mesonet.token };
    expect((await ask(owner, { path: '/v1/devices/stB/config' })).status).toBe(200);
    const put = { method: 'PUT', path: '/v1/devices/stB/config', body: '{"sampling_interval_seconds":8}' };
    expect((await ask(owner, put)).status).toBe(200);
  });
});

describe('calls with a certificate', () => {
  it('reach what the signed ones reach', async () => {
    expect(await withCertificate(a, { path: own })).toMatchObject({
      status: 200,
      json: { device_id: 'stA' },
    });
    for (const [path, status] of [
      ['/v1/devices/stB/config', 403],
      ['/v1/devices/stA/../stB/config', 404],
      ['/v1/devices/stA%2F..%2FstB/config', 403],
      ['/v1/sensors', 401],
      ['/v1/health', 404],
    ] as const)
      expect([path, (await withCertificate(a, { path })).status]).toEqual([path, status]);
    const put = { method: 'PUT', path: own, body: '{"sampling_interval_seconds":1}' };
    expect((await withCertificate(a, put)).status).toBe(403);
    expect((await askDevice(pipeline.mesonet, { path: own })).status).toBe(403);
  });
});

describe('the library for devices', () => {
  it('asks for configuration and history, of its own device only', { timeout: 60_000 }, async () => {
    const { mesonet } = pipeline;
    const { host, port } = mesonet.deviceHttps;
    const apiOf = ({ cert, key }: DeviceCredentials, thingName: string, apiUrl = mesonet.http) =>
      new DeviceApi({
        apiUrl,
        credentialsUrl: `https://${host}:${port}`,
        roleAlias: 'mesonet-dev-device',
        region: 'us-east-1',
        thingName,
        tls: { cert, key, ca: readFileSync(mesonet.caFile, 'utf8') },
        nowMillis: () => pipeline.nowMillis,
      });
    const start = Math.floor(pipeline.nowMillis / 60_000) * 60_000;
    for (const device of [a, b]) {
      const client = await fleet.connect(device);
      for (const at of [0, 1000])
        await client.publishAsync(
          topicOf(`${device.name}-t`, { station: device.name }),
          payloadOf(20, start + at),
          {
            qos: 1,
          },
        );
      await client.endAsync();
    }
    pipeline.putClockForward(10 * 60_000);
    const api = apiOf(a, 'stA');
    expect(await api.configuration()).toMatchObject({ device_id: 'stA', sampling_interval_seconds: 5 });
    const query = { fromMillis: start - HOUR, toMillis: start + HOUR };
    const { windows } = await eventually(
      () => api.history(query),
      (history) => history.windows.length > 0,
      40,
    );
    expect(windows).toMatchObject([{ sensor_id: 'stA-t', station_id: 'stA', avg: 20, count: 2 }]);
    expect((await api.history({ ...query, sensorId: 'stB-t' })).windows).toEqual([]);
    await expect(apiOf(a, 'stB').configuration()).rejects.toMatchObject({
      name: 'DeviceApiError',
      status: 403,
    });
    const overTls = apiOf(b, 'stB', `https://${host}:${port}`);
    expect(await overTls.configuration()).toMatchObject({ device_id: 'stB' });
  });
});
