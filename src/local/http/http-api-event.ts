/** A request as the server has read it. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query; as it came, percent-encoding and all. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Name, value, name, value, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface ApiContext {
  /** For example `GET /v1/sensors/{sensor_id}/latest`. */
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly nowMillis: number;
  readonly accountId: string;
}

export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. */
export function apiEvent(request: ApiRequest, context: ApiContext): object {
  const headers = joinHeaders(request.rawHeaders);
  const cookies = headers.cookie?.split(';').map((cookie) => cookie.trim());
  delete headers.cookie;
  const parameters = queryParameters(request.query);
  const path = decodePath(request.path);
  const isBase64Encoded = request.body.length > 0 && !isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath: path,
    rawQueryString: request.query,
    ...(cookies && { cookies }),
    headers,
    ...(parameters && { queryStringParameters: parameters }),
    requestContext: requestContext(request, context, headers, path),
    ...(Object.keys(context.pathParameters).length > 0 && { pathParameters: context.pathParameters }),
    ...(request.body.length > 0 && { body: request.body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

function requestContext(
  { method, sourceIp }: ApiRequest,
  { accountId, requestId, routeKey, nowMillis }: ApiContext,
  headers: Readonly<Record<string, string>>,
  path: string,
): object {
  const userAgent = headers['user-agent'] ?? '';
  return {
    accountId,
    apiId: 'local',
    domainName: headers.host ?? 'localhost',
    domainPrefix: 'local',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent },
    requestId,
    routeKey,
    stage: '$default',
    time: commonLogTime(nowMillis),
    timeEpoch: nowMillis,
  };
}

/** An invocation's answer as the response it becomes; undefined when it is none that API Gateway understands. */
export function apiResponse(value: unknown): ApiResponse | undefined {
  if (!isObject(value) || value.statusCode === undefined) {
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
  }
  const statusCode = Number(value.statusCode);
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) return undefined;
  const headers = responseHeaders(value.headers ?? {});
  const body = responseBody(value.body, value.isBase64Encoded === true);
  if (!headers || !body) return undefined;
  if (Array.isArray(value.cookies)) headers['set-cookie'] = value.cookies.map(String);
  headers['content-type'] ??= 'text/plain;charset=utf-8';
  return { statusCode, headers, body };
}

function responseHeaders(headers: unknown): Record<string, string | string[]> | undefined {
  if (!isObject(headers)) return undefined;
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = String(value);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(text)) return undefined;
    if (!OWN_HEADERS.has(name.toLowerCase())) result[name.toLowerCase()] = text;
  }
  return result;
}

/** The server sets these from the body it really sends. */
const OWN_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

function responseBody(body: unknown, isBase64Encoded: boolean): Buffer | undefined {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return undefined;
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** Names in lower case, values of the same name joined by commas. */
function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    const separator = name === 'cookie' ? '; ' : ',';
    headers[name] =
      headers[name] === undefined ? rawHeaders[at + 1]! : headers[name] + separator + rawHeaders[at + 1];
  }
  return headers;
}

/** Values of the same name are joined by commas; undefined when there are none. */
function queryParameters(query: string): Record<string, string> | undefined {
  const parameters: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  }
  return Object.keys(parameters).length > 0 ? parameters : undefined;
}

/** The path as `rawPath` gives it: decoded, or as it came when it is not well encoded. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Bodies of other types reach the function in base64. */
function isText(contentType = 'text/plain'): boolean {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  return type.startsWith('text/') || /^application\/((.+\+)?(json|xml)|javascript)$/.test(type);
}

/** For example `21/Nov/2026:04:05:06 +0000`. */
function commonLogTime(millis: number): string {
  const [, day, month, year, time] = new Date(millis).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
