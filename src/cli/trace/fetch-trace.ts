import type { TraceReport } from '../../local/trace/message-tracer.ts';

/** What is asked for. */
export interface TraceSubject {
  readonly by: 'sensor' | 'event' | 'topic';
  readonly value: string;
}

/** The runtime cannot be asked, or does not answer. */
export class TraceRequestError extends Error {
  override name = 'TraceRequestError';
}

/** A trace is bounded work, but others may be asked for at the same time. */
const TIMEOUT_MILLIS = 30_000;

/** Asks a running pipeline. @throws TraceRequestError that says why there is no answer */
export async function fetchTrace(
  url: string,
  { by, value }: TraceSubject,
  limit: number,
): Promise<TraceReport> {
  const response = await request(
    url,
    `/v1/trace?${new URLSearchParams({ [by]: value, limit: String(limit) })}`,
  );
  const body = await response.json().catch(() => undefined);
  if (isReport(body)) return body;
  const message = isObject(body) && typeof body.message === 'string' ? body.message : undefined;
  if (response.status === 400 || response.status === 503) {
    if (message !== undefined) throw new TraceRequestError(message);
  }
  throw new TraceRequestError(
    `Cannot ask ${url}: what listens there answered ${response.status}${message ? `, ${message}` : ''}, which is no trace`,
  );
}

async function request(url: string, path: string): Promise<Response> {
  try {
    return await fetch(new URL(path, url), { signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
  } catch (cause) {
    throw new TraceRequestError(`Cannot ask ${url}: ${problemOf(cause as Error)}`, { cause });
  }
}

function problemOf(error: Error): string {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED')
    return 'nothing listens there; start the pipeline with "mesonet start", or give the address of its page with --url';
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MILLIS / 1000} s`;
  return (error.cause as Error | undefined)?.message ?? error.message;
}

function isReport(body: unknown): body is TraceReport {
  return isObject(body) && Array.isArray(body.messages);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
