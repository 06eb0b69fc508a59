import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PortFailure } from './lambda-messages.ts';

/** Hands one operation's input to the main thread; rejects with what the service refuses. */
export type CallPort = (
  operation: string,
  input: unknown,
  transfer: readonly ArrayBuffer[],
) => Promise<Record<string, unknown>>;

export interface TransportOptions {
  readonly projectFolder: string;
  /** Operations answered in process, for example `Kinesis.PutRecords`; none in strict mode. */
  readonly operations: readonly string[];
  readonly call: CallPort;
}

/** What the service refused, on its way to becoming the SDK's own exception. */
export class PortError extends Error {
  constructor({ name, message }: PortFailure) {
    super(message);
    this.name = name;
  }
}

type Middleware = (next: Handler, context: { clientName: string; commandName: string }) => Handler;
type Handler = (args: { input: object }) => Promise<unknown>;

interface SdkClient {
  send(this: SdkClient, ...args: unknown[]): unknown;
  readonly middlewareStack: { add(middleware: Middleware, options: object): void };
  readonly config: { requestHandler?: object };
}

/**
 * Gives every SDK v3 client of this thread one more middleware at the first step, before anything is serialised: it
 * answers the listed operations through the main thread. Handlers need not know: the client classes all extend the one
 * `Client` of the SDK's core, and their commands keep inputs, outputs and exceptions as they are.
 * @throws Error when the installed SDK has no such class
 */
export function installTransport(options: TransportOptions): void {
  const fromProject = createRequire(join(options.projectFolder, 'package.json'));
  const prototypes = new Set(
    ['@aws-sdk/client-kinesis', '@aws-sdk/client-firehose'].map((name) => clientPrototype(fromProject, name)),
  );
  const middleware = answerInProcess(fromProject, options);
  for (const prototype of prototypes) wrapSend(prototype, fromProject, middleware);
}

function clientPrototype(fromProject: NodeJS.Require, name: string): SdkClient {
  const core = createRequire(fromProject.resolve(name))('@smithy/core/client') as {
    Client?: { prototype: SdkClient };
  };
  if (typeof core.Client?.prototype.send !== 'function')
    throw new Error(
      `Cannot install the in-process transport: the installed ${name} has no core Client class, use strict mode`,
    );
  return core.Client.prototype;
}

function wrapSend(prototype: SdkClient, fromProject: NodeJS.Require, middleware: Middleware): void {
  const send = prototype.send;
  const seen = new WeakSet<SdkClient>();
  prototype.send = function (...args) {
    if (!seen.has(this)) {
      seen.add(this);
      speakHttp1(this, fromProject);
      this.middlewareStack.add(middleware, {
        step: 'initialize',
        priority: 'high',
        name: 'mesonetTransport',
      });
    }
    return send.apply(this, args);
  };
}

/** The Kinesis client speaks HTTP/2 unless told otherwise, which a plain-HTTP endpoint does not. */
function speakHttp1(client: SdkClient, fromProject: NodeJS.Require): void {
  const handler = client.config.requestHandler;
  if (handler?.constructor.name !== 'NodeHttp2Handler') return;
  if (!process.env.AWS_ENDPOINT_URL?.startsWith('http:')) return;
  const { NodeHttpHandler } = fromProject('@smithy/node-http-handler') as {
    NodeHttpHandler: new () => object;
  };
  client.config.requestHandler = new NodeHttpHandler();
}

function answerInProcess(fromProject: NodeJS.Require, { operations, call }: TransportOptions): Middleware {
  const answered = new Set(operations);
  return (next, { clientName, commandName }) => {
    const service = clientName.replace(/Client$/, '');
    const operation = `${service}.${commandName.replace(/Command$/, '')}`;
    if (!answered.has(operation)) return next;
    return async ({ input }) => {
      const { copy, transfer } = copyInput(input);
      try {
        const output = await call(operation, copy, transfer);
        return { output: { ...output, $metadata: metadata(200) }, response: {} };
      } catch (error) {
        throw error instanceof PortError ? sdkException(fromProject, service, error) : error;
      }
    };
  };
}

/** The SDK's own class, so that `instanceof` works in handlers; its service's base class when it knows no such name. */
function sdkException(fromProject: NodeJS.Require, service: string, error: PortError): Error {
  const sdk = fromProject(`@aws-sdk/client-${service.toLowerCase()}`) as Record<
    string,
    (new (options: object) => Error) | undefined
  >;
  const { name, message } = error;
  const Exception = sdk[name] ?? sdk[`${service}ServiceException`];
  if (!Exception) return error;
  const fault = name === 'InternalFailure' || name === 'InternalFailureException' ? 'server' : 'client';
  return new Exception({ name, message, $fault: fault, $metadata: metadata(fault === 'server' ? 500 : 400) });
}

function metadata(httpStatusCode: number): object {
  return { httpStatusCode, attempts: 1, totalRetryDelay: 0 };
}

/**
 * Copies at the door, as serialising would: what the handler does to its objects afterwards changes nothing. All bytes
 * go into one buffer that moves to the main thread instead of being copied once more.
 */
export function copyInput(input: unknown): { copy: unknown; transfer: ArrayBuffer[] } {
  const found: Uint8Array[] = [];
  collectBytes(input, found);
  const total = found.reduce((sum, bytes) => sum + bytes.byteLength, 0);
  const buffer = new ArrayBuffer(total);
  let offset = 0;
  const place = (bytes: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(buffer, offset, bytes.byteLength);
    copy.set(bytes);
    offset += bytes.byteLength;
    return copy;
  };
  return { copy: copyValue(input, place), transfer: total > 0 ? [buffer] : [] };
}

function collectBytes(value: unknown, found: Uint8Array[]): void {
  if (value instanceof Uint8Array) found.push(value);
  else if (isPlain(value)) for (const each of Object.values(value)) collectBytes(each, found);
}

function copyValue(value: unknown, place: (bytes: Uint8Array) => Uint8Array): unknown {
  if (value instanceof Uint8Array) return place(value);
  if (Array.isArray(value)) return value.map((each) => copyValue(each, place));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyValue(each, place)]));
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Date)
  );
}
