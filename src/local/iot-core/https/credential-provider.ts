import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import type { AccessKeys } from '../../aws-identity/access-keys.ts';
import type { DeviceIdentity } from '../authorization/device-authorizer.ts';
import { type AssumeRoleOptions, assumeRole } from './assume-role.ts';

export interface CredentialProviderOptions extends AssumeRoleOptions {
  readonly keys: AccessKeys;
  /** Told why a device gets no credentials. */
  readonly onRefused: (reason: string, identity: DeviceIdentity) => void;
}

export interface CredentialRequest {
  readonly identity: DeviceIdentity;
  readonly aliasName: string;
  /** From `x-amzn-iot-thingname`. */
  readonly thingName: string | undefined;
  readonly sourceIp: string | undefined;
}

/**
 * The credential provider (AWS IoT developer guide, authorizing-direct-aws): temporary credentials of a role for a certificate.
 * @throws AwsError 403 for whoever gets none, 404 for an alias that is not in the template
 */
export function provideCredentials(
  options: CredentialProviderOptions,
  { identity, aliasName, thingName, sourceIp }: CredentialRequest,
): object {
  const { stack, keys, onRefused } = options;
  const alias = stack.roleAliases.find(({ name }) => name === aliasName);
  if (!alias) throw new AwsError('ResourceNotFoundException', 'Role alias does not exist', 404);
  const session = assumeRole(options, { identity, alias, thingName, sourceIp });
  if (typeof session === 'string') {
    onRefused(session, identity);
    throw new AwsError('AccessDeniedException', 'Access Denied', 403);
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiresMillis } = keys.issue(session);
  const expiration = `${new Date(expiresMillis).toISOString().slice(0, 19)}Z`;
  return { credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } };
}
