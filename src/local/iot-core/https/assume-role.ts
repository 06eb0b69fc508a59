import type { RoleAliasResource, Stack } from '../../../stack/stack.ts';
import { isTrusted } from '../../aws-identity/role-policies.ts';
import type { RoleSession } from '../../aws-identity/session-credentials.ts';
import type { DeviceIdentity } from '../authorization/device-authorizer.ts';
import { authorizeRequest } from '../authorization/request-authorizer.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';

export interface AssumeRoleOptions {
  readonly stack: Stack;
  readonly registry: DeviceRegistry;
  readonly nowMillis: () => number;
}

export interface AssumeRoleRequest {
  readonly identity: DeviceIdentity;
  readonly alias: RoleAliasResource;
  /** The thing that the device says it is; without one, variables of things have no value in the role's policies. */
  readonly thingName: string | undefined;
  readonly sourceIp: string | undefined;
}

/** What the role has to trust. */
const SERVICE = 'credentials.iot.amazonaws.com';

/**
 * May a device have the role of an alias? (AWS IoT developer guide, authorizing-direct-aws.) Its policies have to allow it, and the
 * thing has to be attached to its certificate.
 * @returns the session, or why it gets none
 */
export function assumeRole(
  { stack, registry, nowMillis }: AssumeRoleOptions,
  { identity, alias, thingName, sourceIp }: AssumeRoleRequest,
): RoleSession | string {
  const { certificateId } = identity;
  const refusal = authorizeRequest(registry, identity, sourceIp)('iot:AssumeRoleWithCertificate', alias.arn);
  if (refusal !== undefined) return refusal;
  const thing = thingName === undefined ? undefined : registry.thingOf(certificateId, thingName);
  if (thingName !== undefined && !thing) return 'thing is not attached to the certificate';
  const role = stack.roles.find(({ arn }) => arn === alias.roleArn);
  const conditions = { 'aws:SourceAccount': stack.accountId, 'aws:SourceArn': alias.arn };
  if (!role || !isTrusted(role, SERVICE, conditions)) return 'role does not trust the credential provider';
  return {
    roleArn: alias.roleArn,
    certificateId,
    thingName: thing?.thingName,
    thingTypeName: thing?.thingTypeName,
    expiresMillis: nowMillis() + alias.durationSeconds * 1000,
  };
}
