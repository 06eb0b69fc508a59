import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MessageTracer } from './message-tracer.ts';
import { parseTraceQuery, TraceQueryError } from './trace-query.ts';

/** `GET /v1/trace`: an empty list with the reason when there is no such message; 400 for a question that cannot be read. */
export function createTraceRoute(
  tracer: MessageTracer,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(tracer, request).then(
      ({ status, body }) => send(response, status, body),
      (error: Error) => send(response, 500, { message: `Cannot trace: ${error.message}` }),
    );
  };
}

async function answer(
  tracer: MessageTracer,
  request: IncomingMessage,
): Promise<{ status: number; body: object }> {
  try {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const report = await tracer.trace(parseTraceQuery(searchParams));
    if (!report)
      return { status: 503, body: { message: 'Cannot trace: other traces are under way, try again' } };
    return { status: 200, body: report };
  } catch (error) {
    if (error instanceof TraceQueryError) return { status: 400, body: { message: error.message } };
    throw error;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
