import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { CreateJobCommand } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import type { DeviceCredentials } from './device-fleet.test-support.ts';
import { type Answer, type Ask, askDevice } from './device-requests.test-support.ts';
import { eventually } from './running-pipeline.test-support.ts';
import { readStream } from './runtime-process.test-support.ts';
import {
  ARN,
  a,
  b,
  expectRefused,
  fleet,
  pipeline,
  reading,
  restart,
  weather,
} from './two-devices.test-support.ts';

const ask = (device: Partial<DeviceCredentials>, request: Ask): Promise<Answer> =>
  askDevice(pipeline.mesonet, { ...request, ...(device.cert && { cert: device.cert, key: device.key! }) });

const post = (device: Partial<DeviceCredentials>, path: string, body: string | Buffer): Promise<Answer> =>
  ask(device, { method: 'POST', path, body });

/** A device that may use the data plane over HTTPS for itself; variables of things have no value there. */
async function httpsDevice(name: string): Promise<DeviceCredentials> {
  await fleet.createPolicy(
    `${name}-https`,
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:RetainPublish', 'iot:GetRetainedMessage'],
      Resource: [`${ARN}topic/weather/*/*/${name}/*`, `${ARN}topic/notes/${name}`],
    },
    {
      Effect: 'Allow',
      Action: [
        'iot:GetThingShadow',
        'iot:UpdateThingShadow',
        'iot:DeleteThingShadow',
        'iot:GetPendingJobExecutions',
        'iot:StartNextPendingJobExecution',
        'iot:DescribeJobExecution',
        'iot:UpdateJobExecution',
      ],
      Resource: [`${ARN}thing/${name}`, `${ARN}thing/${name}/blinds`],
    },
  );
  return fleet.provision(name, [`${name}-https`]);
}

