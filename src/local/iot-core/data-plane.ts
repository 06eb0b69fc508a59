import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace, AwsRequest, AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';

/** What an operation of the data plane is given. */
export interface DataPlaneRequest {
  /** The part of the path that the operation is about, decoded: a thing, a topic. Empty where the path has none. */
  readonly label: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Who asks; undefined at the endpoint for AWS clients, which asks nobody for anything. */
  readonly caller?: DataPlaneCaller;
}

/** Somebody who has shown who they are. */
export interface DataPlaneCaller {
  /** The certificate's id, or the principal's of IAM. */
  readonly principal: string;
  readonly sourceIp: string | undefined;
}

/** What a policy has to allow: the action, and the resource's part of the ARN, or `*`. */
export interface DataPlanePermission {
  readonly action: string;
  readonly resource: string;
}

/** One operation of AWS IoT data: where it is found, and what it answers as JSON. */
export interface DataPlaneOperation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Its first group is the label. */
  readonly path: RegExp;
  /** AWS IoT developer guide, iot-policy-actions. */
  readonly permissions: (request: DataPlaneRequest) => readonly DataPlanePermission[];
  /** @throws AwsError what the service refuses */
  readonly run: (request: DataPlaneRequest) => Promise<object | string | number | boolean | null>;
}

/** The door of AWS IoT data: bodies are taken as they are, for most are documents or payloads of somebody else. */
export function dataPlaneFace(operations: readonly DataPlaneOperation[]): AwsFace {
  return async (request) => {
    const found = findOperation(operations, request);
    if (!found) throw unknownOperation(request, operations);
    return answerOperation(found.operation, { ...found, query: request.query, body: request.body });
  };
}

/**
 * The operation that a method and a path mean, and what it is about.
 * @throws AwsError InvalidRequestException for a path that is not well encoded
 */
export function findOperation(
  operations: readonly DataPlaneOperation[],
  { method, path }: Pick<AwsRequest, 'method' | 'path'>,
): { operation: DataPlaneOperation; label: string } | undefined {
  for (const operation of operations) {
    const match = operation.method === method ? operation.path.exec(path) : null;
    if (match) return { operation, label: decodeLabel(match[1] ?? '') };
  }
  return undefined;
}

/** @throws AwsError what the service refuses */
export async function answerOperation(
  { run }: DataPlaneOperation,
  request: DataPlaneRequest,
): Promise<AwsResponse & { body: string }> {
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, body: JSON.stringify(await run(request)) };
}

function unknownOperation({ method, path }: AwsRequest, operations: readonly DataPlaneOperation[]): AwsError {
  const names = operations.map(({ name }) => name).join(', ');
  return new AwsError(
    'UnknownOperationException',
    `The operation '${method} ${path}' of iotdata is not emulated; emulated are ${names}`,
  );
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidRequestException', `'${text}' is not percent-encoded UTF-8`);
  }
}

export interface PageLimits {
  readonly size: string | null;
  readonly defaultSize: number;
  readonly maxSize: number;
}

/**
 * One page of a list in the order of its keys, and the token of the next one.
 * @throws AwsError InvalidRequestException
 */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  token: string | null,
  { size, defaultSize, maxSize }: PageLimits,
): { page: Item[]; nextToken: { nextToken?: string } } {
  const count = size === null ? defaultSize : Number(size);
  if (!Number.isInteger(count) || count < 1 || count > maxSize)
    throw new AwsError('InvalidRequestException', `The page size must be a number from 1 to ${maxSize}`);
  const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, count);
  if (rest.length <= count) return { page, nextToken: {} };
  return { page, nextToken: { nextToken: Buffer.from(keyOf(page.at(-1)!)).toString('base64url') } };
}
