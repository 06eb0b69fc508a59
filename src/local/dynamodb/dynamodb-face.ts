import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { callOperation, jsonFace, jsonResponse, type Operations } from '../aws-endpoint/aws-endpoint-json.ts';
import type { AwsFace, AwsRequest, AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';

/** What dynalite answers; it says of anything else only that it does not know it. */
const EMULATED: readonly string[] = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
];

const FORWARDED_HEADERS = ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'] as const;

/**
 * The door of DynamoDB on the common endpoint: answers the operations on whole tables itself, and hands the others on to
 * the thread that keeps the tables.
 */
export function dynamodbFace(url: () => string, control: Operations): AwsFace {
  const agent = new Agent({ keepAlive: true });
  const controlFace = jsonFace(control);
  return async (request) => {
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    if (operation === 'UpdateTable') return updateTable(control, request);
    if (Object.hasOwn(control, operation)) return controlFace(request);
    if (!EMULATED.includes(operation))
      throw new AwsError(
        'UnknownOperationException',
        `The operation '${operation}' is not emulated; emulated are ${[...EMULATED, ...Object.keys(control)].sort().join(', ')}`,
      );
    const response = await send(url(), agent, request).catch((error: Error) => {
      throw new AwsError('InternalServerError', `DynamoDB does not answer: ${error.message}`, 500);
    });
    return toResponse(response);
  };
}

/** Its input is passed on whole: what is not kept here is for dynalite to check. */
async function updateTable(control: Operations, { headers, body }: AwsRequest): Promise<AwsResponse> {
  const output = await callOperation(control, 'UpdateTable', parseJson(body));
  return jsonResponse(200, output, headers['content-type'] ?? 'application/x-amz-json-1.0');
}

function parseJson(body: Buffer): object {
  try {
    const json: unknown = JSON.parse(body.toString());
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Said below.
  }
  throw new AwsError('SerializationException', 'The request body is not a JSON object');
}

function send(url: string, agent: Agent, { headers, body }: AwsRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const kept = FORWARDED_HEADERS.flatMap((name) => (headers[name] ? [[name, headers[name]]] : []));
    const call = httpRequest(url, { method: 'POST', agent, headers: Object.fromEntries(kept) });
    call.once('error', reject);
    call.once('response', resolve);
    call.end(body);
  });
}

function toResponse(response: IncomingMessage): AwsResponse {
  const { 'content-type': contentType = 'application/x-amz-json-1.0', 'x-amz-crc32': crc32 } =
    response.headers;
  return {
    status: response.statusCode ?? 500,
    headers: { 'content-type': contentType, ...(crc32 !== undefined && { 'x-amz-crc32': String(crc32) }) },
    body: response,
  };
}
