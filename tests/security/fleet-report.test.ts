import { AttachThingPrincipalCommand, CreateThingCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runMesonet } from '../../src/cli/rule/run-mesonet.test-support.ts';
import { DeviceFleet } from '../pipeline/device-fleet.test-support.ts';
import { RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

const DAY = 86_400_000;
let pipeline: RunningPipeline;
let fleet: DeviceFleet;
beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

const doctor = (...args: string[]) =>
  runMesonet([
    'doctor',
    '--fleet',
    '--url',
    pipeline.mesonet.awsEndpoint,
    '--policy',
    fleet.stackPolicy,
    ...args,
  ]);

async function attach(thingName: string, principal: string): Promise<void> {
  await fleet.iot.send(new CreateThingCommand({ thingName }));
  await fleet.iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
}

it('names what has expired, what soon will, what is shared and what belongs to nothing', {
  timeout: 60_000,
}, async () => {
  await fleet.provision('healthy');
  expect(await doctor()).toMatchObject({ code: 0, stdout: expect.stringContaining('0 problems') });
  const now = Date.now();
  const made = async (name: string, notBefore: number, notAfter: number) => {
    const validity = { notBefore: new Date(now + notBefore), notAfter: new Date(now + notAfter) };
    const { certificateArn } = await fleet.register(name, validity);
    return certificateArn;
  };
  await attach('old', await made('old', -2 * DAY, -DAY));
  await attach('soon', await made('soon', -DAY, 10 * DAY));
  await attach('later', await made('later', -DAY, 50 * DAY));
  const shared = await fleet.provision('first');
  await attach('second', shared.certificateArn);
  await made('loose', -DAY, 1000 * DAY);
  const revoked = await fleet.provision('revoked');
  await fleet.setStatus(revoked, 'REVOKED');
  const { code, stdout } = await doctor('--json');
  const { certificates, findings } = JSON.parse(stdout) as {
    certificates: number;
    findings: { step: string; text: string; advice: string }[];
  };
  expect([code, certificates]).toEqual([1, 7]);
  expect(findings.map(({ step }) => step)).toEqual(['expired', 'expiring', 'loose', 'shared']);
  expect(findings.map(({ text }) => /of (.*?)( has| ends| belongs| is)/.exec(text)![1])).toEqual([
    "'old'",
    "'soon'",
    'no thing',
    "'first', 'second'",
  ]);
  const sooner = await doctor('--days', '5');
  expect(sooner.stdout).not.toContain("'soon'");
  expect((await doctor('--days', '60')).stdout).toContain("'later'");
});

it('is asked for one device or for all, not both', async () => {
  for (const args of [
    ['--device', 'x'],
    ['--days', 'many'],
  ])
    expect((await doctor(...args)).code).toBe(2);
  expect((await runMesonet(['doctor'])).code).toBe(2);
});
