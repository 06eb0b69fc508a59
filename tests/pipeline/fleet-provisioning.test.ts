import { X509Certificate } from 'node:crypto';
import {
  CreateProvisioningTemplateCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeProvisioningTemplateCommand,
  DescribeThingCommand,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  UpdateCertificateCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { cbor } from '@smithy/core/cbor';
import { connect as mqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateWith } from '../../src/local/iot-core/provisioning/templates.test-support.ts';
import { signingRequestPair } from '../../src/local/iot-core/tls/certificates.test-support.ts';
import { ClaimingDevice, claimOf } from './claiming-device.test-support.ts';
import { closed, DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';

const CREATE = '$aws/certificates/create/json';
const FROM_CSR = '$aws/certificates/create-from-csr/json';
const OPEN = 'open-to-all';
const provisionBy = (templateName: string): string =>
  `$aws/provisioning-templates/${templateName}/provision/json`;
const HOUR_MILLIS = 3_600_000;

let pipeline: RunningPipeline;
let fleet: DeviceFleet;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  await fleet.createPolicy('station', {
    Effect: 'Allow',
    Action: 'iot:Connect',
    Resource: 'arn:aws:iot:us-east-1:000000000000:client/$' + '{iot:Connection.Thing.ThingName}',
    Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
  });
  await createTemplate(OPEN, templateWith());
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

async function createTemplate(templateName: string, templateBody: string, more: object = {}): Promise<void> {
  const provisioningRoleArn = 'arn:aws:iam::000000000000:role/provisioning';
  const input = { templateName, templateBody, provisioningRoleArn, enabled: true, ...more };
  await fleet.iot.send(new CreateProvisioningTemplateCommand(input));
}

/** A claiming device that is there for as long as `work` takes. */
async function claiming<Value>(
  work: (device: ClaimingDevice) => Promise<Value>,
  templateName = OPEN,
): Promise<Value> {
  const device = await ClaimingDevice.connect(fleet, await claimOf(fleet.iot, templateName));
  try {
    return await work(device);
  } finally {
    await device.end();
  }
}

async function statusOf(certificateId: string): Promise<string | undefined> {
  const found = await fleet.iot.send(new DescribeCertificateCommand({ certificateId }));
  return found.certificateDescription!.status;
}

describe('a device with a claim certificate', { timeout: 60_000 }, () => {
  it('gets keys, a certificate that waits, and by its token a thing; then it may connect as that', async () => {
    const made = await claiming(async (device) => {
      const created = await device.ask(CREATE, '');
      expect(created.isAccepted).toBe(true);
      const { certificateId, certificateOwnershipToken, privateKey, certificatePem } = created.body;
      expect(await statusOf(certificateId!)).toBe('PENDING_ACTIVATION');
      const own = { name: 'sn-1', cert: certificatePem!, key: privateKey! };
      await expect(fleet.connect(own)).rejects.toThrow();
      const provisioned = await device.ask(provisionBy(OPEN), {
        certificateOwnershipToken,
        parameters: { SerialNumber: 'sn-1' },
      });
      expect(provisioned).toMatchObject({
        isAccepted: true,
        body: { thingName: 'sn-1', deviceConfiguration: { station: 'sn-1', interval: '10' } },
      });
      return { ...own, certificateId: certificateId! };
    });
    expect(await statusOf(made.certificateId)).toBe('ACTIVE');
    const thing = await fleet.iot.send(new DescribeThingCommand({ thingName: 'sn-1' }));
    expect(thing.attributes).toEqual({ place: 'WA' });
    const principal = `arn:aws:iot:us-east-1:000000000000:cert/${made.certificateId}`;
    const { things } = await fleet.iot.send(new ListPrincipalThingsCommand({ principal }));
    expect(things).toEqual(['sn-1']);
    const { policies } = await fleet.iot.send(new ListAttachedPoliciesCommand({ target: principal }));
    expect(policies!.map(({ policyName }) => policyName)).toEqual(['station']);
    const client = await fleet.connect(made);
    expect(client.connected).toBe(true);
    await expect(fleet.connect({ ...made, name: 'sn-2' })).rejects.toThrow();
  });

  it('gets a certificate for its own key, and the same answer when it asks again', async () => {
    const { request, key } = await signingRequestPair('CN=sn-csr');
    await claiming(async (device) => {
      const { body } = await device.ask(FROM_CSR, { certificateSigningRequest: request });
      expect(body.privateKey).toBeUndefined();
      const wanted = {
        certificateOwnershipToken: body.certificateOwnershipToken,
        parameters: { SerialNumber: 'sn-csr', Place: 'IA' },
      };
      const first = await device.ask(provisionBy(OPEN), wanted);
      expect(first.isAccepted).toBe(true);
      expect((await device.ask(provisionBy(OPEN), wanted)).body).toEqual(first.body);
      const client = await fleet.connect({ name: 'sn-csr', cert: body.certificatePem!, key });
      expect(client.connected).toBe(true);
    });
  });

  it('may ask in CBOR', async () => {
    await claiming(async (device) => {
      const created = await device.ask('$aws/certificates/create/cbor', Buffer.alloc(0));
      const { certificateOwnershipToken, certificatePem } = cbor.deserialize(created.bytes);
      expect(new X509Certificate(certificatePem).subject).toContain('AWS IoT Certificate');
      const body = { certificateOwnershipToken, parameters: { SerialNumber: 'sn-cbor' } };
      const topic = provisionBy(OPEN).replace('json', 'cbor');
      const provisioned = await device.ask(topic, Buffer.from(cbor.serialize(body)));
      expect(cbor.deserialize(provisioned.bytes)).toMatchObject({ thingName: 'sn-cbor' });
      const refused = await device.ask(topic, Buffer.from([0xff]));
      expect(cbor.deserialize(refused.bytes)).toMatchObject({
        statusCode: 400,
        errorCode: 'InvalidPayload',
        errorMessage: 'The payload is not a CBOR map',
      });
    });
  });

  it('keeps certificate and token over a restart of the runtime', async () => {
    const created = await claiming((device) => device.ask(CREATE));
    await fleet.end();
    await pipeline.restart();
    fleet = new DeviceFleet(pipeline.mesonet);
    const { certificateOwnershipToken } = created.body;
    const provisioned = await claiming((device) =>
      device.ask(provisionBy(OPEN), {
        certificateOwnershipToken,
        parameters: { SerialNumber: 'sn-restart' },
      }),
    );
    expect(provisioned.body).toMatchObject({ thingName: 'sn-restart' });
  });
});

describe('what fleet provisioning refuses', { timeout: 60_000 }, () => {
  const token = async (device: ClaimingDevice): Promise<string> =>
    (await device.ask(CREATE)).body.certificateOwnershipToken!;

  it('says why: payloads, requests for certificates, tokens, templates and parameters', async () => {
    await createTemplate('asleep', templateWith(), { enabled: false });
    await createTemplate('just-in-time', templateWith(), { type: 'JITP' });
    await fleet.createPolicy('any-template', {
      Effect: 'Allow',
      Action: ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'],
      Resource: '*',
    });
    const claimer = await fleet.provision('claimer', ['any-template']);
    const asking = await ClaimingDevice.connect(fleet, claimer, 'claimer');
    const certificateOwnershipToken = await token(asking);
    const parameters = { SerialNumber: 'sn-x' };
    const cases: [string, object | string, number, string, string][] = [
      [CREATE, 'no json', 400, 'InvalidPayload', 'not a JSON object'],
      [CREATE, '[]', 400, 'InvalidPayload', 'not a JSON object'],
      [FROM_CSR, {}, 400, 'InvalidCsr', 'is not a PEM text'],
      [FROM_CSR, { certificateSigningRequest: 'x' }, 400, 'InvalidCsr', 'cannot be read'],
      [provisionBy(OPEN), { parameters }, 400, 'InvalidCertificateOwnershipToken', 'is missing'],
      [
        provisionBy(OPEN),
        { certificateOwnershipToken: 'guessed', parameters },
        400,
        'InvalidCertificateOwnershipToken',
        'not one that was given',
      ],
      [
        provisionBy(OPEN),
        { certificateOwnershipToken },
        400,
        'InvalidParameters',
        "'SerialNumber' has no value",
      ],
      [
        provisionBy(OPEN),
        { certificateOwnershipToken, parameters: { SerialNumber: 7 } },
        400,
        'InvalidParameters',
        'are not texts by name',
      ],
      [
        provisionBy(OPEN),
        { certificateOwnershipToken, parameters: { ...parameters, 'AWS::IoT::Certificate::Id': 'a' } },
        400,
        'InvalidParameters',
        "is not the device's to say",
      ],
      [
        provisionBy(OPEN),
        { certificateOwnershipToken, parameters: { SerialNumber: 'a/b' } },
        400,
        'InvalidParameters',
        'is not a name of a thing',
      ],
      [
        provisionBy('nobody'),
        { certificateOwnershipToken, parameters },
        404,
        'ResourceNotFound',
        "'nobody' does not exist",
      ],
      [
        provisionBy('asleep'),
        { certificateOwnershipToken, parameters },
        403,
        'AccessDenied',
        'is not enabled',
      ],
      [
        provisionBy('just-in-time'),
        { certificateOwnershipToken, parameters },
        400,
        'InvalidParameters',
        'of type JITP',
      ],
    ];
    for (const [topic, body, statusCode, errorCode, message] of cases)
      expect((await asking.ask(topic, body)).body, `${topic} ${JSON.stringify(body)}`).toEqual({
        statusCode,
        errorCode,
        errorMessage: expect.stringContaining(message),
      });
    await asking.end();
  });

  it('a token after an hour, whose certificate is then forgotten', async () => {
    const created = await claiming((device) => device.ask(CREATE));
    pipeline.putClockForward(HOUR_MILLIS + 1000);
    const { certificateOwnershipToken, certificateId } = created.body;
    const refused = await claiming((device) =>
      device.ask(provisionBy(OPEN), { certificateOwnershipToken, parameters: { SerialNumber: 'late' } }),
    );
    expect(refused.body).toMatchObject({
      errorCode: 'InvalidCertificateOwnershipToken',
      errorMessage: 'The certificate ownership token has expired',
    });
    await claiming((device) => device.ask(CREATE));
    await expect(statusOf(certificateId!)).rejects.toThrow('does not exist');
  });

  it('the token of a certificate that was revoked', async () => {
    const { body } = await claiming((device) => device.ask(CREATE));
    const { certificateId, certificateOwnershipToken } = body;
    await fleet.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
    const refused = await claiming((device) =>
      device.ask(provisionBy(OPEN), { certificateOwnershipToken, parameters: { SerialNumber: 'sn-r' } }),
    );
    expect(refused.body.errorMessage).toBe('The certificate of the token is REVOKED');
  });

  it('what the template fails for: another thing of the name, and a policy that is not there', async () => {
    const failing = JSON.parse(templateWith()) as { Resources: Record<string, object> };
    Object.assign(failing.Resources.thing!, { OverrideSettings: { AttributePayload: 'FAIL' } });
    await createTemplate('failing', JSON.stringify(failing));
    Object.assign(failing.Resources.policy!, { Properties: { PolicyName: 'not-there' } });
    await createTemplate('no-policy', JSON.stringify(failing));
    await fleet.iot.send(new CreateThingCommand({ thingName: 'taken' }));
    const by = (templateName: string, SerialNumber: string) =>
      claiming(async (device) => {
        const certificateOwnershipToken = await token(device);
        const parameters = { SerialNumber };
        return (await device.ask(provisionBy(templateName), { certificateOwnershipToken, parameters })).body;
      }, templateName);
    expect(await by('failing', 'taken')).toMatchObject({ statusCode: 409, errorCode: 'ResourceConflict' });
    expect(await by('no-policy', 'nobody')).toMatchObject({ statusCode: 404, errorCode: 'ResourceNotFound' });
    await expect(fleet.iot.send(new DescribeThingCommand({ thingName: 'nobody' }))).rejects.toThrow();
  });

  it('whoever comes without a certificate', async () => {
    const client = await pipeline.connect({ clientId: 'anybody' });
    const said = new Promise<string>((resolve) =>
      client.on('message', (topic, bytes) => resolve(`${topic} ${bytes}`)),
    );
    await client.publishAsync(CREATE, '', { qos: 1 });
    expect(await said).toContain('"errorCode":"AccessDenied"');
  });

  it('a claim that is over, other topics of a claim, and the template of another claim', async () => {
    const claim = await claimOf(fleet.iot, OPEN);
    for (const topic of ['weather/WA/Seattle/a/temperature/t', provisionBy('failing')]) {
      const device = await ClaimingDevice.connect(fleet, claim);
      const ended = closed(device.client);
      device.client.publish(topic, '{}', { qos: 1 }, () => {});
      await ended;
    }
    pipeline.putClockForward(301_000);
    await expect(ClaimingDevice.connect(fleet, claim)).rejects.toThrow();
  });

  it('to show requests to anybody else: they carry the tokens', async () => {
    const seen: string[] = [];
    const session = { clientId: 'keeper', clean: false, protocolVersion: 4 as const };
    const keeper = await pipeline.connect(session);
    await keeper.subscribeAsync(['$aws/certificates/#', 'seen/all'], { qos: 1 });
    await keeper.endAsync();
    const listener = await pipeline.connect({ clientId: 'listener' });
    await listener.subscribeAsync(['$aws/certificates/#', '$aws/provisioning-templates/#']);
    listener.on('message', (topic) => seen.push(topic));
    await claiming((device) => device.ask(CREATE));
    await claiming((device) => device.ask(provisionBy(OPEN), { certificateOwnershipToken: 'x' }));
    await listener.publishAsync('seen/all', '', { qos: 1 });
    expect(seen).toEqual([]);
    const kept: string[] = [];
    const again = mqttClient({ ...session, host: '127.0.0.1', port: pipeline.mesonet.mqtt.port });
    again.on('message', (topic) => kept.push(topic));
    await eventually(
      () => kept,
      (topics) => topics.includes('seen/all'),
    );
    await again.endAsync(true);
    expect(kept).toEqual(['seen/all']);
  });
});

describe('the template of the stack', { timeout: 90_000 }, () => {
  it('is there, and a change by hand stays until the stack changes', async () => {
    const [template] = pipeline.mesonet.stack.provisioningTemplates;
    const templateName = template!.name;
    const described = await fleet.iot.send(new DescribeProvisioningTemplateCommand({ templateName }));
    expect(described).toMatchObject({
      enabled: true,
      type: 'FLEET_PROVISIONING',
      preProvisioningHook: { targetArn: expect.stringContaining('approveDevice') },
    });
    await fleet.iot.send(new UpdateProvisioningTemplateCommand({ templateName, description: 'by hand' }));
    await fleet.end();
    await pipeline.restart();
    fleet = new DeviceFleet(pipeline.mesonet);
    const again = await fleet.iot.send(new DescribeProvisioningTemplateCommand({ templateName }));
    expect(again).toMatchObject({ description: 'by hand', defaultVersionId: 1 });
  });
});
