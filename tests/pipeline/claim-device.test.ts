import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttachPolicyCommand, DescribeThingCommand, ListThingPrincipalsCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectWithMqtt } from '../../devices/client/connect-with-mqtt.ts';
import type { Transport } from '../../devices/client/connection.ts';
import { readBundle } from '../../devices/provisioning/bundle.ts';
import { type ClaimOptions, claimDevice } from '../../devices/provisioning/claim-device.ts';
import { requestClaim } from '../../devices/provisioning/request-claim.ts';
import { runMesonet } from '../../src/cli/rule/run-mesonet.test-support.ts';
import { closed, type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import { payloadOf, RunningPipeline } from './running-pipeline.test-support.ts';

const HOUR_MILLIS = 3_600_000;

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let out: string;
/** Of a batch of devices, with the stack's policy for claims. */
let batch: DeviceCredentials;
let templateName: string;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  out = mkdtempSync(join(tmpdir(), 'mesonet-claims-'));
  templateName = pipeline.mesonet.stack.provisioningTemplates[0]!.name;
  batch = await fleet.certify('batch');
  const policyName = pipeline.mesonet.stack.iotPolicies.find(({ name }) => name.endsWith('-claim'))!.name;
  await fleet.iot.send(new AttachPolicyCommand({ policyName, target: batch.certificateArn }));
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
  rmSync(out, { recursive: true, force: true });
});

const mesonet = (...args: string[]) =>
  runMesonet(['provision', ...args, '--url', pipeline.mesonet.awsEndpoint, '--json']);

async function allow(...serials: string[]): Promise<void> {
  const { code, stderr } = await mesonet('allow', ...serials);
  expect([code, stderr]).toEqual([0, '']);
}

function optionsOf(serialNumber: string, more: Partial<ClaimOptions> = {}): ClaimOptions {
  const { mqtts, caFile } = pipeline.mesonet;
  const { cert, key } = batch;
  return {
    endpoint: {
      url: `mqtts://127.0.0.1:${mqtts.port}`,
      tls: { ca: readFileSync(caFile, 'utf8'), cert, key },
    },
    templateName,
    serialNumber,
    folder: join(out, serialNumber),
    transport: connectWithMqtt,
    ...more,
  };
}

/** A transport whose connection dies at the nth thing that it does: a publish before or after it went out, or an answer. */
function dyingAt(step: number): { transport: Transport; died: () => boolean } {
  let steps = 0;
  const died = (): boolean => steps >= step;
  const tick = (): void => {
    steps += 1;
    if (steps >= step) throw new Error(`died at step ${step}`);
  };
  const transport: Transport = async (options) => {
    let fail: (reason: string) => void = () => {};
    const dead = new Promise<string>((resolve) => {
      fail = resolve;
    });
    const connection = await connectWithMqtt({
      ...options,
      onMessage: (topic, payload) => {
        try {
          tick();
          options.onMessage?.(topic, payload);
        } catch (error) {
          fail((error as Error).message);
        }
      },
    });
    return {
      closed: Promise.race([connection.closed, dead]),
      publish: async (topic, payload, qos) => {
        tick();
        await connection.publish(topic, payload, qos);
        tick();
      },
      subscribe: (filters) => connection.subscribe(filters),
      end: (force) => connection.end(force),
    };
  };
  return { transport, died };
}

async function letsIn(name: string): Promise<void> {
  const { certificatePem: cert, privateKeyPem: key } = readBundle(join(out, name))!;
  const client = await fleet.connect({ name, cert, key });
  const topic = `weather/WA/Seattle/${name}/temperature/t1`;
  await client.publishAsync(topic, payloadOf(18, pipeline.nowMillis), { qos: 1 });
  await client.endAsync(true);
}

const principalsOf = async (thingName: string): Promise<string[]> =>
  (await fleet.iot.send(new ListThingPrincipalsCommand({ thingName }))).principals!;

