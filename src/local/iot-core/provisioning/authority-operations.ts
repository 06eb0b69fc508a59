import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Members, Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import { MAX_PAGE, pageOf } from '../registry/list-page.ts';
import { registryError } from '../registry/registry-error.ts';
import type { AuthorityRecord, AuthorityRegistry, RegistrationConfig } from './authority-registry.ts';
import { ProvisioningTemplateError } from './provisioning-error.ts';
import { MAX_TEMPLATE_CHARACTERS, parseTemplateBody } from './template-body.ts';
import type { TemplateStore } from './template-store.ts';

const certificateId: Shape = {
  type: 'string',
  minLength: 64,
  maxLength: 64,
  pattern: /^[a-fA-F0-9]+$/,
  required: true,
};
const pem = { type: 'string', minLength: 1, maxLength: 65_536 } as const;
const registrationConfig: Shape = {
  type: 'structure',
  members: {
    templateBody: { type: 'string', maxLength: MAX_TEMPLATE_CHARACTERS },
    roleArn: { type: 'string', minLength: 20, maxLength: 2048 },
    templateName: { type: 'string', minLength: 1, maxLength: 36, pattern: /^[0-9A-Za-z_-]+$/ },
  },
};
const listing: Members = {
  pageSize: { type: 'integer', min: 1, max: MAX_PAGE },
  marker: { type: 'string' },
  ascendingOrder: { type: 'boolean' },
};
const listingQuery = { pageSize: 'pageSize', marker: 'marker', isAscendingOrder: 'ascendingOrder' };
const caPath = '/cacertificate/{certificateId}';

/** Authorities of one's own, and the certificates that they signed (AWS IoT API reference, control plane). */
export function authorityOperations(
  authorities: AuthorityRegistry,
  templates: TemplateStore,
  { certificates, place }: DeviceRegistry,
): RestOperation[] {
  const named = (certificateId: string) => ({
    certificateArn: iotArn(place, 'cacert', certificateId),
    certificateId,
  });
  return [
    {
      name: 'GetRegistrationCode',
      method: 'GET',
      path: '/registrationcode',
      input: {},
      run: async () => ({ registrationCode: authorities.registrationCode }),
    },
    {
      name: 'DeleteRegistrationCode',
      method: 'DELETE',
      path: '/registrationcode',
      input: {},
      run: async () => {
        authorities.renewRegistrationCode();
        return {};
      },
    },
    {
      name: 'RegisterCACertificate',
      method: 'POST',
      path: '/cacertificate',
      query: { setAsActive: 'setAsActive', allowAutoRegistration: 'allowAutoRegistration' },
      input: {
        caCertificate: { ...pem, required: true },
        verificationCertificate: pem,
        setAsActive: { type: 'boolean' },
        allowAutoRegistration: { type: 'boolean' },
        registrationConfig,
        certificateMode: { type: 'string', enum: ['DEFAULT', 'SNI_ONLY'] },
      },
      run: async (input: RegisterInput) => {
        const { caCertificate, verificationCertificate, certificateMode: mode = 'DEFAULT' } = input;
        checkVerificationIsThere(mode, verificationCertificate);
        checkConfig(input.registrationConfig, templates);
        const record = authorities.register(caCertificate, verificationCertificate, {
          status: input.setAsActive ? 'ACTIVE' : 'INACTIVE',
          isAutoRegistering: input.allowAutoRegistration ?? false,
          mode,
          registrationConfig: input.registrationConfig,
        });
        return named(record.certificateId);
      },
    },
    {
      name: 'DescribeCACertificate',
      method: 'GET',
      path: caPath,
      input: { certificateId },
      run: async ({ certificateId }: UpdateInput) => {
        const record = authorities.get(certificateId);
        return {
          certificateDescription: { ...described(record), ...named(certificateId), ownedBy: place.accountId },
          ...(record.registrationConfig && { registrationConfig: record.registrationConfig }),
        };
      },
    },
    {
      name: 'ListCACertificates',
      method: 'GET',
      path: '/cacertificates',
      query: { ...listingQuery, templateName: 'templateName' },
      input: { ...listing, templateName: { type: 'string' } },
      run: async ({ templateName, ...input }: ListInput) => {
        const wanted = [...authorities.authorities.values()].filter(
          (each) => templateName === undefined || each.registrationConfig?.templateName === templateName,
        );
        return listed(wanted, input, ({ certificateId, status, creationMillis }) => ({
          ...named(certificateId),
          status,
          creationDate: new Date(creationMillis),
        }));
      },
    },
    {
      name: 'UpdateCACertificate',
      method: 'PUT',
      path: caPath,
      query: { newStatus: 'newStatus', newAutoRegistrationStatus: 'newAutoRegistrationStatus' },
      input: {
        certificateId,
        newStatus: { type: 'string', enum: ['ACTIVE', 'INACTIVE'] },
        newAutoRegistrationStatus: { type: 'string', enum: ['ENABLE', 'DISABLE'] },
        registrationConfig,
        removeAutoRegistration: { type: 'boolean' },
      },
      run: async (input: UpdateInput) => {
        const { newStatus: status, newAutoRegistrationStatus: automatic, removeAutoRegistration } = input;
        checkConfig(input.registrationConfig, templates);
        authorities.update(input.certificateId, {
          ...(status !== undefined && { status }),
          ...(automatic !== undefined && { isAutoRegistering: automatic === 'ENABLE' }),
          ...(input.registrationConfig && { registrationConfig: input.registrationConfig }),
          ...(removeAutoRegistration && { isAutoRegistering: false, registrationConfig: undefined }),
        });
        return {};
      },
    },
    {
      name: 'DeleteCACertificate',
      method: 'DELETE',
      path: caPath,
      input: { certificateId },
      run: async ({ certificateId }: UpdateInput) => {
        authorities.delete(certificateId);
        return {};
      },
    },
    {
      name: 'ListCertificatesByCA',
      method: 'GET',
      path: '/certificates-by-ca/{caCertificateId}',
      query: listingQuery,
      input: { caCertificateId: certificateId, ...listing },
      run: async ({ caCertificateId, ...input }: ListInput & { caCertificateId: string }) => {
        const wanted = [...certificates.certificates.values()].filter(
          (each) => each.caCertificateId === caCertificateId,
        );
        return listed(wanted, input, ({ certificateId, status, mode, creationMillis }) => ({
          certificateArn: iotArn(place, 'cert', certificateId),
          certificateId,
          status,
          certificateMode: mode,
          creationDate: new Date(creationMillis),
        }));
      },
    },
  ];
}

