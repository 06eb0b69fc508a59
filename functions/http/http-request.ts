import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HttpError } from './http-answer.ts';

/** A request as the routes see it: path parameters and query parameters by name. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

/** A method and a path such as `/v1/sensors/{sensor_id}/latest`, with the query parameters that it takes. */
export interface Route<Answer> {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly query: readonly string[];
  readonly answer: (request: HttpRequest) => Promise<Answer>;
}

/** Longest identifier in a path or query; a table key could hold no more. */
const MAX_NAME_BYTES = 256;

/**
 * The route of an event and its request.
 * @throws HttpError 404 for no such path, 405 for another method, 400 for a parameter that is unknown, repeated or broken
 */
export function matchRoute<Answer>(
  routes: readonly Route<Answer>[],
  event: APIGatewayProxyEventV2,
): { route: Route<Answer>; request: HttpRequest } {
  const method = event.requestContext.http.method.toUpperCase();
  const path = event.rawPath;
  const matches = routes.flatMap((route) => {
    const parameters = matchPath(route.path, path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (matches.length === 0) throw new HttpError(404, `There is no "${path}" here`);
  const match = matches.find(({ route }) => route.method === method);
  if (match === undefined) {
    const allow = matches.map(({ route }) => route.method).join(', ');
    throw new HttpError(405, `"${path}" does not take ${method}, only ${allow}`, { allow });
  }
  const query = new URLSearchParams(event.rawQueryString ?? '');
  checkQuery(query, match.route);
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  return { route: match.route, request: { method, path, parameters: match.parameters, query, body } };
}

function matchPath(pattern: string, path: string): Map<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const raw = new Map<string, string>();
  for (const [i, level] of wanted.entries()) {
    if (level.startsWith('{')) raw.set(level.slice(1, -1), given[i]!);
    else if (level !== given[i]) return undefined;
  }
  return new Map([...raw].map(([name, text]) => [name, checkName(name, decodeLevel(name, text))]));
}

function decodeLevel(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, `"${name}" in the path is not valid percent-encoding`);
  }
}

/** @throws HttpError 400 when the identifier is empty or longer than any that is stored */
export function checkName(name: string, value: string): string {
  if (value === '') throw new HttpError(400, `"${name}" is empty`);
  if (Buffer.byteLength(value) > MAX_NAME_BYTES) {
    throw new HttpError(400, `"${name}" is longer than ${MAX_NAME_BYTES} bytes`);
  }
  return value;
}

function checkQuery(query: URLSearchParams, route: Route<unknown>): void {
  for (const name of new Set(query.keys())) {
    if (!route.query.includes(name)) {
      const known = route.query.length === 0 ? 'none' : route.query.join(', ');
      throw new HttpError(400, `Unknown parameter "${name}", this path takes: ${known}`);
    }
    if (query.getAll(name).length > 1) throw new HttpError(400, `"${name}" is given more than once`);
  }
}
