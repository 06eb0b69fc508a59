import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AwsError, asAwsError, AwsError as Refusal } from './aws-endpoint-error.ts';
import {
  type AwsFace,
  type AwsRequest,
  type AwsResponse,
  parseHead,
  readBody,
  sendResponse,
} from './aws-endpoint-message.ts';
import { escapeXml } from './aws-endpoint-xml.ts';

/** One door for every AWS client on the machine: the value of `AWS_ENDPOINT_URL`. */
export interface AwsEndpoint {
  /** Answers one request of a node:http server. Never rejects. */
  handle(message: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * Joins the doors of the services by the service name of the credential scope.
 * @param faces by service name as it stands in the scope, for example `kinesis`
 */
export function createAwsEndpoint(faces: Readonly<Record<string, AwsFace>>): AwsEndpoint {
  return {
    async handle(message, response) {
      const requestId = randomUUID();
      const answer = await answerTo(message, faces, requestId);
      try {
        if (answer.status >= 400 && !message.complete) response.setHeader('connection', 'close');
        await sendResponse(response, {
          ...answer,
          headers: { 'x-amzn-requestid': requestId, ...answer.headers },
        });
      } catch {
        response.destroy();
      }
    },
  };
}

async function answerTo(
  message: IncomingMessage,
  faces: Readonly<Record<string, AwsFace>>,
  requestId: string,
): Promise<AwsResponse> {
  let head: Omit<AwsRequest, 'body'> | undefined;
  try {
    head = parseHead(message);
    const face = Object.hasOwn(faces, head.service) ? faces[head.service] : undefined;
    if (!face)
      throw new Refusal(
        'UnknownOperationException',
        `The service '${head.service}' is not emulated; emulated are ${Object.keys(faces).join(', ')}`,
      );
    return await face({ ...head, body: await readBody(message, head.service) });
  } catch (error) {
    return errorResponse(asAwsError(error), message, head?.service, requestId);
  }
}

/** Each protocol says an error in its own form: JSON for targets, XML for forms and for S3. */
function errorResponse(
  error: AwsError,
  message: IncomingMessage,
  service: string | undefined,
  requestId: string,
): AwsResponse {
  const contentType = message.headers['content-type'] ?? '';
  const status = error.statusCode;
  if (service === 's3')
    return xml(
      status,
      `<Error>${codeAndMessage(error)}<RequestId>${requestId}</RequestId></Error>`,
      message.method === 'HEAD',
    );
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return xml(
      status,
      `<ErrorResponse><Error><Type>Sender</Type>${codeAndMessage(error)}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
  return {
    status,
    headers: {
      'content-type': contentType.startsWith('application/x-amz-json') ? contentType : 'application/json',
      'x-amzn-errortype': error.name,
    },
    body: JSON.stringify({ __type: error.name, message: error.message }),
  };
}

function xml(status: number, body: string, headOnly = false): AwsResponse {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  return { status, headers: { 'content-type': 'application/xml' }, ...(!headOnly && { body: text }) };
}

function codeAndMessage({ name, message }: AwsError): string {
  return `<Code>${escapeXml(name)}</Code><Message>${escapeXml(message)}</Message>`;
}
