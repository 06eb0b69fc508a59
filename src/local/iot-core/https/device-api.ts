import type { AccessKeys } from '../../aws-identity/access-keys.ts';
import { mayInvoke } from '../../aws-identity/api-access.ts';
import { splitTarget } from '../../aws-identity/request-path.ts';
import type { AuthorizeRoute } from '../../http/http-api.ts';
import type { DeviceIdentity } from '../authorization/device-authorizer.ts';
import { type AssumeRoleOptions, assumeRole } from './assume-role.ts';

export interface DeviceApiOptions extends AssumeRoleOptions {
  readonly keys: AccessKeys;
}

/**
 * The stack's API for a certificate without the way over the credential provider: it may call what the role of any alias would let
 * it call, as any of its things. So it reaches here what it reaches on AWS, and nothing else.
 */
export function certificateAccess(options: DeviceApiOptions, identity: DeviceIdentity): AuthorizeRoute {
  const { stack, keys, registry } = options;
  return async ({ authorization }, { method = 'GET', url = '/', socket }) => {
    if (authorization !== 'AWS_IAM') return 401;
    const sourceIp = socket.remoteAddress;
    const call = { method, path: splitTarget(url).path, sourceIp };
    const things = registry.things.thingsOf(identity.certificateId);
    const isAllowed = stack.roleAliases.some((alias) =>
      things.some((thingName) => {
        const session = assumeRole(options, { identity, alias, thingName, sourceIp });
        return typeof session !== 'string' && mayInvoke(stack, keys.callerOf(session), call);
      }),
    );
    return isAllowed ? undefined : 403;
  };
}
