import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request, at the edge of the network. */
export type EdgeFault =
  /** AWS answers with an error of this name, and nothing is done. */
  | { readonly kind: 'error'; readonly name: string; readonly status: number }
  /** It is done, and the answer never comes: the connection ends. */
  | { readonly kind: 'lostAnswer' }
  /** Only some entries of a batch are done; the answer says which are not. */
  | { readonly kind: 'partial' };

/** A proxy before the AWS endpoint, in which requests fail. */
export class FaultyEdge {
  readonly counts = new Map<string, number>();
  readonly #server: Server;
  readonly #target: string;
  /** Which fault a request gets; none when undefined. */
  choose: (operation: string) => EdgeFault | undefined = () => undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, answer) => void this.#take(incoming, answer));
  }

  static async start(target: string): Promise<FaultyEdge> {
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
    const operation = String(incoming.headers['x-amz-target'] ?? incoming.method).replace(/^.*\./, '');
    const fault = this.choose(operation);
    if (fault) {
      const name = `${operation} ${fault.kind === 'error' ? fault.name : fault.kind}`;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    }
    if (fault?.kind === 'error') return refuse(answer, fault);
    if (fault?.kind !== 'partial') return this.#forward(incoming, answer, body, fault);
    const split = splitBatch(operation, body);
    return this.#forward(incoming, answer, split.done, undefined, split.answer);
  }

  #forward(
    incoming: IncomingMessage,
    answer: ServerResponse,
    body: Buffer,
    fault: EdgeFault | undefined,
    change: (text: string) => string = (text) => text,
  ): void {
    const { host } = new URL(this.#target);
    const headers = { ...incoming.headers, host, 'content-length': String(body.length) };
    const { method, url: path } = incoming;
    const onward = request(new URL(path ?? '/', this.#target), { method, headers }, async (reply) => {
      const chunks: Buffer[] = [];
      for await (const chunk of reply) chunks.push(chunk as Buffer);
      if (fault) answer.destroy();
      else {
        const { 'content-length': _, 'x-amz-crc32': __, ...others } = reply.headers;
        answer.writeHead(reply.statusCode ?? 502, others);
        answer.end(change(Buffer.concat(chunks).toString('latin1')), 'latin1');
      }
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  }
}

function refuse(answer: ServerResponse, { name, status }: { name: string; status: number }): void {
  answer.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name });
  answer.end(JSON.stringify({ __type: name, message: 'a fault at the edge' }));
}

interface SplitBatch {
  /** What is sent on. */
  readonly done: Buffer;
  /** Adds to the answer what was not. */
  readonly answer: (text: string) => string;
}

interface PutRecordsAnswer {
  readonly Records: readonly object[];
}

const REFUSED = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };

/** Every other entry of PutRecords is done. @throws Error for an operation that takes no entries */
function splitBatch(operation: string, body: Buffer): SplitBatch {
  if (operation !== 'PutRecords') throw new Error(`Cannot do half of ${operation}`);
  const input = JSON.parse(body.toString()) as { Records: unknown[] };
  const isDone = (at: number): boolean => at % 2 === 0;
  const Records = input.Records.filter((_, at) => isDone(at));
  return {
    done: Buffer.from(JSON.stringify({ ...input, Records })),
    answer: (text) => {
      const done = [...(JSON.parse(text) as PutRecordsAnswer).Records];
      const all = input.Records.map((_, at) => (isDone(at) ? done.shift()! : REFUSED));
      return JSON.stringify({ FailedRecordCount: all.length - Records.length, Records: all });
    },
  };
}
