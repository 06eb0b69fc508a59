import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DetachPolicyCommand, DetachThingPrincipalCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, readBundle, writeBundle } from '../../devices/provisioning/bundle.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { runMesonet } from '../../src/cli/rule/run-mesonet.test-support.ts';
import { selfSignedPair } from '../../src/local/iot-core/tls/certificates.test-support.ts';
import { type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import { RunningPipeline } from './running-pipeline.test-support.ts';

const ARN = 'arn:aws:iot:us-east-1:000000000000:';
let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let out: string;

beforeAll(async () => {
  pipeline = await RunningPipeline.start();
  fleet = new DeviceFleet(pipeline.mesonet);
  out = mkdtempSync(join(tmpdir(), 'mesonet-bundles-'));
  const { awsEndpoint, caFile } = pipeline.mesonet;
  const args = [
    'provision',
    '--count',
    '6',
    '--prefix',
    'p',
    '--out',
    out,
    '--url',
    awsEndpoint,
    '--ca',
    caFile,
  ];
  const { code, stderr } = await runMesonet([...args, '--quiet']);
  expect([code, stderr]).toEqual([0, '']);
}, 90_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
  rmSync(out, { recursive: true, force: true });
});

const doctor = (device: string, ...more: string[]) => {
  const { awsEndpoint, http } = pipeline.mesonet;
  const where = ['--out', out, '--url', awsEndpoint, '--trace-url', http];
  return runMesonet(['doctor', '--device', device, ...where, ...more]);
};

async function examine(
  device: string,
  ...more: string[]
): Promise<{ code: number | null; steps: Finding[] }> {
  const { code, stdout, stderr } = await doctor(device, ...more, '--json');
  expect(stderr).toBe('');
  return { code, steps: (JSON.parse(stdout) as { steps: Finding[] }).steps };
}

/** Every link before holds, this one is broken and the last one looked at, and there is something to do about it. */
async function expectBroken(
  device: string,
  step: string,
  text: string | RegExp,
  ...more: string[]
): Promise<void> {
  const { code, steps } = await examine(device, ...more);
  const last = steps.at(-1)!;
  expect(last).toMatchObject({ step, state: 'broken', text: expect.stringMatching(text) });
  expect(last.advice).toMatch(/\w/);
  expect(steps.slice(0, -1).every(({ state }) => state === 'ok')).toBe(true);
  expect(code).toBe(1);
}

/** Puts other things into the bundle of a device, under the device's name. */
function changeBundle(device: string, change: Partial<Bundle>, endpoint?: string): void {
  const bundle = readBundle(join(out, device))!;
  const config = endpoint === undefined ? bundle.config : { ...bundle.config, endpoint };
  writeBundle(join(out, device), { ...bundle, config, ...change });
}

/** A bundle of a certificate that did not come from `mesonet provision`. */
function writeOther({ name, cert, key }: Pick<DeviceCredentials, 'name' | 'cert' | 'key'>): void {
  const { caPem, config } = readBundle(join(out, 'p-0001'))!;
  const topics = { ...config.topics, reading: `weather/{state}/{city}/${name}/{sensor}/{sensor_id}` };
  writeBundle(join(out, name), {
    certificatePem: cert,
    privateKeyPem: key,
    caPem,
    config: { ...config, topics, thingName: name },
  });
}

