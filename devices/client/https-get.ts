import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { DeviceApiError } from '../device-error.ts';

/** PEM texts; `ca` is needed where the server's certificate is not from an authority that everybody knows. */
export interface DeviceCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Partial<DeviceCertificate>;
}

export interface GetAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const ANSWER_MILLIS = 30_000;
/** A page of history is at most 10,000 rows. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** One GET, to its end. @throws DeviceApiError when there is no answer, or too much of it */
export function getOverHttps(url: URL, { headers, tls }: GetOptions): Promise<GetAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new DeviceApiError(`Cannot ask "${url.host}": ${cause.message}`, undefined, { cause }));
    const options = { headers, signal: AbortSignal.timeout(ANSWER_MILLIS) };
    const take = (answer: IncomingMessage): void => {
      readAnswer(answer).then(resolve, fail);
    };
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, ...tls }, take)
        : requestHttp(url, options, take);
    request.on('error', fail);
    request.end();
  });
}

async function readAnswer(answer: IncomingMessage): Promise<GetAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() };
}
