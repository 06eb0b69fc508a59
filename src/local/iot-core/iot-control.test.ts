import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  CreateThingTypeCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DescribeThingTypeCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListPrincipalThingsCommand,
  ListTargetsForPolicyCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
  ListThingTypesCommand,
  RegisterCertificateCommand,
  RegisterCertificateWithoutCACommand,
  SetDefaultPolicyVersionCommand,
  UpdateCertificateCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../aws-endpoint/aws-endpoint.test-server.ts';
import { DeviceRegistry } from './registry/device-registry.ts';
import { selfSigned, signingRequest } from './tls/certificates.test-support.ts';

const data = temporaryFolder();
const document = (resource: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: resource }],
  });
const fromTemplate = {
  logicalId: 'DevicePolicy',
  name: 'mesonet-device',
  arn: 'arn:aws:iot:us-east-1:000000000000:policy/mesonet-device',
  document: document('*'),
};
let server: TestServer;
let iot: IoTClient;

async function start(): Promise<void> {
  server = await startTestServer({ dataFolder: data.folder, iotPolicies: [fromTemplate] });
  iot = new IoTClient(server.client);
}
beforeAll(start);
afterAll(async () => {
  await server.stop();
  data.remove();
});

const refusal = (name: string) => expect.objectContaining({ name });

async function activeCertificate() {
  const { certificateArn, certificateId } = await iot.send(
    new RegisterCertificateWithoutCACommand({ certificatePem: await selfSigned('CN=a'), status: 'ACTIVE' }),
  );
  return { arn: certificateArn!, id: certificateId! };
}

