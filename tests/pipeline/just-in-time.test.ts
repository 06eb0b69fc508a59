import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateProvisioningTemplateCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  GetRegistrationCodeCommand,
  ListCertificatesByCACommand,
  RegisterCACertificateCommand,
  UpdateCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateIdOf } from '../../devices/provisioning/bundle.ts';
import { OwnAuthority } from '../../src/local/iot-core/provisioning/own-authority.test-support.ts';
import { DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';

const HOUR_MILLIS = 3_600_000;

let pipeline: RunningPipeline;
let fleet: DeviceFleet;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  await fleet.createPolicy('station', {
    Effect: 'Allow',
    Action: 'iot:Connect',
    Resource: 'arn:aws:iot:us-east-1:000000000000:client/*',
    Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
  });
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

const refusals = (reason: string): number => pipeline.mesonet.ledger().refused[reason] ?? 0;

/** An active authority whose devices register themselves. */
async function factory(name: string, more: object = {}): Promise<{ authority: OwnAuthority; id: string }> {
  const authority = await OwnAuthority.create(`CN=${name}`);
  const { registrationCode } = await fleet.iot.send(new GetRegistrationCodeCommand({}));
  const verificationCertificate = (await authority.issue(`CN=${registrationCode}`)).cert;
  const { certificateId } = await fleet.iot.send(
    new RegisterCACertificateCommand({
      caCertificate: authority.pem,
      verificationCertificate,
      setAsActive: true,
      allowAutoRegistration: true,
      ...more,
    }),
  );
  return { authority, id: certificateId! };
}

async function statusOf(cert: string): Promise<string | undefined> {
  const certificateId = certificateIdOf(cert);
  const found = await fleet.iot.send(new DescribeCertificateCommand({ certificateId }));
  return found.certificateDescription!.status;
}

describe('just-in-time registration', { timeout: 60_000 }, () => {
  it('registers a device of a known authority at its first connection, and tells of it; activated, it may come', async () => {
    const { authority, id } = await factory('registering');
    const heard: [string, Record<string, unknown>][] = [];
    const listener = await pipeline.connect({ clientId: 'operator' });
    listener.on('message', (topic, bytes) => heard.push([topic, JSON.parse(bytes.toString())]));
    await listener.subscribeAsync('$aws/events/certificates/registered/#', { qos: 1 });
    const device = { name: 'jitr-1', ...(await authority.issue('CN=jitr-1')) };
    await expect(fleet.connect(device)).rejects.toThrow();
    await eventually(
      () => heard.length,
      (count) => count === 1,
    );
    const certificateId = certificateIdOf(device.cert);
    expect(heard[0]).toEqual([
      `$aws/events/certificates/registered/${id}`,
      {
        certificateId,
        caCertificateId: id,
        timestamp: expect.any(Number),
        certificateStatus: 'PENDING_ACTIVATION',
        awsAccountId: '000000000000',
        certificateRegistrationTimestamp: expect.stringMatching(/^\d{13}$/),
      },
    ]);
    expect(await statusOf(device.cert)).toBe('PENDING_ACTIVATION');
    await expect(fleet.connect(device)).rejects.toThrow();
    expect(heard).toHaveLength(1);
    expect(refusals('certificate was registered, and waits for activation')).toBe(1);
    expect(refusals('certificate is PENDING_ACTIVATION')).toBe(1);

    const principal = `arn:aws:iot:us-east-1:000000000000:cert/${certificateId}`;
    await fleet.iot.send(new CreateThingCommand({ thingName: 'jitr-1' }));
    await fleet.iot.send(new AttachThingPrincipalCommand({ thingName: 'jitr-1', principal }));
    await fleet.iot.send(new AttachPolicyCommand({ policyName: 'station', target: principal }));
    await fleet.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
    const client = await fleet.connect(device);
    expect(client.connected).toBe(true);
  });

  it('does not register what is not proved, not in time, or not asked for', async () => {
    const { authority, id } = await factory('careful');
    const sameName = await OwnAuthority.create('CN=careful');
    const hours = (from: number, to: number) => ({
      notBefore: new Date(Date.now() + from * HOUR_MILLIS),
      notAfter: new Date(Date.now() + to * HOUR_MILLIS),
    });
    const update = (change: object) =>
      fleet.iot.send(new UpdateCACertificateCommand({ certificateId: id, ...change }));
    const cases: [string, () => Promise<unknown>, { cert: string; key: string }][] = [
      ['certificate is not registered', async () => {}, await sameName.issue('CN=impostor')],
      ['certificate has expired', async () => {}, await authority.issue('CN=old', hours(-2, -1))],
      ['certificate is not valid yet', async () => {}, await authority.issue('CN=young', hours(1, 2))],
      [
        'certificate is not registered',
        () => update({ newAutoRegistrationStatus: 'DISABLE' }),
        await authority.issue('CN=alone'),
      ],
      [
        'authority of the certificate is INACTIVE',
        () => update({ newAutoRegistrationStatus: 'ENABLE', newStatus: 'INACTIVE' }),
        await authority.issue('CN=off'),
      ],
    ];
    for (const [reason, prepare, credentials] of cases) {
      await prepare();
      const before = refusals(reason);
      await expect(fleet.connect({ name: 'any', ...credentials })).rejects.toThrow();
      await eventually(
        () => refusals(reason),
        (count) => count === before + 1,
        5,
      );
    }
    const list = new ListCertificatesByCACommand({ caCertificateId: id });
    expect((await fleet.iot.send(list)).certificates).toEqual([]);
  });
});

const CN = 'AWS::IoT::Certificate::CommonName';
const ID = 'AWS::IoT::Certificate::Id';
const templateBody = JSON.stringify({
  Parameters: Object.fromEntries(
    [CN, 'AWS::IoT::Certificate::Country', ID].map((n) => [n, { Type: 'String' }]),
  ),
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { Ref: CN },
        AttributePayload: { country: { Ref: 'AWS::IoT::Certificate::Country' } },
      },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: ID }, Status: 'ACTIVE' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'station' } },
  },
});