describe('publishing over HTTPS', () => {
  it('is answered when the message is durable, and the rules have taken it', async () => {
    const c = await httpsDevice('stC');
    const answer = await post(c, `/topics/${weather('stC')}?qos=1`, reading());
    expect(answer).toMatchObject({ status: 200, json: { message: 'OK' } });
    expect(answer.headers['x-amzn-requestid']).toBeTruthy();
    await restart();
    const kept = await readStream<{ station_id: string }>(
      pipeline.mesonet.awsEndpoint,
      'mesonet-dev-readings',
    );
    expect(kept.filter(({ station_id }) => station_id === 'stC')).toHaveLength(1);
    const encoded = await post(c, `/topics/${encodeURIComponent(weather('stC'))}?qos=0`, reading());
    expect(encoded.status).toBe(200);
  });

  it('reaches subscribers, and can be retained and read again', async () => {
    const d = await httpsDevice('stD');
    const subscriber = await pipeline.connect();
    const seen: string[] = [];
    subscriber.on('message', (topic, payload) => seen.push(`${topic} ${payload}`));
    await subscriber.subscribeAsync('notes/stD', { qos: 1 });
    expect((await post(d, '/topics/notes/stD?qos=1&retain=true', 'hello')).status).toBe(200);
    await eventually(
      () => seen,
      ({ length }) => length === 1,
    );
    expect(seen).toEqual(['notes/stD hello']);
    const kept = await ask(d, { path: '/retainedMessage/notes%2FstD' });
    expect(Buffer.from(String(kept.json.payload), 'base64').toString()).toBe('hello');
    expect((await ask(d, { path: '/retainedMessage' })).status).toBe(403);
  });

  it('says by its certificate who sent it', async () => {
    const e = await httpsDevice('stE');
    await post(e, `/topics/${weather('stE')}?qos=1`, reading());
    const trace = await pipeline.get<{ messages: { topic: string }[] }>(
      `/v1/trace?topic=${encodeURIComponent(weather('stE'))}`,
    );
    expect(trace.messages).toHaveLength(1);
  });

  it('has no variables of things: the policy of the stack allows nothing', async () => {
    await expectRefused('iot:Publish is not allowed by any policy', async () => {
      const answer = await post(a, `/topics/${weather('stA')}?qos=1`, reading());
      expect(answer).toMatchObject({ status: 403, json: { message: 'Forbidden' } });
      expect(answer.headers['x-amzn-errortype']).toBe('ForbiddenException');
    });
  });

  it('refuses what MQTT would refuse, by the names of AWS', async () => {
    const f = await httpsDevice('stF');
    for (const path of [
      `/topics/${weather('stA')}`,
      `/topics/weather%2FWA%2FSeattle%2FstA%2Ftemperature%2Ft1`,
      '/topics/weather/+/Seattle/stA/t/t1',
    ]) {
      const answer = await post(f, path, reading());
      expect([path, answer.status]).toEqual([path, 403]);
    }
    for (const [path, body, status, name] of [
      [`/topics/${weather('stF')}?qos=2`, reading(), 400, 'InvalidRequestException'],
      ['/topics/weather/WA/Seattle/stF/temperature/%23', reading(), 400, 'InvalidRequestException'],
      ['/topics/weather/a/b/stF/e/f/g/h/i', reading(), 400, 'InvalidRequestException'],
      ['/topics/weather/WA/Seattle/stF/%ff', reading(), 400, 'InvalidRequestException'],
      [`/topics/${weather('stF')}`, Buffer.alloc(128 * 1024 + 1), 413, 'RequestEntityTooLargeException'],
    ] as const) {
      const answer = await post(f, path, body);
      expect([path, answer.status, answer.headers['x-amzn-errortype']]).toEqual([path, status, name]);
    }
    const wrong = await ask(f, { method: 'PUT', path: `/topics/${weather('stF')}` });
    expect([wrong.status, wrong.headers['x-amzn-errortype']]).toEqual([405, 'MethodNotAllowedException']);
  });

  it('ends a body of 20 MB without taking it in', async () => {
    const before = process.memoryUsage().external;
    const answer = await post(a, `/topics/${weather('stA')}`, Buffer.alloc(20 * 1024 * 1024)).catch(
      () => undefined,
    );
    expect(answer?.status ?? 413).toBe(413);
    expect(process.memoryUsage().external - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('who asks over HTTPS', () => {
  it('is refused without a certificate, and with one that does not count', async () => {
    await expectRefused('no client certificate', async () => {
      const answer = await post({}, `/topics/${weather('stA')}`, reading());
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([
        403,
        'MissingAuthenticationTokenException',
      ]);
    });
    const revoked = await httpsDevice('stR');
    expect((await post(revoked, `/topics/${weather('stR')}`, reading())).status).toBe(200);
    await fleet.setStatus(revoked, 'REVOKED');
    await expectRefused('certificate is REVOKED', async () => {
      expect((await post(revoked, `/topics/${weather('stR')}`, reading())).status).toBe(403);
    });
  });

  it('is refused under a name that is not this machine', async () => {
    const answer = await ask(a, { path: '/retainedMessage', headers: { host: 'evil.example' } });
    expect(answer.status).toBe(421);
  });

  it('finds nothing where nothing is', async () => {
    expect((await ask(a, { path: '/' })).status).toBe(404);
    expect((await ask(a, { path: '/things/__proto__/nothing' })).status).toBe(404);
  });
});

describe('AWS clients over HTTPS', () => {
  const clientOf = (secretAccessKey: string): IoTDataPlaneClient => {
    const { host, port } = pipeline.mesonet.deviceHttps;
    const httpsAgent = new Agent({ ca: readFileSync(pipeline.mesonet.caFile), servername: 'localhost' });
    return new IoTDataPlaneClient({
      endpoint: `https://${host}:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey },
      requestHandler: new NodeHttpHandler({ httpsAgent }),
      maxAttempts: 1,
    });
  };

  it('sign what they ask, and are known by their signature', async () => {
    const owner = clientOf(pipeline.mesonet.token);
    await owner.send(new PublishCommand({ topic: 'from/sdk', qos: 1, payload: Buffer.from('x') }));
    await owner.send(
      new UpdateThingShadowCommand({ thingName: 'stA', payload: Buffer.from('{"state":{}}') }),
    );
    await expectRefused('signature does not match', async () => {
      const refused = clientOf('local').send(new PublishCommand({ topic: 'from/sdk', qos: 1 }));
      await expect(refused).rejects.toMatchObject({ name: 'ForbiddenException' });
    });
  });
});

describe('shadows over HTTPS', () => {
  it('are read, changed and deleted by the device whose they are', async () => {
    const g = await httpsDevice('stG');
    expect((await ask(g, { path: '/things/stG/shadow' })).status).toBe(404);
    for (const query of ['', '?name=blinds']) {
      const path = `/things/stG/shadow${query}`;
      const updated = await post(g, path, '{"state":{"reported":{"open":true}}}');
      expect(updated).toMatchObject({
        status: 200,
        json: { state: { reported: { open: true } }, version: 1 },
      });
      expect((await ask(g, { path })).json).toMatchObject({ state: { reported: { open: true } } });
      const wrong = await post(g, path, '{"state":{},"version":7}');
      expect([wrong.status, wrong.headers['x-amzn-errortype']]).toEqual([409, 'ConflictException']);
      expect((await ask(g, { method: 'DELETE', path })).status).toBe(200);
    }
  });

  it('of others are not, however the name is written', async () => {
    const h = await httpsDevice('stH');
    for (const path of [
      '/things/stG/shadow',
      '/things/stH/shadow?name=other',
      '/things/stH%2F..%2FstG/shadow',
      '/things/stH/../stG/shadow',
      '/things/%73tG/shadow',
      '/api/things/shadow/ListNamedShadowsForThing/stH',
    ])
      expect([path, (await ask(h, { path })).status]).toEqual([path, expect.toBeOneOf([400, 403, 404])]);
  });
});

describe('jobs over HTTPS', () => {
  it('are found, begun, described and ended', async () => {
    const j = await httpsDevice('stJ');
    await fleet.iot.send(
      new CreateJobCommand({ jobId: 'job-1', targets: [`${ARN}thing/stJ`], document: '{"do":"it"}' }),
    );
    const pending = await ask(j, { path: '/things/stJ/jobs' });
    expect(pending.json).toMatchObject({ queuedJobs: [{ jobId: 'job-1' }], inProgressJobs: [] });
    const started = await ask(j, { method: 'PUT', path: '/things/stJ/jobs/$next', body: '{}' });
    expect(started.json).toMatchObject({
      execution: { jobId: 'job-1', status: 'IN_PROGRESS', jobDocument: '{"do":"it"}' },
    });
    const described = await ask(j, { path: '/things/stJ/jobs/job-1?includeJobDocument=true' });
    expect(described.json).toMatchObject({ execution: { jobDocument: '{"do":"it"}', versionNumber: 2 } });
    const update = (body: object) => post(j, '/things/stJ/jobs/job-1', JSON.stringify(body));
    expect((await update({ status: 'SUCCEEDED', expectedVersion: 9 })).status).toBe(409);
    expect((await update({ status: 'UNHEARD' })).status).toBe(400);
    const ended = await update({ status: 'SUCCEEDED', includeJobExecutionState: true });
    expect(ended.json).toMatchObject({ executionState: { status: 'SUCCEEDED', versionNumber: 3 } });
    expect((await update({ status: 'FAILED' })).status).toBe(409);
    const gone = await ask(j, { path: '/things/stJ/jobs/job-1' });
    expect([gone.status, gone.headers['x-amzn-errortype']]).toEqual([410, 'TerminalStateException']);
  });

  it('of others, and those that are not there, are not', async () => {
    const k = await httpsDevice('stK');
    expect((await ask(k, { path: '/things/stJ/jobs' })).status).toBe(403);
    expect((await ask(k, { path: '/things/stK/jobs/nothing' })).status).toBe(404);
    expect((await ask(k, { path: '/things/stK/jobs/a%2Fb' })).status).toBe(400);
    expect((await ask(b, { path: '/things/stB/jobs' })).status).toBe(403);
  });
});
