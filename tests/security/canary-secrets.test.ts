import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CreateKeysAndCertificateCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeviceFleet } from '../pipeline/device-fleet.test-support.ts';
import { payloadOf, projectFolder, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

const CANARY = 'canary-8f14e45fceea167a5a36dedd4bea2543';
const reports: string[] = [];
let pipeline: RunningPipeline;
let fleet: DeviceFleet;
beforeAll(async () => {
  pipeline = await RunningPipeline.start({ insecureLocal: true, report: (text) => void reports.push(text) });
  fleet = new DeviceFleet(pipeline.mesonet);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

/** Every file below a folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A line from the middle of a key, by which its text is found wherever it is. */
const lineOf = (pem: string): string => pem.trim().split('\n').at(3)!;

it('no secret is in an answer, a report or a file where it does not belong', {
  timeout: 60_000,
}, async () => {
  const made = await fleet.iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const deviceKey = lineOf(made.keyPair!.PrivateKey!);
  const { folder, mesonet } = pipeline;
  const ownKeys = ['ca.key', 'server.key'].map(
    (name) =>
      readFileSync(join(folder, 'iot-core', name), 'utf8')
        .trim()
        .split('\n')
        .at(1)!,
  );
  const answers: string[] = [];
  const ask = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(url, init);
    answers.push(JSON.stringify([...response.headers]), await response.text());
  };
  const secret = { authorization: `Bearer ${CANARY}`, cookie: CANARY, 'x-amz-security-token': CANARY };
  for (const path of ['/v1/health', '/v1/readings', '/v1/no', '/v1/sensors/x/latest'])
    for (const method of ['GET', 'POST']) await ask(mesonet.http + path, { method, headers: secret });
  await ask(mesonet.awsEndpoint, {
    method: 'POST',
    headers: {
      ...secret,
      'x-amz-target': 'Kinesis_20131202.No',
      authorization: `AWS4-HMAC-SHA256 Credential=${CANARY}/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=${CANARY}`,
    },
    body: '{',
  });
  const client = await pipeline.connect({ username: CANARY, password: CANARY, clientId: 'named' });
  await client.publishAsync('weather/WA/Seattle/stA/temperature/t1', payloadOf(1, pipeline.nowMillis), {
    qos: 1,
  });
  await expect(pipeline.connect({ username: CANARY, password: CANARY, clientId: '$no' })).rejects.toThrow();
  await expect(
    fleet.connect({ name: 'nobody', cert: made.certificatePem!, key: made.keyPair!.PrivateKey! }),
  ).rejects.toThrow();
  for (const path of [
    'health',
    'ledger',
    'alerts',
    'alarms',
    'metrics',
    'trace?topic=weather/WA/Seattle/stA/temperature/t1',
  ])
    await ask(`${mesonet.http}/v1/${path}`);
  await ask(
    `${mesonet.http}/v1/trace?topic=${encodeURIComponent('$aws/events/presence/connect_failed/nobody')}`,
  );
  await ask(`${mesonet.http}/`);

  const told = [
    ...answers,
    ...reports,
    JSON.stringify(mesonet.ledger()),
    JSON.stringify(mesonet.statistics()),
  ].join('\n');
  for (const each of [CANARY, deviceKey, mesonet.token, ...ownKeys]) expect(told).not.toContain(each);
  for (const file of filesOf(folder)) {
    const bytes = readFileSync(file);
    for (const each of [CANARY, deviceKey]) expect([file, bytes.includes(each)]).toEqual([file, false]);
    if (!/\.key$/.test(file))
      for (const each of ownKeys) expect([file, bytes.includes(each)]).toEqual([file, false]);
  }
});

it('the data folder, which holds the token and the keys, is readable by its owner only', () => {
  expect(statSync(join(pipeline.folder, 'log')).mode & 0o077).toBe(0);
  for (const file of filesOf(pipeline.folder).filter((each) => each.endsWith('.key')))
    expect([file, statSync(file).mode & 0o077]).toEqual([file, 0]);
});

it('no key lies in the repository', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: projectFolder, encoding: 'utf8' }).split('\0');
  const found = files.filter((file) => {
    if (file === '' || !statSync(join(projectFolder, file), { throwIfNoEntry: false })?.isFile())
      return false;
    const text = readFileSync(join(projectFolder, file), 'latin1');
    return /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|\bAKIA(?!IOSFODNN7EXAMPLE|UNKNOWNUNKNOWN00)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b/.test(
      text,
    );
  });
  expect(found).toEqual([]);
});
