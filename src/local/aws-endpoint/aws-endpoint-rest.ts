import { AwsError } from './aws-endpoint-error.ts';
import { jsonResponse, type Operation } from './aws-endpoint-json.ts';
import type { AwsFace, AwsRequest } from './aws-endpoint-message.ts';
import { checkInput, decodeInput, type Shape } from './aws-endpoint-shape.ts';

/** An operation of a service that speaks REST: which members stand in the path, the query and the headers. */
export interface RestOperation extends Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** For example `/things/{thingName}/principals`. */
  readonly path: string;
  /** Members by the name of their query parameter; others stand in the body. */
  readonly query?: Readonly<Record<string, string>>;
  /** Members by the name of their header, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RestFaceOptions {
  /** For the error that says what is emulated. */
  readonly service: string;
  /** The service's name for an input that does not fit. */
  readonly invalidInput: string;
  readonly operations: readonly RestOperation[];
}

/** The door of a service that speaks REST with JSON bodies (AWS REST JSON protocol). */
export function restFace({ service, invalidInput, operations }: RestFaceOptions): AwsFace {
  const routes = operations.map((operation) => ({ operation, segments: operation.path.split('/') }));
  return async (request) => {
    const segments = request.path.split('/');
    const route = routes.find(
      ({ operation, segments: wanted }) => operation.method === request.method && fits(wanted, segments),
    );
    if (!route)
      throw new AwsError(
        'UnknownOperationException',
        `The operation '${request.method} ${request.path}' of ${service} is not emulated; emulated are ${operations.map(({ name }) => name).join(', ')}`,
      );
    const { operation } = route;
    try {
      const input = decodeInput(operation.input, inputOf(operation, route.segments, segments, request));
      checkInput(operation.input, input);
      return jsonResponse(200, await operation.run(input as never), 'application/json');
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const isInvalid = error.name === 'ValidationException' || error.name === 'SerializationException';
      throw isInvalid ? new AwsError(invalidInput, error.message) : error;
    }
  };
}

function fits(wanted: readonly string[], segments: readonly string[]): boolean {
  return (
    wanted.length === segments.length &&
    wanted.every((each, index) => (each.startsWith('{') ? segments[index] !== '' : each === segments[index]))
  );
}

function inputOf(
  { input, query = {}, headers = {} }: RestOperation,
  wanted: readonly string[],
  segments: readonly string[],
  request: AwsRequest,
): Record<string, unknown> {
  const labels = wanted.flatMap((each, index) => {
    if (!each.startsWith('{')) return [];
    const name = each.slice(1, -1);
    return [[name, readParameter(input[name], decodeLabel(segments[index]!))]];
  });
  const parameters = Object.entries(query).flatMap(([name, member]) => {
    const text = request.query.get(name);
    return text === null ? [] : [[member, readParameter(input[member], text)]];
  });
  const fields = Object.entries(headers).flatMap(([name, member]) => {
    const text = request.headers[name];
    return text === undefined ? [] : [[member, String(text)]];
  });
  return { ...bodyOf(request), ...Object.fromEntries([...labels, ...parameters, ...fields]) };
}

function bodyOf({ body }: AwsRequest): Record<string, unknown> {
  if (body.length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new AwsError('SerializationException', 'The request body is not a JSON object');
  return json as Record<string, unknown>;
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('SerializationException', `'${text}' is not percent-encoded UTF-8`);
  }
}

/** What does not read as its type is left as text, which the check of the input refuses. */
function readParameter(shape: Shape | undefined, text: string): unknown {
  if (shape?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return shape?.type === 'integer' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
