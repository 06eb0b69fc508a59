import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Members, Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import type { AuthorityRegistry } from '../provisioning/authority-registry.ts';
import { registerCertificate } from '../provisioning/register-certificate.ts';
import type { CertificateAuthority } from '../tls/certificate-authority.ts';
import { CertificateRequestError } from '../tls/tls-error.ts';
import type { DeviceRegistry } from './device-registry.ts';
import { iotArn } from './iot-arns.ts';
import { MAX_PAGE, pageOf } from './list-page.ts';
import { registryError } from './registry-error.ts';
import type { CertificateRecord, CertificateStatus } from './registry-records.ts';

/** What signs the certificates that are made here. */
export interface CertificateSigner {
  readonly caPem: string;
  readonly signer: () => Promise<CertificateAuthority>;
}

const certificateId: Shape = {
  type: 'string',
  minLength: 64,
  maxLength: 64,
  pattern: /^(0x)?[a-fA-F0-9]+$/,
  required: true,
};
const pem = { type: 'string', minLength: 1, maxLength: 65_536, required: true } as const;
const setAsActive: Members = { setAsActive: { type: 'boolean' } };
const activeQuery = { setAsActive: 'setAsActive' };
const status: Shape = { type: 'string', enum: ['ACTIVE', 'INACTIVE', 'REVOKED'] };

/** Certificates (AWS IoT API reference, control plane). */
export function certificateOperations(
  { certificates, things, place }: DeviceRegistry,
  { caPem, signer }: CertificateSigner,
  authorities: AuthorityRegistry,
): RestOperation[] {
  const arnOf = ({ certificateId }: CertificateRecord): string => iotArn(place, 'cert', certificateId);
  const named = (record: CertificateRecord) => ({
    certificateArn: arnOf(record),
    certificateId: record.certificateId,
  });
  return [
    {
      name: 'CreateKeysAndCertificate',
      method: 'POST',
      path: '/keys-and-certificate',
      query: activeQuery,
      input: setAsActive,
      run: async (input: CertificateInput) => {
        const { certificatePem, privateKeyPem, publicKeyPem } = await (await signer()).issueDevice();
        const record = certificates.add(certificatePem, initialStatus(input));
        return {
          ...named(record),
          certificatePem: record.pem,
          keyPair: { PublicKey: publicKeyPem, PrivateKey: privateKeyPem },
        };
      },
    },
    {
      name: 'CreateCertificateFromCsr',
      method: 'POST',
      path: '/certificates',
      query: activeQuery,
      input: { certificateSigningRequest: { ...pem, maxLength: 4096 }, ...setAsActive },
      run: async (input: CertificateInput) => {
        const issued = await certificateFromRequest(await signer(), input.certificateSigningRequest);
        const record = certificates.add(issued, initialStatus(input));
        return { ...named(record), certificatePem: record.pem };
      },
    },
    {
      name: 'RegisterCertificate',
      method: 'POST',
      path: '/certificate/register',
      query: activeQuery,
      input: { certificatePem: pem, caCertificatePem: { type: 'string' }, status, ...setAsActive },
      run: async (input: CertificateInput) => {
        const { certificatePem, caCertificatePem } = input;
        const wanted = { pem: certificatePem, caPem: caCertificatePem, status: initialStatus(input) };
        return named(registerCertificate(wanted, { certificates, authorities, localCaPem: caPem }));
      },
    },
    {
      name: 'RegisterCertificateWithoutCA',
      method: 'POST',
      path: '/certificate/register-no-ca',
      input: { certificatePem: pem, status },
      run: async (input: CertificateInput) =>
        named(certificates.add(input.certificatePem, initialStatus(input), { mode: 'SNI_ONLY' })),
    },
    {
      name: 'DescribeCertificate',
      method: 'GET',
      path: '/certificates/{certificateId}',
      input: { certificateId },
      run: async ({ certificateId }: CertificateInput) => {
        const record = certificates.get(certificateId);
        return {
          certificateDescription: { ...described(record), ...named(record), ownedBy: place.accountId },
        };
      },
    },
    {
      name: 'UpdateCertificate',
      method: 'PUT',
      path: '/certificates/{certificateId}',
      query: { newStatus: 'newStatus' },
      input: { certificateId, newStatus: { ...status, required: true } },
      run: async ({ certificateId, newStatus }: CertificateInput) => {
        certificates.setStatus(certificateId, newStatus);
        return {};
      },
    },
    {
      name: 'DeleteCertificate',
      method: 'DELETE',
      path: '/certificates/{certificateId}',
      query: { forceDelete: 'forceDelete' },
      input: { certificateId, forceDelete: { type: 'boolean' } },
      run: async ({ certificateId, forceDelete = false }: CertificateInput) => {
        certificates.delete(certificateId, things.thingsOf(certificateId), forceDelete);
        return {};
      },
    },
    {
      name: 'ListCertificates',
      method: 'GET',
      path: '/certificates',
      query: { pageSize: 'pageSize', marker: 'marker', isAscendingOrder: 'ascendingOrder' },
      input: {
        pageSize: { type: 'integer', min: 1, max: MAX_PAGE },
        marker: { type: 'string' },
        ascendingOrder: { type: 'boolean' },
      },
      run: async ({ pageSize, marker, ascendingOrder = false }: ListCertificatesInput) => {
        const byAge = [...certificates.certificates.values()]
          .map((record) => [ageKeyOf(record), record] as const)
          .sort(([left], [right]) => (left < right ? -1 : 1));
        const page = pageOf(byAge, { limit: pageSize, token: marker, isDescending: !ascendingOrder });
        return {
          certificates: page.items.map((record) => ({
            ...named(record),
            status: record.status,
            certificateMode: record.mode,
            creationDate: new Date(record.creationMillis),
          })),
          ...(page.nextToken !== undefined && { nextMarker: page.nextToken }),
        };
      },
    },
  ];
}

interface CertificateInput {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly caCertificatePem?: string;
  readonly certificateSigningRequest: string;
  readonly setAsActive?: boolean;
  readonly status?: CertificateStatus;
  readonly newStatus: CertificateStatus;
  readonly forceDelete?: boolean;
}

interface ListCertificatesInput {
  readonly pageSize?: number;
  readonly marker?: string;
  readonly ascendingOrder?: boolean;
}

function initialStatus({ setAsActive, status }: CertificateInput): CertificateStatus {
  return status ?? (setAsActive ? 'ACTIVE' : 'INACTIVE');
}

/** @throws AwsError InvalidRequestException for a request that no certificate is made for */
export async function certificateFromRequest(
  authority: CertificateAuthority,
  request: string,
): Promise<string> {
  try {
    return await authority.issueForRequest(request);
  } catch (error) {
    if (error instanceof CertificateRequestError)
      throw registryError('InvalidRequestException', error.message);
    throw error;
  }
}

/** Creation in an order that texts have, then the id. */
function ageKeyOf({ creationMillis, certificateId }: CertificateRecord): string {
  return `${String(creationMillis).padStart(16, '0')} ${certificateId}`;
}

function described(record: CertificateRecord) {
  return {
    status: record.status,
    certificatePem: record.pem,
    creationDate: new Date(record.creationMillis),
    lastModifiedDate: new Date(record.lastModifiedMillis),
    customerVersion: record.customerVersion,
    validity: { notBefore: new Date(record.notBeforeMillis), notAfter: new Date(record.notAfterMillis) },
    certificateMode: record.mode,
    ...(record.caCertificateId !== undefined && { caCertificateId: record.caCertificateId }),
  };
}
