import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { AwsError, asAwsError } from '../../aws-endpoint/aws-endpoint-error.ts';

/** Answers JSON text. */
export function answerJsonText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}

/**
 * Answers a refusal as AWS IoT does (AWS IoT API reference, AWS IoT data, common errors).
 * @param isOver the rest of the request is not read, so the connection ends
 */
export function answerError(response: ServerResponse, error: unknown, isOver = false): void {
  const { name, message, statusCode } = asAwsError(error);
  response.setHeader('x-amzn-errortype', name);
  if (isOver) response.setHeader('connection', 'close');
  answerJsonText(response, statusCode, JSON.stringify({ message, traceId: randomUUID() }));
}

/** A policy does not allow it, or nobody can tell who asks. */
export function forbidden(): AwsError {
  return new AwsError('ForbiddenException', 'Forbidden', 403);
}