describe('things', () => {
  test('are made once, changed by version and listed by what they are', async () => {
    await iot.send(new CreateThingTypeCommand({ thingTypeName: 'station' }));
    const wanted = {
      thingName: 'roof',
      thingTypeName: 'station',
      attributePayload: { attributes: { city: 'Ames' } },
    };
    const made = await iot.send(new CreateThingCommand(wanted));
    expect(made).toMatchObject({
      thingName: 'roof',
      thingArn: 'arn:aws:iot:us-east-1:000000000000:thing/roof',
      thingId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect((await iot.send(new CreateThingCommand(wanted))).thingId).toBe(made.thingId);
    await expect(iot.send(new CreateThingCommand({ thingName: 'roof' }))).rejects.toEqual(
      refusal('ResourceAlreadyExistsException'),
    );
    await iot.send(
      new UpdateThingCommand({
        thingName: 'roof',
        expectedVersion: 1,
        attributePayload: { attributes: { floor: '3' }, merge: true },
      }),
    );
    await expect(iot.send(new UpdateThingCommand({ thingName: 'roof', expectedVersion: 1 }))).rejects.toEqual(
      refusal('VersionConflictException'),
    );
    expect(await iot.send(new DescribeThingCommand({ thingName: 'roof' }))).toMatchObject({
      version: 2,
      thingTypeName: 'station',
      attributes: { city: 'Ames', floor: '3' },
      defaultClientId: 'roof',
    });
    await iot.send(new CreateThingCommand({ thingName: 'cellar' }));
    const named = async (input: object) =>
      (await iot.send(new ListThingsCommand(input))).things?.map(({ thingName }) => thingName);
    expect(await named({})).toEqual(['cellar', 'roof']);
    expect(await named({ thingTypeName: 'station' })).toEqual(['roof']);
    expect(await named({ attributeName: 'city', attributeValue: 'Ames' })).toEqual(['roof']);
    expect(
      await named({ attributeName: 'city', attributeValue: 'A', usePrefixAttributeValue: true }),
    ).toEqual(['roof']);
    expect((await iot.send(new ListThingTypesCommand({}))).thingTypes).toHaveLength(1);
    expect((await iot.send(new DescribeThingTypeCommand({ thingTypeName: 'station' }))).thingTypeName).toBe(
      'station',
    );
  });

  test('come in pages', async () => {
    const names: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await iot.send(new ListThingsCommand({ maxResults: 1, nextToken }));
      names.push(...page.things!.map(({ thingName }) => thingName));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(names).toEqual(['cellar', 'roof']);
    await expect(iot.send(new ListThingsCommand({ nextToken: '!' }))).rejects.toEqual(
      refusal('InvalidRequestException'),
    );
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'may be called %s like any other',
    async (thingName) => {
      await expect(iot.send(new DescribeThingCommand({ thingName }))).rejects.toEqual(
        refusal('ResourceNotFoundException'),
      );
      const attributes = { constructor: 'x' };
      await iot.send(new CreateThingCommand({ thingName, attributePayload: { attributes } }));
      expect((await iot.send(new DescribeThingCommand({ thingName }))).attributes).toEqual(attributes);
      await iot.send(new DeleteThingCommand({ thingName }));
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test.each<[string, object]>([
    ['a name with a blank', { thingName: 'a b' }],
    ['a name of 129 characters', { thingName: 'x'.repeat(129) }],
    [
      'four attributes without a type',
      { attributePayload: { attributes: { a: '1', b: '2', c: '3', d: '4' } } },
    ],
    ['an attribute value with a blank', { attributePayload: { attributes: { a: 'b c' } } }],
    ['an attribute name with a blank', { attributePayload: { attributes: { 'a b': 'c' } } }],
  ])('are refused with %s', async (_, input) => {
    await expect(iot.send(new CreateThingCommand({ thingName: 'refused', ...input }))).rejects.toEqual(
      refusal('InvalidRequestException'),
    );
  });

  test('of a type that does not exist are refused', async () => {
    await expect(iot.send(new CreateThingCommand({ thingName: 'x', thingTypeName: 'none' }))).rejects.toEqual(
      refusal('ResourceNotFoundException'),
    );
  });
});

describe('certificates', () => {
  test('are made with a key, for a request, or registered, and are known by their fingerprint', async () => {
    const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const parsed = new X509Certificate(made.certificatePem!);
    expect(made.certificateId).toBe(parsed.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(made.certificateArn).toBe(`arn:aws:iot:us-east-1:000000000000:cert/${made.certificateId}`);
    expect(made.keyPair?.PrivateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const { certificateDescription } = await iot.send(
      new DescribeCertificateCommand({ certificateId: made.certificateId! }),
    );
    expect(certificateDescription).toMatchObject({
      status: 'ACTIVE',
      certificateMode: 'DEFAULT',
      validity: { notAfter: new Date('2049-12-31T23:59:59Z') },
    });
    const requested = await iot.send(
      new CreateCertificateFromCsrCommand({ certificateSigningRequest: await signingRequest('CN=pi') }),
    );
    expect(new X509Certificate(requested.certificatePem!).subject).toBe('CN=pi');
    await expect(
      iot.send(new RegisterCertificateCommand({ certificatePem: requested.certificatePem! })),
    ).rejects.toEqual(refusal('ResourceAlreadyExistsException'));
    const foreign = await selfSigned('CN=foreign');
    await expect(iot.send(new RegisterCertificateCommand({ certificatePem: foreign }))).rejects.toEqual(
      refusal('CertificateValidationException'),
    );
    const registered = await iot.send(new RegisterCertificateWithoutCACommand({ certificatePem: foreign }));
    const listed = await iot.send(new ListCertificatesCommand({ ascendingOrder: true }));
    expect(listed.certificates!.map(({ certificateId, status }) => [certificateId, status])).toEqual(
      expect.arrayContaining([
        [made.certificateId, 'ACTIVE'],
        [requested.certificateId, 'INACTIVE'],
        [registered.certificateId, 'INACTIVE'],
      ]),
    );
  });

  test.each(['nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'that cannot be read are refused',
    async (text) => {
      await expect(
        iot.send(new RegisterCertificateWithoutCACommand({ certificatePem: text })),
      ).rejects.toEqual(refusal('CertificateValidationException'));
      await expect(
        iot.send(new CreateCertificateFromCsrCommand({ certificateSigningRequest: text })),
      ).rejects.toEqual(refusal('InvalidRequestException'));
    },
  );

  test('are deleted only when nothing holds them', async () => {
    const { arn, id } = await activeCertificate();
    await iot.send(new AttachThingPrincipalCommand({ thingName: 'roof', principal: arn }));
    await iot.send(new AttachPolicyCommand({ policyName: 'mesonet-device', target: arn }));
    const remove = (forceDelete = false) =>
      iot.send(new DeleteCertificateCommand({ certificateId: id, forceDelete }));
    await expect(remove()).rejects.toEqual(refusal('CertificateStateException'));
    await iot.send(new UpdateCertificateCommand({ certificateId: id, newStatus: 'REVOKED' }));
    await expect(remove(true)).rejects.toEqual(refusal('DeleteConflictException'));
    await iot.send(new DetachThingPrincipalCommand({ thingName: 'roof', principal: arn }));
    await expect(remove()).rejects.toEqual(refusal('DeleteConflictException'));
    await remove(true);
    await expect(remove()).rejects.toEqual(refusal('ResourceNotFoundException'));
  });

  test('are attached to things, and say so from both sides', async () => {
    const { arn } = await activeCertificate();
    await iot.send(new AttachThingPrincipalCommand({ thingName: 'cellar', principal: arn }));
    await iot.send(new AttachThingPrincipalCommand({ thingName: 'cellar', principal: arn }));
    expect((await iot.send(new ListThingPrincipalsCommand({ thingName: 'cellar' }))).principals).toEqual([
      arn,
    ]);
    expect((await iot.send(new ListPrincipalThingsCommand({ principal: arn }))).things).toEqual(['cellar']);
    await expect(iot.send(new DeleteThingCommand({ thingName: 'cellar' }))).rejects.toEqual(
      refusal('InvalidRequestException'),
    );
    const unknown = arn.replace(/[\da-f]{64}$/, '0'.repeat(64));
    await expect(
      iot.send(new AttachThingPrincipalCommand({ thingName: 'cellar', principal: unknown })),
    ).rejects.toEqual(refusal('ResourceNotFoundException'));
    await expect(
      iot.send(new AttachThingPrincipalCommand({ thingName: 'cellar', principal: 'us-east-1:identity' })),
    ).rejects.toEqual(refusal('InvalidRequestException'));
  });

  test.skipIf(!existsSync('/usr/bin/openssl'))(
    'are taken by openssl as signed by the authority',
    async () => {
      const made = await iot.send(new CreateKeysAndCertificateCommand({}));
      const caFile = `${data.folder}/iot-core/ca.pem`;
      const said = execFileSync('openssl', ['verify', '-purpose', 'sslclient', '-CAfile', caFile], {
        input: made.certificatePem!,
      });
      expect(said.toString()).toContain('OK');
    },
  );
});

describe('policies', () => {
  test('of the template are there from the start', async () => {
    const { policyDocument, defaultVersionId } = await iot.send(
      new GetPolicyCommand({ policyName: 'mesonet-device' }),
    );
    expect([policyDocument, defaultVersionId]).toEqual([fromTemplate.document, '1']);
  });

  test('have versions, one of which counts', async () => {
    const policyName = 'versions';
    await iot.send(new CreatePolicyCommand({ policyName, policyDocument: document('*') }));
    await expect(
      iot.send(new CreatePolicyCommand({ policyName, policyDocument: document('*') })),
    ).rejects.toEqual(refusal('ResourceAlreadyExistsException'));
    const add = (setAsDefault: boolean) =>
      iot.send(
        new CreatePolicyVersionCommand({ policyName, policyDocument: document('arn:b'), setAsDefault }),
      );
    expect((await add(true)).policyVersionId).toBe('2');
    for (let count = 3; count <= 5; count++) await add(false);
    await expect(add(false)).rejects.toEqual(refusal('VersionsLimitExceededException'));
    await iot.send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId: '3' }));
    const { policyVersions } = await iot.send(new ListPolicyVersionsCommand({ policyName }));
    expect(policyVersions!.map(({ versionId, isDefaultVersion }) => [versionId, isDefaultVersion])).toEqual([
      ['1', false],
      ['2', false],
      ['3', true],
      ['4', false],
      ['5', false],
    ]);
    expect(
      (await iot.send(new GetPolicyVersionCommand({ policyName, policyVersionId: '1' }))).policyDocument,
    ).toBe(document('*'));
    const removeVersion = (policyVersionId: string) =>
      iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId }));
    await expect(removeVersion('3')).rejects.toEqual(refusal('DeleteConflictException'));
    await expect(iot.send(new DeletePolicyCommand({ policyName }))).rejects.toEqual(
      refusal('DeleteConflictException'),
    );
    for (const version of ['1', '2', '4', '5']) await removeVersion(version);
    await iot.send(new DeletePolicyCommand({ policyName }));
    await expect(iot.send(new GetPolicyCommand({ policyName }))).rejects.toEqual(
      refusal('ResourceNotFoundException'),
    );
  });

  test('that cannot be read are refused with what is wrong', async () => {
    const create = iot.send(
      new CreatePolicyCommand({ policyName: 'bad', policyDocument: '{"Version":"2012"}' }),
    );
    await expect(create).rejects.toMatchObject({
      name: 'MalformedPolicyException',
      message: expect.stringContaining('Statement: expected at least one statement'),
    });
  });

  test('are attached to certificates, at most ten, and are not deleted meanwhile', async () => {
    const { arn } = await activeCertificate();
    for (let index = 0; index <= 10; index++) {
      const policyName = `attached-${index}`;
      await iot.send(new CreatePolicyCommand({ policyName, policyDocument: document('*') }));
      const attach = iot.send(new AttachPolicyCommand({ policyName, target: arn }));
      if (index < 10) await attach;
      else await expect(attach).rejects.toEqual(refusal('LimitExceededException'));
    }
    const { policies } = await iot.send(new ListAttachedPoliciesCommand({ target: arn }));
    expect(policies).toHaveLength(10);
    expect((await iot.send(new ListTargetsForPolicyCommand({ policyName: 'attached-0' }))).targets).toEqual([
      arn,
    ]);
    await expect(iot.send(new DeletePolicyCommand({ policyName: 'attached-0' }))).rejects.toEqual(
      refusal('DeleteConflictException'),
    );
    await iot.send(new DetachPolicyCommand({ policyName: 'attached-0', target: arn }));
    await iot.send(new DeletePolicyCommand({ policyName: 'attached-0' }));
    expect((await iot.send(new ListPoliciesCommand({ pageSize: 250 }))).policies).toHaveLength(11);
  });
});

test('the endpoints of devices are described, others are not emulated', async () => {
  expect(await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }))).toMatchObject({
    endpointAddress: '127.0.0.1:18883',
  });
  expect(
    await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:CredentialProvider' })),
  ).toMatchObject({ endpointAddress: '127.0.0.1:18443' });
  await expect(iot.send(new DescribeEndpointCommand({ endpointType: 'iot:DeviceAdvisor' }))).rejects.toEqual(
    refusal('InvalidRequestException'),
  );
});

