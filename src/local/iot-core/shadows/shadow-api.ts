import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import type { DataPlaneOperation } from '../data-plane.ts';
import { pageOf } from '../data-plane.ts';
import type { ReservedAnswer } from '../reserved-topics.ts';
import { ShadowError } from './shadow-error.ts';
import type { ShadowService } from './shadow-service.ts';
import type { ShadowId } from './shadow-store.ts';

export interface ShadowApiOptions {
  readonly shadows: ShadowService;
  /** Hands over what goes to the reserved topics; resolves once that, and the change, is durable. */
  readonly tell: (answers: readonly ReservedAnswer[]) => Promise<void>;
  readonly nowMillis: () => number;
}

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const SHADOW_NAME = /^[$a-zA-Z0-9:_-]{1,64}$/;
const DEFAULT_PAGE = 25;
const MAX_PAGE = 100;

/** Shadows at the data plane (AWS IoT API reference, AWS IoT data: GetThingShadow and its like). */
export function shadowOperations({ shadows, tell, nowMillis }: ShadowApiOptions): DataPlaneOperation[] {
  return [
    {
      name: 'GetThingShadow',
      method: 'GET',
      path: SHADOW,
      permissions: ofShadow('iot:GetThingShadow'),
      run: async ({ label, query }) => refusing(() => shadows.get(idOf(label, query))),
    },
    {
      name: 'UpdateThingShadow',
      method: 'POST',
      path: SHADOW,
      permissions: ofShadow('iot:UpdateThingShadow'),
      run: async ({ label, query, body }) => {
        const { response, answers } = refusing(() => shadows.update(idOf(label, query), body));
        await tell(answers);
        return response;
      },
    },
    {
      name: 'DeleteThingShadow',
      method: 'DELETE',
      path: SHADOW,
      permissions: ofShadow('iot:DeleteThingShadow'),
      run: async ({ label, query }) => {
        const { response, answers } = refusing(() => shadows.delete(idOf(label, query)));
        await tell(answers);
        return response;
      },
    },
    {
      name: 'ListNamedShadowsForThing',
      method: 'GET',
      path: /^\/api\/things\/shadow\/ListNamedShadowsForThing\/([^/]+)$/,
      permissions: () => [{ action: 'iot:ListNamedShadowsForThing', resource: '*' }],
      run: async ({ label, query }) => {
        const { thingName } = idOf(label, new URLSearchParams());
        const limits = { size: query.get('pageSize'), defaultSize: DEFAULT_PAGE, maxSize: MAX_PAGE };
        const names = shadows.names(thingName);
        const { page, nextToken } = pageOf(names, (name) => name, query.get('nextToken'), limits);
        return { results: page, ...nextToken, timestamp: Math.floor(nowMillis() / 1000) };
      },
    },
  ];
}

const SHADOW = /^\/things\/([^/]+)\/shadow$/;

/** The resource of a named shadow has its name behind the thing's. */
function ofShadow(action: string): DataPlaneOperation['permissions'] {
  return ({ label, query }) => {
    const name = query.get('name');
    return [{ action, resource: `thing/${label}${name === null ? '' : `/${name}`}` }];
  };
}

function idOf(thingName: string, query: URLSearchParams): ShadowId {
  const shadowName = query.get('name') ?? undefined;
  if (!THING_NAME.test(thingName)) throw new AwsError('InvalidRequestException', 'Invalid thing name');
  if (shadowName !== undefined && !SHADOW_NAME.test(shadowName))
    throw new AwsError('InvalidRequestException', 'Invalid shadow name');
  return { thingName, shadowName };
}

const ERRORS: ReadonlyMap<number, string> = new Map([
  [404, 'ResourceNotFoundException'],
  [409, 'ConflictException'],
  [413, 'RequestEntityTooLargeException'],
  [415, 'UnsupportedDocumentEncodingException'],
]);

/** The refusals of the service by the names that the SDK turns into exceptions. */
function refusing<Value>(call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof ShadowError)) throw error;
    const name = ERRORS.get(error.code) ?? 'InvalidRequestException';
    throw new AwsError(name, error.message, error.code);
  }
}
