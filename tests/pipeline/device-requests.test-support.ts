import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Mesonet } from '../../src/local/start-mesonet.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  /** Sent as it is: nothing is normalised. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly cert?: string;
  readonly key?: string;
}

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Asks the devices' HTTPS door, on a connection of its own. */
export function askDevice({ deviceHttps, caFile }: Mesonet, ask: Ask): Promise<Answer> {
  const { host, port } = deviceHttps;
  const { cert, key } = ask;
  const tls = { ca: readFileSync(caFile), servername: 'localhost', ...(cert && { cert, key }) };
  return send(
    (callback) => requestHttps({ host, port, agent: false, ...tls, ...headOf(ask) }, callback),
    ask,
  );
}

/** Asks the API where the page is. */
export function askApi({ http }: Mesonet, ask: Ask): Promise<Answer> {
  const { hostname, port } = new URL(http);
  return send(
    (callback) => requestHttp({ host: hostname, port, agent: false, ...headOf(ask) }, callback),
    ask,
  );
}

function headOf({ method = 'GET', path, headers = {}, body }: Ask) {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return { method, path, headers: { ...headers, ...length } };
}

type Start = (callback: (response: IncomingMessage) => void) => ClientRequest;

function send(start: Start, { body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const request = start((response) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      const finish = (): void => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: text.startsWith('{') ? JSON.parse(text) : {},
        });
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', finish);
      response.once('error', finish);
    });
    // A refused body may cut the connection while it is still being sent.
    request.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    request.end(body);
  });
}

/** A request with its signature, made by the library that the AWS SDK signs with. */
export async function signed(
  address: { readonly host: string; readonly port: number },
  ask: Ask,
  key: SigningKey,
  { service = 'execute-api', date = new Date(), region = 'us-east-1' } = {},
): Promise<Ask> {
  const [path = '', query = ''] = ask.path.split('?');
  const request = {
    method: ask.method ?? 'GET',
    protocol: 'https:',
    hostname: address.host,
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: { host: `${address.host}:${address.port}`, ...ask.headers },
    body: ask.body,
  };
  const { headers } = await signer(key, service, region).sign(request, { signingDate: date });
  return { ...ask, headers };
}

/** The address of MQTT over WebSocket, signed as AWS IoT wants it: the session token comes after the signature. */
export async function presignedMqtt(
  { host, port }: { readonly host: string; readonly port: number },
  { sessionToken, ...key }: SigningKey,
  { date = new Date(), expiresIn = 300, service = 'iotdevicegateway', path = '/mqtt' } = {},
): Promise<string> {
  const request = {
    method: 'GET',
    protocol: 'wss:',
    hostname: host,
    path,
    headers: { host: `${host}:${port}` },
  };
  const options = { signingDate: date, expiresIn };
  const { query = {} } = await signer(key, service, 'us-east-1').presign(request, options);
  const parameters = new URLSearchParams(query as Record<string, string>);
  if (sessionToken !== undefined) parameters.set('X-Amz-Security-Token', sessionToken);
  return `wss://${host}:${port}${path}?${parameters.toString().replaceAll('+', '%20')}`;
}

function signer(credentials: SigningKey, service: string, region: string): SignatureV4 {
  return new SignatureV4({ credentials, service, region, sha256: Sha256 });
}

class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(data as string);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('Cannot use a hash again');
  }
}