describe('mesonet doctor', { timeout: 60_000 }, () => {
  it('finds every link of a healthy device in order, up to the record', async () => {
    const { code, steps } = await examine('p-0001');
    expect(steps.map(({ step, state }) => `${step} ${state}`)).toEqual(
      [
        'bundle',
        'reach',
        'tls',
        'validity',
        'active',
        'attached',
        'policy',
        'connect',
        'rule',
        'publish',
        'arrival',
      ].map((step) => `${step} ok`),
    );
    expect(steps.at(-1)!.text).toContain('stored in');
    expect(code).toBe(0);
  });

  it('prints a line for each link, and goes on without a trace to ask', async () => {
    const { code, stdout } = await doctor('p-0001', '--trace-url', 'http://127.0.0.1:2');
    expect(stdout).toMatch(/^✓ bundle/);
    expect(stdout).toMatch(/^✓ publish/m);
    expect(stdout).toMatch(/^– arrival {3}Cannot ask http:\/\/127\.0\.0\.1:2: nothing listens there/m);
    expect(code).toBe(0);
  });

  it('says that there is no bundle, and asks for a device', async () => {
    await expectBroken('nobody', 'bundle', 'there is no bundle');
    expect((await runMesonet(['doctor'])).stderr).toContain('give exactly one of --device and --fleet');
  });

  it('finds a port on which nothing listens, and one that speaks no TLS', async () => {
    changeBundle('p-0002', {}, 'mqtts://127.0.0.1:9');
    await expectBroken('p-0002', 'reach', '127.0.0.1:9 cannot be reached');
    const server: Server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    changeBundle('p-0002', {}, `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expectBroken('p-0002', 'tls', 'does not speak TLS');
    server.close();
  });

  it('finds an authority that did not sign the server certificate', async () => {
    changeBundle('p-0003', { caPem: (await selfSignedPair('CN=other')).cert });
    await expectBroken('p-0003', 'tls', 'did not sign|signed by itself');
  });

  it('finds a certificate that has expired, one of somebody else, and one that was revoked', async () => {
    const hour = 3_600_000;
    const [from, to] = [new Date(Date.now() - 2 * hour), new Date(Date.now() - hour)];
    writeOther(await fleet.register('expired', { notBefore: from, notAfter: to }));
    await expectBroken('expired', 'validity', 'has expired');
    writeOther({ name: 'foreign', ...(await selfSignedPair('CN=foreign')) });
    await expectBroken('foreign', 'active', 'is not registered');
    const args = ['provision', 'revoke', 'p-0004', '--out', out, '--url', pipeline.mesonet.awsEndpoint];
    expect((await runMesonet(args)).code).toBe(0);
    await expectBroken('p-0004', 'active', 'is REVOKED');
  });

  it('finds a certificate that is attached to no thing, and one without policy', async () => {
    const principalOf = (device: string) =>
      `${ARN}cert/${readBundle(join(out, device))!.config.certificateId}`;
    await fleet.iot.send(
      new DetachThingPrincipalCommand({ thingName: 'p-0005', principal: principalOf('p-0005') }),
    );
    await expectBroken('p-0005', 'attached', 'attached to no thing');
    await fleet.iot.send(
      new DetachPolicyCommand({ policyName: fleet.stackPolicy, target: principalOf('p-0006') }),
    );
    await expectBroken('p-0006', 'policy', 'no policy is attached');
  });

  it('finds a policy that does not speak of the topic, and one that denies it', async () => {
    await fleet.createPolicy('connects', { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' });
    writeOther(await fleet.provision('mute', ['connects']));
    await expectBroken('mute', 'policy', /iot:Publish on .*topic\/weather\/doctor\/.* is allowed by none/);
    await fleet.createPolicy(
      'denies',
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Sid: 'NoDoctor', Effect: 'Deny', Action: 'iot:Publish', Resource: `${ARN}topic/weather/*` },
    );
    writeOther(await fleet.provision('denied', ['denies']));
    await expectBroken('denied', 'policy', "denied by statement NoDoctor of policy 'denies'");
  });

  it('finds a topic that no rule matches', async () => {
    await fleet.createPolicy('anything', { Effect: 'Allow', Action: '*', Resource: '*' });
    writeOther(await fleet.provision('free', ['anything']));
    await expectBroken('free', 'rule', 'no rule matches else/where', '--topic', 'else/where');
    expect((await examine('free')).code).toBe(0);
  });

  it('goes on to the broker when the registry cannot be asked', async () => {
    const { steps } = await examine('p-0001', '--url', 'http://127.0.0.1:9');
    expect(steps.find(({ step }) => step === 'registry')).toMatchObject({ state: 'skipped' });
    expect(steps.find(({ step }) => step === 'connect')).toMatchObject({ state: 'ok' });
  });
});
