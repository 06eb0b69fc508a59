import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type IsDone, splitBatch } from './split-batch.ts';

/** What goes wrong with a request, at the edge of the network. */
export type EdgeFault =
  /** AWS answers with an error of this name, and nothing is done. */
  | { readonly kind: 'error'; readonly name: string; readonly status: number }
  /** It is done, and the answer never comes: the connection ends. */
  | { readonly kind: 'lostAnswer' }
  /** Only some entries of a batch are done, every other one unless said; the answer says which are not. */
  | {
      readonly kind: 'partial';
      readonly isDone?: IsDone;
    };

/** The service that a request is for. */
export type EdgeService = 'dynamodb' | 'kinesis' | 's3' | 'sns';

/** A proxy before the AWS endpoint, in which requests fail. */
export class FaultyEdge {
  /** Requests that failed, by operation and fault. */
  readonly counts = new Map<string, number>();
  readonly #server: Server;
  readonly #target: Promise<string>;
  /** Where requests go on to, when it was not known at the start: until then they wait. */
  readonly aim: (target: string) => void;
  /** Which fault a request gets; none when undefined. */
  choose: (operation: string, service: EdgeService) => EdgeFault | undefined = () => undefined;
  /** Told of each request that is passed on, with its body. */
  onPassed: (operation: string, body: Buffer) => void = () => {};

  private constructor(target: string | undefined) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#target = promise;
    this.aim = resolve;
    if (target !== undefined) resolve(target);
    this.#server = createServer((incoming, answer) => void this.#take(incoming, answer));
  }

  static async start(target?: string): Promise<FaultyEdge> {
    const edge = new FaultyEdge(target);
    await new Promise<void>((resolve) => edge.#server.listen(0, '127.0.0.1', resolve));
    return edge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { operation, service } = callOf(incoming, body);
    const target = await this.#target;
    const fault = this.choose(operation, service);
    if (fault) {
      const name = `${operation} ${fault.kind === 'error' ? fault.name : fault.kind}`;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    }
    if (fault?.kind === 'error') return refuse(answer, fault, service);
    const split = fault?.kind === 'partial' ? splitBatch(operation, body, fault.isDone) : undefined;
    this.onPassed(operation, split?.done ?? body);
    forward(incoming, answer, {
      target,
      body: split?.done ?? body,
      isAnswered: fault?.kind !== 'lostAnswer',
      change: split?.answer ?? ((text) => text),
    });
  }
}

function callOf(
  { headers, method }: IncomingMessage,
  body: Buffer,
): { operation: string; service: EdgeService } {
  const [, prefix, name] = /^([^_.]+)[^.]*\.(.+)$/.exec(String(headers['x-amz-target'] ?? '')) ?? [];
  if (name !== undefined) return { operation: name, service: prefix === 'DynamoDB' ? 'dynamodb' : 'kinesis' };
  const action = /^Action=(\w+)/.exec(body.toString('latin1', 0, 64))?.[1];
  if (action !== undefined) return { operation: action, service: 'sns' };
  return { operation: method ?? '', service: 's3' };
}

interface Onward {
  readonly target: string;
  readonly body: Buffer;
  readonly isAnswered: boolean;
  readonly change: (text: string) => string;
}

function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { target, body, isAnswered, change }: Onward,
): void {
  const { host } = new URL(target);
  const headers = { ...incoming.headers, host, 'content-length': String(body.length) };
  const { method, url: path } = incoming;
  const onward = request(new URL(path ?? '/', target), { method, headers }, async (reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk as Buffer);
    if (!isAnswered) answer.destroy();
    else {
      const { 'content-length': _, 'x-amz-crc32': __, ...others } = reply.headers;
      answer.writeHead(reply.statusCode ?? 502, others);
      answer.end(change(Buffer.concat(chunks).toString('latin1')), 'latin1');
    }
  });
  onward.on('error', () => answer.destroy());
  onward.end(body);
}

function refuse(
  answer: ServerResponse,
  { name, status }: { name: string; status: number },
  service: EdgeService,
): void {
  if (service === 's3' || service === 'sns') {
    const error = `<Error><Type>Sender</Type><Code>${name}</Code><Message>a fault at the edge</Message></Error>`;
    answer.writeHead(status, { 'content-type': 'application/xml' });
    answer.end(service === 's3' ? error : `<ErrorResponse>${error}</ErrorResponse>`);
    return;
  }
  answer.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name });
  answer.end(JSON.stringify({ __type: name, message: 'a fault at the edge' }));
}
