import {
  CreateProvisioningTemplateCommand,
  DeleteCACertificateCommand,
  DeleteProvisioningTemplateCommand,
  DeleteRegistrationCodeCommand,
  DescribeCACertificateCommand,
  DescribeCertificateCommand,
  GetRegistrationCodeCommand,
  IoTClient,
  ListCACertificatesCommand,
  ListCertificatesByCACommand,
  RegisterCACertificateCommand,
  RegisterCertificateCommand,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../../aws-endpoint/aws-endpoint.test-server.ts';
import { OwnAuthority } from './own-authority.test-support.ts';
import { templateWith } from './templates.test-support.ts';

const data = temporaryFolder();
const provisioningRoleArn = 'arn:aws:iam::000000000000:role/provisioning';
let server: TestServer;
let iot: IoTClient;

async function start(): Promise<void> {
  server = await startTestServer({ dataFolder: data.folder });
  iot = new IoTClient(server.client);
}
beforeAll(start);
afterAll(async () => {
  await server.stop();
  data.remove();
});

const refusal = (name: string, message = '') =>
  expect.objectContaining({ name, message: expect.stringContaining(message) });
const create = (templateName: string, more: object = {}) =>
  iot.send(
    new CreateProvisioningTemplateCommand({
      templateName,
      templateBody: templateWith(),
      provisioningRoleArn,
      ...more,
    }),
  );

describe('authorities of one’s own', () => {
  const code = async () => (await iot.send(new GetRegistrationCodeCommand({}))).registrationCode!;
  const register = async (authority: OwnAuthority, more: object = {}) => {
    const verificationCertificate = (await authority.issue(`CN=${await code()}`)).cert;
    const input = { caCertificate: authority.pem, verificationCertificate, ...more };
    return iot.send(new RegisterCACertificateCommand(input));
  };

  test('are registered by who has their key, changed, listed and deleted', async () => {
    const authority = await OwnAuthority.create('CN=factory');
    const { certificateId, certificateArn } = await register(authority);
    expect(certificateArn).toBe(`arn:aws:iot:us-east-1:000000000000:cacert/${certificateId}`);
    const describe = () => iot.send(new DescribeCACertificateCommand({ certificateId }));
    expect((await describe()).certificateDescription).toMatchObject({
      status: 'INACTIVE',
      autoRegistrationStatus: 'DISABLE',
      certificateMode: 'DEFAULT',
      ownedBy: '000000000000',
      customerVersion: 1,
    });
    await create('for-factory', { type: 'JITP', enabled: true });
    await iot.send(
      new UpdateCACertificateCommand({
        certificateId,
        newStatus: 'ACTIVE',
        newAutoRegistrationStatus: 'ENABLE',
        registrationConfig: { templateName: 'for-factory' },
      }),
    );
    await server.stop();
    await start();
    const changed = await iot.send(new DescribeCACertificateCommand({ certificateId }));
    expect(changed).toMatchObject({
      certificateDescription: { status: 'ACTIVE', autoRegistrationStatus: 'ENABLE', customerVersion: 2 },
      registrationConfig: { templateName: 'for-factory' },
    });
    const list = new ListCACertificatesCommand({ templateName: 'for-factory' });
    expect((await iot.send(list)).certificates).toMatchObject([{ certificateId, status: 'ACTIVE' }]);
    const remove = () => iot.send(new DeleteCACertificateCommand({ certificateId }));
    await expect(remove()).rejects.toEqual(refusal('CertificateStateException', 'must be INACTIVE'));
    const removeTemplate = new DeleteProvisioningTemplateCommand({ templateName: 'for-factory' });
    await expect(iot.send(removeTemplate)).rejects.toEqual(refusal('DeleteConflictException'));
    await iot.send(
      new UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE', removeAutoRegistration: true }),
    );
    await remove();
    expect((await iot.send(new ListCACertificatesCommand({}))).certificates).toEqual([]);
  });

  test('register certificates that they signed, and are asked which', async () => {
    const authority = await OwnAuthority.create('CN=second factory');
    const stranger = await OwnAuthority.create('CN=stranger');
    const { certificateId: caCertificateId } = await register(authority);
    const { cert: certificatePem } = await authority.issue('CN=device');
    const input = { certificatePem, caCertificatePem: authority.pem, setAsActive: true };
    const { certificateId } = await iot.send(new RegisterCertificateCommand(input));
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription).toMatchObject({ caCertificateId, status: 'ACTIVE' });
    const { certificates } = await iot.send(new ListCertificatesByCACommand({ caCertificateId }));
    expect(certificates!.map((each) => each.certificateId)).toEqual([certificateId]);
    const other = (await authority.issue('CN=other')).cert;
    const mistaken = { certificatePem: other, caCertificatePem: stranger.pem };
    await expect(iot.send(new RegisterCertificateCommand(mistaken))).rejects.toEqual(
      refusal('CertificateValidationException', 'not the one that signed'),
    );
    const foreign = { certificatePem: (await stranger.issue('CN=x')).cert };
    await expect(iot.send(new RegisterCertificateCommand(foreign))).rejects.toEqual(
      refusal('CertificateValidationException', 'not signed by a registered authority'),
    );
  });

  test('are refused without proof of their key, twice, or when they are none', async () => {
    await create('stations');
    const authority = await OwnAuthority.create('CN=third factory');
    const impostor = await OwnAuthority.create('CN=third factory');
    const device = await OwnAuthority.create('CN=device', { isAuthority: false });
    const proof = (await impostor.issue(`CN=${await code()}`)).cert;
    const old = (await authority.issue(`CN=${await code()}`)).cert;
    await iot.send(new DeleteRegistrationCodeCommand({}));
    const cases: [Promise<unknown>, string, string][] = [
      [register(authority, { verificationCertificate: undefined }), 'InvalidRequestException', 'is needed'],
      [
        register(authority, { verificationCertificate: proof }),
        'CertificateValidationException',
        'did not sign',
      ],
      [
        register(authority, { verificationCertificate: old }),
        'RegistrationCodeValidationException',
        'is not the',
      ],
      [register(device), 'CertificateValidationException', 'not one of an authority'],
      [register(authority, { certificateMode: 'SNI_ONLY' }), 'InvalidRequestException', 'In SNI_ONLY mode'],
      [register(authority, { registrationConfig: {} }), 'InvalidRequestException', 'exactly one of'],
      [
        register(authority, { registrationConfig: { templateName: 'stations' } }),
        'InvalidRequestException',
        'wanted is JITP',
      ],
      [
        register(authority, { registrationConfig: { templateBody: '{}' } }),
        'InvalidRequestException',
        'not valid at Resources',
      ],
    ];
    for (const [run, name, message] of cases) await expect(run).rejects.toEqual(refusal(name, message));
    await register(authority);
    await expect(register(authority)).rejects.toEqual(refusal('ResourceAlreadyExistsException'));
    const input = { caCertificate: impostor.pem, certificateMode: 'SNI_ONLY' as const };
    const { certificateId } = await iot.send(new RegisterCACertificateCommand(input));
    const described = await iot.send(new DescribeCACertificateCommand({ certificateId }));
    expect(described.certificateDescription!.certificateMode).toBe('SNI_ONLY');
  });
});