interface RegisterInput {
  readonly caCertificate: string;
  readonly verificationCertificate?: string;
  readonly setAsActive?: boolean;
  readonly allowAutoRegistration?: boolean;
  readonly registrationConfig?: RegistrationConfig;
  readonly certificateMode?: AuthorityRecord['mode'];
}

interface UpdateInput {
  readonly certificateId: string;
  readonly newStatus?: AuthorityRecord['status'];
  readonly newAutoRegistrationStatus?: 'ENABLE' | 'DISABLE';
  readonly registrationConfig?: RegistrationConfig;
  readonly removeAutoRegistration?: boolean;
}

interface ListInput {
  readonly templateName?: string;
  readonly pageSize?: number;
  readonly marker?: string;
  readonly ascendingOrder?: boolean;
}

/** AWS IoT API reference, RegisterCACertificate, certificateMode: SNI_ONLY goes without, DEFAULT with a verification. */
function checkVerificationIsThere(mode: AuthorityRecord['mode'], verification: string | undefined): void {
  if (mode === 'DEFAULT' && verification === undefined)
    throw registryError('InvalidRequestException', 'A verification certificate is needed in DEFAULT mode');
  if (mode === 'SNI_ONLY' && verification !== undefined)
    throw registryError('InvalidRequestException', 'In SNI_ONLY mode there is no verification certificate');
}

function checkConfig(config: RegistrationConfig | undefined, templates: TemplateStore): void {
  if (!config) return;
  const { templateBody, templateName } = config;
  if ((templateBody === undefined) === (templateName === undefined))
    throw registryError(
      'InvalidRequestException',
      'A registrationConfig has exactly one of templateBody and templateName',
    );
  if (templateName !== undefined && templates.get(templateName).type !== 'JITP')
    throw registryError(
      'InvalidRequestException',
      `Provisioning template '${templateName}' is of type FLEET_PROVISIONING, wanted is JITP`,
    );
  if (templateBody !== undefined) checkBody(templateBody);
}

function checkBody(text: string): void {
  try {
    parseTemplateBody(text);
  } catch (error) {
    if (error instanceof ProvisioningTemplateError)
      throw registryError('InvalidRequestException', error.message);
    throw error;
  }
}

interface Listed {
  readonly certificateId: string;
  readonly creationMillis: number;
}

/** One page, by age. */
function listed<Item extends Listed>(
  wanted: readonly Item[],
  { pageSize, marker, ascendingOrder = false }: ListInput,
  print: (item: Item) => object,
) {
  const byAge = wanted
    .map((each) => [`${String(each.creationMillis).padStart(16, '0')} ${each.certificateId}`, each] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const page = pageOf(byAge, { limit: pageSize, token: marker, isDescending: !ascendingOrder });
  return {
    certificates: page.items.map(print),
    ...(page.nextToken !== undefined && { nextMarker: page.nextToken }),
  };
}

function described(record: AuthorityRecord) {
  return {
    status: record.status,
    certificatePem: record.pem,
    creationDate: new Date(record.creationMillis),
    lastModifiedDate: new Date(record.lastModifiedMillis),
    autoRegistrationStatus: record.isAutoRegistering ? 'ENABLE' : 'DISABLE',
    customerVersion: record.customerVersion,
    generationId: `${record.lastModifiedMillis}-${record.customerVersion}`,
    validity: { notBefore: new Date(record.notBeforeMillis), notAfter: new Date(record.notAfterMillis) },
    certificateMode: record.mode,
  };
}