describe('just-in-time provisioning', { timeout: 60_000 }, () => {
  it('makes the thing of a device by the template of its authority, so that it may come again', async () => {
    const roleArn = 'arn:aws:iam::000000000000:role/provisioning';
    await fleet.iot.send(
      new CreateProvisioningTemplateCommand({
        templateName: 'factory',
        templateBody,
        provisioningRoleArn: roleArn,
        type: 'JITP',
        enabled: true,
      }),
    );
    const configs = [{ templateBody, roleArn }, { templateName: 'factory' }];
    for (const [index, registrationConfig] of configs.entries()) {
      const { authority } = await factory(`provisioning ${index}`, { registrationConfig });
      const thingName = `jitp-${index}`;
      const device = { name: thingName, ...(await authority.issue(`CN=${thingName}, C=US`)) };
      await expect(fleet.connect(device)).rejects.toThrow();
      await eventually(
        () => statusOf(device.cert),
        (status) => status === 'ACTIVE',
      );
      const thing = await fleet.iot.send(new DescribeThingCommand({ thingName }));
      expect(thing.attributes).toEqual({ country: 'US' });
      const client = await fleet.connect(device);
      expect(client.connected).toBe(true);
    }
  });

  it('takes back what it cannot provision, says why, and tries again at the next connection', async () => {
    const reports: string[] = [];
    await fleet.end();
    await pipeline.restart({ report: (text) => reports.push(text) });
    fleet = new DeviceFleet(pipeline.mesonet);
    const { authority } = await factory('failing', { registrationConfig: { templateName: 'factory' } });
    const device = { name: 'jitp-x', ...(await authority.issue('CN=jitp-x')) };
    for (const count of [1, 2]) {
      await expect(fleet.connect(device)).rejects.toThrow();
      await eventually(
        () => reports.filter((text) => text.includes("'AWS::IoT::Certificate::Country' has no value")).length,
        (found) => found === count,
      );
    }
    await expect(statusOf(device.cert)).rejects.toThrow('does not exist');
  });
});
