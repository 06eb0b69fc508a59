import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { MAX_PAYLOAD_BYTES } from '../publish-limits.ts';

/** A connection that was let in. */
export type WebSocketStream = Duplex & { readonly remoteAddress: string | undefined };

export interface WebSocketDoorOptions {
  /** Who it is that connects; the status of the refusal when it is nobody. Nothing is answered before. */
  readonly authenticate: (request: IncomingMessage) => Promise<WebSocketGrant | number>;
}

export interface WebSocketGrant {
  readonly onConnection: (stream: WebSocketStream) => void;
  /** When the connection ends, counted from now; undefined for never. */
  readonly lastingMillis: number | undefined;
}

/** MQTT 5, 6: the sub-protocol. */
const PROTOCOL = 'mqtt';
/** Frames and packets need not end together; room for the largest packet and the head of the next. */
const MAX_FRAME_BYTES = MAX_PAYLOAD_BYTES * 2;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
/** Of a timer in Node. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

const STATUS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
};

/** Turns WebSocket upgrades into streams that carry MQTT (MQTT 5, 6; AWS IoT developer guide, MQTT over WSS). */
export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #server: WebSocketServer;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: true,
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
    });
  }

  /** For the `upgrade` event of a server. */
  readonly handle = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    this.#upgrade(request, socket, head).catch(() => socket.destroy());
  };

  stop(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const grant = await this.#options.authenticate(request);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const status = typeof grant === 'number' ? grant : offered.includes(PROTOCOL) ? undefined : 400;
    if (status !== undefined || typeof grant === 'number') {
      socket.end(`HTTP/1.1 ${status} ${STATUS[status!]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#open(client, request, grant));
  }

  #open(client: WebSocket, request: IncomingMessage, { onConnection, lastingMillis }: WebSocketGrant): void {
    client.on('message', (_, isBinary) => {
      if (!isBinary) client.close(UNSUPPORTED_DATA);
    });
    if (lastingMillis !== undefined) {
      const ended = setTimeout(
        () => client.close(POLICY_VIOLATION),
        Math.min(MAX_TIMER_MILLIS, Math.max(0, lastingMillis)),
      ).unref();
      client.once('close', () => clearTimeout(ended));
    }
    const stream = createWebSocketStream(client);
    stream.on('error', () => {});
    onConnection(Object.assign(stream, { remoteAddress: request.socket.remoteAddress }));
  }
}
