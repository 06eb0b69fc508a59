import { CreateProvisioningClaimCommand, IoTClient } from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ProvisioningError } from './provisioning-error.ts';

/** What a device connects with until it has a certificate of its own. */
export interface ClaimCredentials {
  readonly cert: string;
  readonly key: string;
}

const LOCAL_SETTINGS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

/**
 * A claim for five minutes, as a trusted user gives one to a device that stands before it (AWS IoT API reference,
 * CreateProvisioningClaim).
 * @param endpoint of a runtime; undefined for AWS, as the environment has it
 * @throws ProvisioningError
 */
export async function requestClaim(
  templateName: string,
  endpoint: string | undefined,
): Promise<ClaimCredentials> {
  const client = new IoTClient({
    ...(endpoint !== undefined && { endpoint, ...LOCAL_SETTINGS }),
    requestHandler: new NodeHttpHandler({ connectionTimeout: 3_000, requestTimeout: 15_000 }),
  });
  try {
    const { certificatePem, keyPair } = await client.send(
      new CreateProvisioningClaimCommand({ templateName }),
    );
    return { cert: certificatePem!, key: keyPair!.PrivateKey! };
  } catch (cause) {
    throw new ProvisioningError(
      `Cannot get a claim for template '${templateName}': ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
