import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { QueueRouteResource, RouteResource } from '../../stack/stack.ts';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import { type ApiResponse, apiEvent, apiResponse } from './http-api-event.ts';
import type { SendToQueue } from './http-api-queue.ts';
import { compileRoutes, type RouteMatch } from './http-api-routes.ts';
import { readBody } from './http-guard.ts';

export interface HttpApiOptions {
  readonly routes: readonly RouteResource[];
  readonly invoke: (
    functionName: string,
    event: object,
    options: { timeoutSeconds?: number },
  ) => Promise<LambdaResult>;
  /** Routes whose body becomes a message. */
  readonly queueRoutes?: readonly QueueRouteResource[];
  readonly send?: SendToQueue;
  readonly accountId?: string;
  readonly nowMillis?: () => number;
  /** 30 when not given, as API Gateway waits at most. */
  readonly timeoutSeconds?: number;
}

export interface HttpApi {
  /**
   * Answers the request, or returns false when no route of the stack matches it.
   * @param authorize asked before anything is called; without it everybody may call everything
   */
  handle(request: IncomingMessage, response: ServerResponse, authorize?: AuthorizeRoute): Promise<boolean>;
}

/** Decides about a call of a route. @returns the status of the refusal; undefined lets it pass */
export type AuthorizeRoute = (
  route: RouteResource | QueueRouteResource,
  request: IncomingMessage,
  body: Buffer,
) => Promise<401 | 403 | undefined>;

/** API Gateway's limit for a request (API Gateway developer guide, quotas of HTTP APIs). */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

const MESSAGES = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** API Gateway's HTTP API in front of the stack's functions: plugs into a server that somebody else owns. */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const match = compileRoutes<RouteResource | QueueRouteResource>([
    ...options.routes,
    ...(options.queueRoutes ?? []),
  ]);
  return {
    async handle(request, response, authorize) {
      const path = (request.url ?? '/').split('?', 1)[0]!;
      const found = match(request.method ?? 'GET', path);
      if (!found) return false;
      const body = await readBody(request, MAX_REQUEST_BYTES);
      const refusal = body && (await authorize?.(found.route, request, body));
      if (!body) refuseBody(response);
      else if (refusal) sendMessage(response, refusal);
      else send(response, request.method, await answerRoute(options, request, found, body));
      return true;
    },
  };
}

/** The rest of the body is not read, so the connection is of no further use. */
function refuseBody(response: ServerResponse): void {
  response.setHeader('connection', 'close');
  sendMessage(response, 413);
}

/** Answers in API Gateway's words, for example `{"message":"Not Found"}`. */
export function sendMessage(response: ServerResponse, statusCode: keyof typeof MESSAGES): void {
  send(response, undefined, gatewayMessage(statusCode));
}

/** A route to a queue has nobody to wait for. */
async function answerRoute(
  options: HttpApiOptions,
  request: IncomingMessage,
  { route, pathParameters }: RouteMatch<RouteResource | QueueRouteResource>,
  body: Buffer,
): Promise<ApiResponse> {
  if ('functionName' in route) return answer(options, request, { route, pathParameters }, body);
  return (await options.send?.(route.queueName, body).catch(() => undefined)) ?? gatewayMessage(503);
}

async function answer(
  options: HttpApiOptions,
  request: IncomingMessage,
  { route, pathParameters }: RouteMatch,
  body: Buffer,
): Promise<ApiResponse> {
  const { nowMillis = Date.now, accountId = '000000000000', timeoutSeconds = 30 } = options;
  const url = request.url ?? '/';
  const [path = '/'] = url.split('?', 1);
  const event = apiEvent(
    {
      method: request.method ?? 'GET',
      path,
      query: url.slice(path.length + 1),
      rawHeaders: request.rawHeaders,
      body,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    },
    {
      routeKey: `${route.method} ${route.path}`,
      pathParameters,
      requestId: randomUUID(),
      nowMillis: nowMillis(),
      accountId,
    },
  );
  // A rejection means that the runtime is stopping.
  const invoked = options.invoke(route.functionName, event, {}).catch(() => undefined);
  const result = await withTimeout(invoked, timeoutSeconds);
  if (!result || (!result.ok && isUnavailable(result.error.errorType))) return gatewayMessage(503);
  if (!result.ok && result.error.errorType === 'RequestTooLargeException') return gatewayMessage(413);
  return (result.ok && apiResponse(result.value)) || gatewayMessage(500);
}

/** The function's own timeout is a failure of the function; only throttling and our own limit are the gateway's. */
function isUnavailable(errorType: string): boolean {
  return errorType === 'TooManyRequestsException';
}

async function withTimeout<T>(promise: Promise<T>, seconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), seconds * 1000);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

function gatewayMessage(statusCode: keyof typeof MESSAGES): ApiResponse {
  const body = Buffer.from(JSON.stringify({ message: MESSAGES[statusCode] }));
  return { statusCode, headers: { 'content-type': 'application/json' }, body };
}

function send(
  response: ServerResponse,
  method: string | undefined,
  { statusCode, headers, body }: ApiResponse,
): void {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const bodiless = statusCode === 204 || statusCode === 304 || statusCode < 200;
  if (!bodiless) response.setHeader('content-length', body.length);
  response.writeHead(statusCode);
  response.end(bodiless || method === 'HEAD' ? undefined : body);
}
