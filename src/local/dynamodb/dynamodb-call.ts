import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { LocalError } from '../local-error.ts';

/** DynamoDB refused a call; `type` is AWS's name of the error. */
export class DynamodbError extends LocalError {
  override name = 'DynamodbError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * Calls one operation of a DynamoDB endpoint: JSON 1.0 over HTTP (DynamoDB developer guide, low-level API). The SDK's
 * client would cost the runtime 30 MB of memory for a handful of calls.
 * @throws DynamodbError when the endpoint answers with an error
 */
export async function callDynamodb(url: string, action: string, input: object): Promise<unknown> {
  const { status, body } = await post(url, action, JSON.stringify(input));
  if (status === 200) return body;
  const { __type = '', message = `status ${status}` } = body as { __type?: string; message?: string };
  throw new DynamodbError(__type.split('#').at(-1)!, message);
}

function post(url: string, action: string, text: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
      },
    });
    call.once('error', reject);
    call.once('response', (response) => {
      json(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    call.end(text);
  });
}
