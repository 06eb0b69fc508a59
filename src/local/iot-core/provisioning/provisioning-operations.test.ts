import {
  CreateProvisioningClaimCommand,
  CreateProvisioningTemplateCommand,
  CreateProvisioningTemplateVersionCommand,
  CreateThingCommand,
  CreateThingTypeCommand,
  DeleteProvisioningTemplateCommand,
  DeleteProvisioningTemplateVersionCommand,
  DescribeCertificateCommand,
  DescribeProvisioningTemplateCommand,
  DescribeProvisioningTemplateVersionCommand,
  DescribeThingCommand,
  IoTClient,
  ListProvisioningTemplatesCommand,
  ListProvisioningTemplateVersionsCommand,
  RegisterThingCommand,
  UpdateCertificateCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../../aws-endpoint/aws-endpoint.test-server.ts';
import { signingRequest } from '../tls/certificates.test-support.ts';
import { templateWith } from './templates.test-support.ts';

const data = temporaryFolder();
const provisioningRoleArn = 'arn:aws:iam::000000000000:role/provisioning';
const declared = (body: string) => ({
  logicalId: 'Stations',
  name: 'stations',
  arn: 'arn:aws:iot:us-east-1:000000000000:provisioningtemplate/stations',
  type: 'FLEET_PROVISIONING' as const,
  body,
  isEnabled: true,
  roleArn: provisioningRoleArn,
});
let server: TestServer;
let iot: IoTClient;

async function start(body = templateWith()): Promise<void> {
  server = await startTestServer({ dataFolder: data.folder, provisioningTemplates: [declared(body)] });
  iot = new IoTClient(server.client);
}
beforeAll(() => start());
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

describe('provisioning templates', () => {
  test('are made, described, changed and listed, by versions', async () => {
    const templateName = 'roofs';
    const templateArn = 'arn:aws:iot:us-east-1:000000000000:provisioningtemplate/roofs';
    expect(await create(templateName, { description: 'first' })).toMatchObject({
      templateArn,
      templateName,
      defaultVersionId: 1,
    });
    const other = templateWith({ DeviceConfiguration: {} });
    const second = { templateName, templateBody: other, setAsDefault: true };
    expect(await iot.send(new CreateProvisioningTemplateVersionCommand(second))).toMatchObject({
      versionId: 2,
      isDefaultVersion: true,
    });
    const hook = { targetArn: 'arn:aws:lambda:us-east-1:000000000000:function:f' };
    await iot.send(
      new UpdateProvisioningTemplateCommand({ templateName, enabled: true, preProvisioningHook: hook }),
    );
    expect(await iot.send(new DescribeProvisioningTemplateCommand({ templateName }))).toMatchObject({
      templateArn,
      description: 'first',
      enabled: true,
      type: 'FLEET_PROVISIONING',
      defaultVersionId: 2,
      templateBody: other,
      provisioningRoleArn,
      preProvisioningHook: { ...hook, payloadVersion: '2020-04-01' },
      creationDate: expect.any(Date),
    });
    const first = { templateName, versionId: 1 };
    expect(await iot.send(new DescribeProvisioningTemplateVersionCommand(first))).toMatchObject({
      isDefaultVersion: false,
      templateBody: templateWith(),
    });
    const { versions } = await iot.send(new ListProvisioningTemplateVersionsCommand({ templateName }));
    expect(versions!.map(({ versionId, isDefaultVersion }) => [versionId, isDefaultVersion])).toEqual([
      [1, false],
      [2, true],
    ]);
    await iot.send(new DeleteProvisioningTemplateVersionCommand(first));
    await iot.send(new UpdateProvisioningTemplateCommand({ templateName, removePreProvisioningHook: true }));
    const described = await iot.send(new DescribeProvisioningTemplateCommand({ templateName }));
    expect(described.preProvisioningHook).toBeUndefined();
    const page = await iot.send(new ListProvisioningTemplatesCommand({ maxResults: 1 }));
    const rest = await iot.send(new ListProvisioningTemplatesCommand({ nextToken: page.nextToken! }));
    const names = [...page.templates!, ...rest.templates!].map((each) => each.templateName);
    expect(names).toEqual(['roofs', 'stations']);
    await iot.send(new DeleteProvisioningTemplateCommand({ templateName }));
    await expect(iot.send(new DescribeProvisioningTemplateCommand({ templateName }))).rejects.toEqual(
      refusal('ResourceNotFoundException'),
    );
  });

  test('are refused when they are not valid, there already, or too many versions', async () => {
    await create('once');
    const versionOf = (setAsDefault = false) =>
      iot.send(
        new CreateProvisioningTemplateVersionCommand({
          templateName: 'once',
          templateBody: templateWith(),
          setAsDefault,
        }),
      );
    for (let each = 2; each <= 5; each += 1) await versionOf();
    const remove = new DeleteProvisioningTemplateVersionCommand({ templateName: 'once', versionId: 1 });
    const cases: [() => Promise<unknown>, string, string][] = [
      [() => create('once'), 'ResourceAlreadyExistsException', "'once' already exists"],
      [() => create('a b'), 'InvalidRequestException', 'regular expression'],
      [() => create('x'.repeat(37)), 'InvalidRequestException', 'less than or equal to 36'],
      [
        () => create('wrong', { templateBody: templateWith({ Outputs: {} }) }),
        'InvalidRequestException',
        "'Outputs' is not known here",
      ],
      [
        () => create('long', { templateBody: `${templateWith()}${' '.repeat(10_240)}` }),
        'InvalidRequestException',
        'less than or equal to 10240',
      ],
      [
        () => create('bare', { templateBody: '{"Resources":{}}' }),
        'InvalidRequestException',
        'an AWS::IoT::Certificate with a CertificateId is missing',
      ],
      [() => versionOf(), 'VersionsLimitExceededException', 'has 5 versions'],
      [() => iot.send(remove), 'DeleteConflictException', 'the default version'],
      [
        () => iot.send(new UpdateProvisioningTemplateCommand({ templateName: 'once', defaultVersionId: 9 })),
        'ResourceNotFoundException',
        'Version 9',
      ],
      [
        () => iot.send(new CreateProvisioningClaimCommand({ templateName: 'once' })),
        'InvalidRequestException',
        'is not an enabled one',
      ],
    ];
    for (const [run, name, message] of cases) await expect(run()).rejects.toEqual(refusal(name, message));
  });

  test('of the stack get a version when the stack changes, and stay over restarts', async () => {
    await server.stop();
    await start();
    const templateName = 'stations';
    const before = await iot.send(new DescribeProvisioningTemplateCommand({ templateName }));
    expect(before).toMatchObject({ defaultVersionId: 1, enabled: true });
    await server.stop();
    const changed = templateWith({ DeviceConfiguration: { a: 'b' } });
    await start(changed);
    const after = await iot.send(new DescribeProvisioningTemplateCommand({ templateName }));
    expect(after).toMatchObject({ defaultVersionId: 2, templateBody: changed });
  });

  test('have claims of trusted users for five minutes', async () => {
    const claim = await iot.send(new CreateProvisioningClaimCommand({ templateName: 'stations' }));
    const seconds = (claim.expiration!.getTime() - Date.now()) / 1000;
    expect(Math.abs(seconds - 300)).toBeLessThan(30);
    expect(claim.keyPair!.PrivateKey).toContain('PRIVATE KEY');
  });
});

describe('RegisterThing', () => {
  const register = (template: object, parameters: Record<string, string> = {}) =>
    iot.send(new RegisterThingCommand({ templateBody: JSON.stringify(template), parameters }));
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }],
  });
  const template = {
    Parameters: { Name: { Type: 'String' }, CSR: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { Ref: 'Name' },
          ThingTypeName: 'station',
          AttributePayload: { version: '1' },
        },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateSigningRequest: { Ref: 'CSR' } },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: policyDocument } },
    },
  };

  test('makes thing, certificate and policy, whole or not at all', async () => {
    const CSR = await signingRequest('CN=bulk');
    await expect(register(template, { Name: 'bulk', CSR })).rejects.toEqual(
      refusal('ResourceNotFoundException', "Thing type 'station'"),
    );
    await expect(iot.send(new DescribeThingCommand({ thingName: 'bulk' }))).rejects.toThrow();
    await iot.send(new CreateThingTypeCommand({ thingTypeName: 'station' }));
    const made = await register(template, { Name: 'bulk', CSR });
    expect(made.resourceArns).toEqual({
      thing: 'arn:aws:iot:us-east-1:000000000000:thing/bulk',
      certificate: expect.stringMatching(/:cert\/[0-9a-f]{64}$/),
      policy: expect.stringMatching(/:policy\/[0-9A-F]{64}$/),
    });
    expect(made.certificatePem).toContain('BEGIN CERTIFICATE');
    const certificateId = made.resourceArns!.certificate!.split('/')[1]!;
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription!.status).toBe('ACTIVE');
  });

  test('follows the overrides where a thing or a status is another', async () => {
    const thingName = 'known';
    await iot.send(
      new CreateThingCommand({ thingName, attributePayload: { attributes: { version: '0', kept: 'yes' } } }),
    );
    const resource = (properties: object, overrides: object) => ({
      Resources: {
        t: {
          Type: 'AWS::IoT::Thing',
          Properties: { ThingName: thingName, ...properties },
          OverrideSettings: overrides,
        },
      },
    });
    const payload = { AttributePayload: { version: '1' } };
    const attributes = async () => (await iot.send(new DescribeThingCommand({ thingName }))).attributes;
    await register(resource(payload, {}));
    expect(await attributes()).toEqual({ version: '0', kept: 'yes' });
    await expect(register(resource(payload, { AttributePayload: 'FAIL' }))).rejects.toEqual(
      refusal('ConflictingResourceUpdateException', 'has other attributes'),
    );
    await register(resource(payload, { AttributePayload: 'MERGE' }));
    expect(await attributes()).toEqual({ version: '1', kept: 'yes' });
    await register(resource(payload, { AttributePayload: 'REPLACE' }));
    expect(await attributes()).toEqual({ version: '1' });
    await expect(register(resource({ ThingTypeName: 'station' }, { ThingTypeName: 'FAIL' }))).rejects.toEqual(
      refusal('ConflictingResourceUpdateException', 'has another type'),
    );

    const made = await register(template, { Name: 'status', CSR: await signingRequest('CN=status') });
    const certificateId = made.resourceArns!.certificate!.split('/')[1]!;
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    const activate = (Status: string | undefined) =>
      register({
        Resources: {
          c: {
            Type: 'AWS::IoT::Certificate',
            Properties: { CertificateId: certificateId },
            OverrideSettings: Status === undefined ? {} : { Status },
          },
        },
      });
    const status = async () =>
      (await iot.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription!.status;
    await activate(undefined);
    expect(await status()).toBe('INACTIVE');
    await expect(activate('FAIL')).rejects.toEqual(
      refusal('ConflictingResourceUpdateException', 'is INACTIVE'),
    );
    await activate('REPLACE');
    expect(await status()).toBe('ACTIVE');
  });

  test('refuses values and requests that make nothing', async () => {
    await expect(register(template, { Name: 'x' })).rejects.toEqual(
      refusal('InvalidRequestException', "parameter 'CSR' has no value"),
    );
    await expect(register(template, { Name: 'x', CSR: 'y' })).rejects.toEqual(
      refusal('InvalidRequestException', 'cannot be read'),
    );
    const document = { ...template.Resources.policy, Properties: { PolicyDocument: '{}' } };
    const wrong = { ...template, Resources: { ...template.Resources, policy: document } };
    await expect(register(wrong, { Name: 'x', CSR: await signingRequest('CN=w') })).rejects.toEqual(
      refusal('MalformedPolicyException'),
    );
    await expect(iot.send(new DescribeThingCommand({ thingName: 'x' }))).rejects.toThrow();
  });
});
