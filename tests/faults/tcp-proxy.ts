import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the network does with bytes. */
export type NetworkMode =
  | { readonly kind: 'open' }
  /** Each piece arrives so much later, both ways. */
  | { readonly kind: 'slow'; readonly latencyMillis: number }
  /** Nothing arrives, neither bytes nor the end of a connection. */
  | { readonly kind: 'swallow' }
  /** Half of the next piece from a device arrives, then the connection ends. */
  | { readonly kind: 'cutNext' };

/** A network between devices and the broker, which can be cut. */
export class TcpProxy {
  mode: NetworkMode = { kind: 'open' };
  /** When devices tried to connect, by the monotonic clock. */
  readonly attempts: number[] = [];
  cuts = 0;
  swallowedBytes = 0;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, on the same port again after `refuse`. */
  async listen(): Promise<void> {
    const server = createServer((socket) => this.#join(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every connection; new ones are refused until `listen`. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    this.cutAll();
    await closed;
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(device: Socket): void {
    this.attempts.push(performance.now());
    const broker = connect(this.#targetPort, '127.0.0.1');
    const isSwallowed = (): boolean => this.mode.kind === 'swallow';
    for (const [from, to] of [
      [device, broker],
      [broker, device],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('data', (chunk: Buffer) => this.#pass(chunk, from, to, from === device));
      from.once('close', () => {
        this.#sockets.delete(from);
        if (!isSwallowed()) to.destroy();
      });
    }
  }

  #pass(chunk: Buffer, from: Socket, to: Socket, isFromDevice: boolean): void {
    const { mode } = this;
    if (mode.kind === 'swallow') this.swallowedBytes += chunk.length;
    else if (mode.kind === 'slow') setTimeout(() => to.writable && to.write(chunk), mode.latencyMillis);
    else if (mode.kind === 'cutNext' && isFromDevice) {
      this.mode = { kind: 'open' };
      this.cuts += 1;
      to.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => {
        to.destroy();
        from.destroy();
      });
    } else to.write(chunk);
  }
}