test('the registry is as it was after a restart, and a change of the template makes a new version', async () => {
  const { arn } = await activeCertificate();
  await iot.send(new CreateThingCommand({ thingName: 'kept' }));
  await iot.send(new AttachThingPrincipalCommand({ thingName: 'kept', principal: arn }));
  await iot.send(new AttachPolicyCommand({ policyName: 'mesonet-device', target: arn }));
  await iot.send(new CreateThingCommand({ thingName: 'gone' }));
  await iot.send(new DeleteThingCommand({ thingName: 'gone' }));
  await server.stop();
  await start();
  expect((await iot.send(new ListThingPrincipalsCommand({ thingName: 'kept' }))).principals).toEqual([arn]);
  expect((await iot.send(new ListAttachedPoliciesCommand({ target: arn }))).policies).toHaveLength(1);
  await expect(iot.send(new DescribeThingCommand({ thingName: 'gone' }))).rejects.toEqual(
    refusal('ResourceNotFoundException'),
  );
  const declare = (text: string) =>
    new DeviceRegistry({
      place: { region: 'us-east-1', accountId: '000000000000' },
      log: server.log,
      nowMillis: Date.now,
      policies: [{ name: 'mesonet-device', document: text }],
    }).policies.get('mesonet-device');
  expect(declare(fromTemplate.document)).toMatchObject({ defaultVersionId: '1', lastVersion: 1 });
  expect(declare(document('arn:new'))).toMatchObject({ defaultVersionId: '2', lastVersion: 2 });
});
