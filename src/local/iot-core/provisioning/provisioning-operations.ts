import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { CertificateSigner } from '../registry/certificate-operations.ts';
import { certificateFromRequest } from '../registry/certificate-operations.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { registryError } from '../registry/registry-error.ts';
import type { CertificateRecord } from '../registry/registry-records.ts';
import { CLAIM_MILLIS } from './claim-policy.ts';
import { evaluateTemplate, type PlannedCertificate } from './evaluate-template.ts';
import { provisionThing } from './provision-thing.ts';
import type { Provisioning } from './provisioning.ts';
import { ProvisioningError, ProvisioningTemplateError } from './provisioning-error.ts';
import { registerCertificate } from './register-certificate.ts';
import { MAX_TEMPLATE_CHARACTERS, parseTemplateBody } from './template-body.ts';
import { templateName } from './template-operations.ts';

export interface ProvisioningOperationsOptions {
  readonly registry: DeviceRegistry;
  readonly signer: CertificateSigner;
  readonly provisioning: Pick<Provisioning, 'templates' | 'authorities'>;
  readonly nowMillis: () => number;
}

/** Provisioning one thing, and claims of trusted users (AWS IoT API reference: RegisterThing, CreateProvisioningClaim). */
export function provisioningOperations(options: ProvisioningOperationsOptions): RestOperation[] {
  return [
    {
      name: 'RegisterThing',
      method: 'POST',
      path: '/things',
      input: {
        templateBody: { type: 'string', maxLength: MAX_TEMPLATE_CHARACTERS, required: true },
        parameters: { type: 'map', of: { type: 'string', maxLength: 4096 } },
      },
      run: async ({ templateBody, parameters = {} }: RegisterThingInput) => {
        const plan = inWordsOfTheRegistry(() =>
          evaluateTemplate(parseTemplateBody(templateBody), parameters),
        );
        const certificate = plan.certificate && (await certificateFor(plan.certificate, options));
        const { resourceArns } = provisionThing(plan, certificate, options.registry);
        return { ...(certificate && { certificatePem: certificate.pem }), resourceArns };
      },
    },
    {
      name: 'CreateProvisioningClaim',
      method: 'POST',
      path: '/provisioning-templates/{templateName}/provisioning-claim',
      input: { templateName },
      run: ({ templateName }: { templateName: string }) => createClaim(templateName, options),
    },
  ];
}

interface RegisterThingInput {
  readonly templateBody: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** It is there already, or is made for a request, or an authority has signed it. */
async function certificateFor(
  { certificateId, signingRequest, pem, caPem, status }: PlannedCertificate,
  { registry: { certificates }, signer, provisioning: { authorities } }: ProvisioningOperationsOptions,
): Promise<CertificateRecord> {
  if (certificateId !== undefined) return certificates.get(certificateId);
  if (pem === undefined)
    return certificates.add(await certificateFromRequest(await signer.signer(), signingRequest!), status);
  return registerCertificate({ pem, caPem, status }, { certificates, authorities, localCaPem: signer.caPem });
}

async function createClaim(
  templateName: string,
  { registry: { certificates }, signer, provisioning, nowMillis }: ProvisioningOperationsOptions,
): Promise<object> {
  const { type, isEnabled } = provisioning.templates.get(templateName);
  if (type !== 'FLEET_PROVISIONING' || !isEnabled)
    throw registryError(
      'InvalidRequestException',
      `Provisioning template '${templateName}' is not an enabled one of type FLEET_PROVISIONING`,
    );
  for (const { certificateId, claimTemplate, notAfterMillis } of [...certificates.certificates.values()])
    if (claimTemplate !== undefined && notAfterMillis < nowMillis()) certificates.forget(certificateId);
  const { certificatePem, privateKeyPem, publicKeyPem } = await (await signer.signer()).issueDevice();
  const notAfterMillis = nowMillis() + CLAIM_MILLIS;
  const record = certificates.add(certificatePem, 'ACTIVE', { claimTemplate: templateName, notAfterMillis });
  return {
    certificateId: record.certificateId,
    certificatePem: record.pem,
    keyPair: { PublicKey: publicKeyPem, PrivateKey: privateKeyPem },
    expiration: new Date(notAfterMillis),
  };
}

function inWordsOfTheRegistry<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProvisioningError || error instanceof ProvisioningTemplateError)
      throw registryError('InvalidRequestException', error.message);
    throw error;
  }
}