describe('a device that claims its certificate by the template of the stack', { timeout: 90_000 }, () => {
  it('gets it for a key of its own when it is on the list, and publishes with it', async () => {
    await expect(claimDevice(optionsOf('new-1'))).rejects.toMatchObject({
      name: 'ClaimRefusedError',
      errorCode: 'AccessDenied',
    });
    await allow('new-1');
    const { outcome, bundle, deviceConfiguration } = await claimDevice(optionsOf('new-1'));
    expect([outcome, deviceConfiguration]).toEqual(['claimed', { station_id: 'new-1', rule: 'telemetry' }]);
    const certificate = new X509Certificate(bundle.certificatePem);
    expect(certificate.checkPrivateKey(createPrivateKey(bundle.privateKeyPem))).toBe(true);
    expect(certificate.subject).toBe('CN=new-1');
    const mode = (name: string): number => statSync(join(out, 'new-1', name)).mode & 0o777;
    expect([mode(''), mode('key.pem')]).toEqual([0o700, 0o600]);
    expect(existsSync(join(out, 'new-1.claim'))).toBe(false);
    const { attributes } = await fleet.iot.send(new DescribeThingCommand({ thingName: 'new-1' }));
    expect(attributes).toEqual({ provisioned_by: 'claim' });
    await letsIn('new-1');
    expect((await claimDevice(optionsOf('new-1'))).outcome).toBe('known');
  });

  it('gets one with a key of the service when it can make none', async () => {
    await allow('new-2');
    await claimDevice(optionsOf('new-2', { keys: 'service' }));
    await letsIn('new-2');
  });

  it('may die at any step, and has one certificate in the end', async () => {
    for (const keys of ['device', 'service'] as const) {
      let step = 1;
      for (let isOver = false; !isOver; step += 1) {
        const serial = `dying-${keys}-${step}`;
        await allow(serial);
        const { transport, died } = dyingAt(step);
        const first = claimDevice(optionsOf(serial, { keys, transport }));
        await first.catch((error: Error) => expect(error.message).toContain('died at step'));
        isOver = !died();
        const again = await claimDevice(optionsOf(serial, { keys }));
        expect(again.outcome, serial).toBe(isOver ? 'known' : 'claimed');
        await letsIn(serial);
        expect(await principalsOf(serial), serial).toHaveLength(1);
      }
      // Two requests, each with a beginning, an end and an answer.
      expect(step).toBeGreaterThan(6);
    }
  });

  it('is let in by what it has when it died before it knew, and comes back after the token is over', async () => {
    await allow('slow');
    const { transport } = dyingAt(6);
    await expect(claimDevice(optionsOf('slow', { transport }))).rejects.toThrow('died at step');
    expect(await principalsOf('slow')).toHaveLength(1);
    pipeline.putClockForward(HOUR_MILLIS + 1000);
    await claimDevice(optionsOf('slow'));
    await letsIn('slow');
    expect(await principalsOf('slow')).toHaveLength(1);
  });

  it('cannot take the name of a station that has a certificate, until it is allowed again', async () => {
    rmSync(join(out, 'new-1'), { recursive: true });
    await expect(claimDevice(optionsOf('new-1'))).rejects.toMatchObject({ errorCode: 'AccessDenied' });
    await allow('new-1');
    await claimDevice(optionsOf('new-1'));
    await letsIn('new-1');
  });

  it('can do nothing else with the claim certificate, under no other client id', async () => {
    await expect(fleet.connect({ ...batch, name: 'new-1' })).rejects.toThrow();
    const client = await fleet.connect({ ...batch, name: 'claim-x' });
    const ended = closed(client);
    client.publish('weather/WA/Seattle/new-1/temperature/t1', payloadOf(1, Date.now()), { qos: 1 }, () => {});
    await ended;
  });
});

describe('mesonet provision claim', { timeout: 90_000 }, () => {
  const claim = (serial: string, ...more: string[]) =>
    mesonet('claim', serial, '--ca', pipeline.mesonet.caFile, '--out', out, ...more);

  it('asks for a claim of a trusted user, or takes one from files, and says in one sentence what is refused', async () => {
    const refused = await claim('cli-1');
    expect([refused.code, refused.stderr.trim()]).toEqual([
      1,
      expect.stringMatching(/^Cannot claim by \$aws\/provisioning-templates\/.*hook does not allow it$/),
    ]);
    await allow('cli-1', 'cli-2');
    const first = await claim('cli-1');
    expect(first.stderr).toBe('');
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'claimed', thingName: 'cli-1' });
    await letsIn('cli-1');
    const files = ['claim.pem', 'claim.key'].map((name) => join(out, name)) as [string, string];
    writeFileSync(files[0], batch.cert);
    writeFileSync(files[1], batch.key, { mode: 0o600 });
    const endpoint = `mqtts://127.0.0.1:${pipeline.mesonet.mqtts.port}`;
    const second = await claim(
      'cli-2',
      '--claim-cert',
      files[0],
      '--claim-key',
      files[1],
      '--endpoint',
      endpoint,
    );
    expect(second.stderr).toBe('');
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'claimed', thingName: 'cli-2' });
    await letsIn('cli-2');
    const half = await claim('cli-2', '--claim-cert', files[0]);
    expect(half.stderr).toContain('give both of --claim-cert and --claim-key');
  });

  it('names the template that there is not', async () => {
    const { awsEndpoint } = pipeline.mesonet;
    await expect(requestClaim('nobody', awsEndpoint)).rejects.toThrow(
      "Cannot get a claim for template 'nobody': Provisioning template 'nobody' does not exist",
    );
  });
});
