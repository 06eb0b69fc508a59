import { compilePolicies } from '../../iot-policy/index.ts';
import type { Stack } from '../../stack/stack.ts';
import type { AuthorizeRoute } from '../http/http-api.ts';
import type { AccessKeys } from './access-keys.ts';
import type { Caller } from './caller.ts';
import { plainPathOf, splitTarget } from './request-path.ts';
import { verifyRequest } from './verify-request.ts';

export interface ApiAccessOptions {
  readonly stack: Pick<Stack, 'region' | 'accountId' | 'httpApis'>;
  readonly keys: AccessKeys;
  readonly nowMillis: () => number;
}

/** The stage of an HTTP API that the framework deploys. */
const STAGE = '$default';

/** Lets in who signs as IAM wants it: only to routes that are signed, and only as far as the policies of the signer allow. */
export function signedAccess(options: ApiAccessOptions): AuthorizeRoute {
  const { stack, keys, nowMillis } = options;
  return async ({ authorization }, request, body) => {
    if (authorization === 'JWT' || authorization === 'CUSTOM') return 401;
    const { method = 'GET', headers, socket } = request;
    const target = splitTarget(request.url ?? '/');
    const caller = await verifyRequest(
      { method, ...target, headers, body },
      { region: stack.region, services: ['execute-api'], nowMillis: nowMillis(), findKey: keys.find },
    );
    if (typeof caller === 'string') return 403;
    return mayInvoke(stack, caller, { method, path: target.path, sourceIp: socket.remoteAddress })
      ? undefined
      : 403;
  };
}

/** A call of the API: the method, and the path as it came. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly sourceIp: string | undefined;
}

/** API Gateway developer guide, "Control access to HTTP APIs with IAM authorization": `execute-api:Invoke` on the route as called. */
export function mayInvoke(
  { region, accountId, httpApis }: ApiAccessOptions['stack'],
  { policies, values }: Caller,
  { method, path, sourceIp }: ApiCall,
): boolean {
  const plain = plainPathOf(path);
  if (plain === undefined) return false;
  const compiled = compilePolicies(policies, { ...values, 'aws:SourceIp': sourceIp });
  return httpApis.some(({ id }) => {
    const arn = `arn:aws:execute-api:${region}:${accountId}:${id}/${STAGE}/${method}${plain}`;
    return compiled.evaluate('execute-api:Invoke', arn).decision === 'allowed';
  });
}
