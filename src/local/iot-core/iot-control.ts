import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace } from '../aws-endpoint/aws-endpoint-message.ts';
import { type RestOperation, restFace } from '../aws-endpoint/aws-endpoint-rest.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { type JobOperationsOptions, jobOperations } from './jobs/job-operations.ts';
import { authorityOperations } from './provisioning/authority-operations.ts';
import type { Provisioning } from './provisioning/provisioning.ts';
import { provisioningOperations } from './provisioning/provisioning-operations.ts';
import { templateOperations } from './provisioning/template-operations.ts';
import { type CertificateSigner, certificateOperations } from './registry/certificate-operations.ts';
import type { DeviceRegistry } from './registry/device-registry.ts';
import { policyOperations } from './registry/policy-operations.ts';
import { thingOperations } from './registry/thing-operations.ts';

export interface IotControlOptions extends Pick<JobOperationsOptions, 'jobs' | 'tell'> {
  readonly registry: DeviceRegistry;
  readonly signer: CertificateSigner;
  readonly provisioning: Pick<Provisioning, 'templates' | 'authorities'>;
  readonly log: DurableLog;
  /** `host:port` of the listener for devices. */
  readonly deviceAddress: () => string;
  /** `host:port` where devices get credentials for their certificates. */
  readonly credentialsAddress: () => string;
  readonly nowMillis: () => number;
}

/**
 * The control plane: things, certificates, policies, jobs, provisioning, and where devices connect (AWS IoT API reference). What an operation
 * changed is durable before it is answered.
 */
export function iotControlFace(options: IotControlOptions): AwsFace {
  const { registry, signer, provisioning, log, nowMillis } = options;
  const { templates, authorities } = provisioning;
  const operations = [
    ...thingOperations(registry, nowMillis),
    ...certificateOperations(registry, signer, authorities),
    ...policyOperations(registry),
    ...jobOperations(options),
    ...templateOperations(templates, authorities, registry.place),
    ...authorityOperations(authorities, templates, registry),
    ...provisioningOperations(options),
  ].map((operation) => (operation.method === 'GET' ? operation : durable(operation, log)));
  return restFace({
    service: 'iot',
    invalidInput: 'InvalidRequestException',
    operations: [...operations, describeEndpoint(options)],
  });
}

function durable(operation: RestOperation, log: DurableLog): RestOperation {
  return {
    ...operation,
    run: async (input: never) => {
      const output = await operation.run(input);
      await log.durable();
      return output;
    },
  };
}

/** AWS IoT API reference, DescribeEndpoint. */
function describeEndpoint({
  deviceAddress,
  credentialsAddress,
}: Pick<IotControlOptions, 'deviceAddress' | 'credentialsAddress'>): RestOperation {
  const addresses = new Map([
    ['iot:Data-ATS', deviceAddress],
    ['iot:Data', deviceAddress],
    ['iot:CredentialProvider', credentialsAddress],
    ['iot:Jobs', credentialsAddress],
  ]);
  return {
    name: 'DescribeEndpoint',
    method: 'GET',
    path: '/endpoint',
    query: { endpointType: 'endpointType' },
    input: { endpointType: { type: 'string' } },
    run: async ({ endpointType = 'iot:Data-ATS' }: { endpointType?: string }) => {
      const address = addresses.get(endpointType);
      if (!address)
        throw new AwsError(
          'InvalidRequestException',
          `The endpoint type '${endpointType}' is not emulated; emulated are ${[...addresses.keys()].join(', ')}`,
        );
      return { endpointAddress: address() };
    },
  };
}
