import { AwsError } from './aws-endpoint-error.ts';
import type { AwsFace, AwsRequest, AwsResponse } from './aws-endpoint-message.ts';
import { checkInput, decodeInput, type Members } from './aws-endpoint-shape.ts';

/** One operation: what it takes, and what it does with it. Inputs and outputs have the shapes of the SDK's commands. */
export interface Operation {
  readonly input: Members;
  readonly run: (input: never) => Promise<object>;
}

export type Operations = Readonly<Record<string, Operation>>;

/**
 * Runs an operation as the HTTP door and the in-process transport of the handlers both do.
 * @throws AwsError what the service refuses; UnknownOperationException for an operation that is not emulated
 */
export async function callOperation(operations: Operations, name: string, input: object): Promise<object> {
  const { input: members, run } = operationOf(operations, name);
  checkInput(members, input as Record<string, unknown>);
  return run(input as never);
}

/** The door of a service that speaks JSON over `x-amz-target` (AWS JSON 1.0 and 1.1 protocols). */
export function jsonFace(operations: Operations): AwsFace {
  return async (request) => {
    const target = request.headers['x-amz-target'];
    const name = String(target ?? '').split('.')[1] ?? '';
    const contentType = (request.headers['content-type'] ?? '').split(';')[0]!.trim();
    if (contentType.includes('cbor'))
      throw new AwsError(
        'SerializationException',
        'CBOR is not spoken here: set AWS_CBOR_DISABLE=true or use a client that speaks JSON 1.1',
      );
    const input = decodeInput(operationOf(operations, name).input, parseJson(request));
    const output = await callOperation(operations, name, input);
    return jsonResponse(200, output, contentType);
  };
}

/** Bytes as base64 and times as seconds since the epoch. */
export function jsonResponse(status: number, output: object, contentType: string): AwsResponse {
  return { status, headers: { 'content-type': contentType }, body: JSON.stringify(wireForm(output)) };
}

function operationOf(operations: Operations, name: string): Operation {
  if (!Object.hasOwn(operations, name))
    throw new AwsError(
      'UnknownOperationException',
      `The operation '${name}' is not emulated; emulated are ${Object.keys(operations).join(', ')}`,
    );
  return operations[name]!;
}

function parseJson({ body }: AwsRequest): unknown {
  try {
    return JSON.parse(body.toString() || '{}');
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON');
  }
}

/** Before `JSON.stringify`, which would first spell a Buffer out as a list of numbers. */
function wireForm(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map(wireForm);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, wireForm(each)]));
}
