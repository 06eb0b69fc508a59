import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { Aedes } from 'aedes';

/** A real MQTT broker for tests, on a free loopback port, that remembers what clients published. */
export interface TestBroker {
  readonly url: string;
  readonly port: number;
  readonly received: { readonly topic: string; readonly payload: Buffer }[];
  /** Says something to whoever subscribed to it. */
  publish(topic: string, payload: string): void;
  /** Calls back after each message that was let in. */
  onPublish(listener: (topic: string, payload: Buffer) => void): void;
  /** Cuts every connection, as a broker that restarts does. */
  cutConnections(): void;
  stop(): Promise<void>;
}

export interface TestBrokerOptions {
  readonly port?: number;
  /** Asked before each PUBACK; a promise that does not settle is a broker that does not acknowledge. */
  readonly accept?: (message: { readonly topic: string; readonly payload: Buffer }) => Promise<void>;
  /** Lets in only who shows a certificate of this authority. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Whether a filter may be subscribed to. */
  readonly mayHear?: (filter: string) => boolean;
}

export async function startBroker({
  port = 0,
  accept,
  mayHear,
  tls,
}: TestBrokerOptions = {}): Promise<TestBroker> {
  const broker = await Aedes.createBroker();
  const received: { topic: string; payload: Buffer }[] = [];
  broker.authorizePublish = (_client, packet, done) => {
    const message = { topic: packet.topic, payload: Buffer.from(packet.payload) };
    received.push(message);
    Promise.resolve(accept?.(message)).then(
      () => done(null),
      (error: Error) => done(error),
    );
  };
  broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, mayHear?.(subscription.topic) === false ? null : subscription);
  const sockets = new Set<Socket>();
  const handle = (socket: Socket | TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  };
  const mutual = { requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'] };
  const server = tls ? createTlsServer({ ...tls, ...mutual }, handle) : createServer(handle);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const cutConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  const listeners: ((topic: string, payload: Buffer) => void)[] = [];
  broker.on('publish', ({ topic, payload }, client) => {
    if (client) for (const listener of listeners) listener(topic, Buffer.from(payload));
  });
  return {
    publish: (topic, payload) =>
      broker.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => {}),
    onPublish: (listener) => listeners.push(listener),
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    cutConnections,
    stop: async () => {
      cutConnections();
      await Promise.all([
        new Promise((closed) => server.close(closed)),
        new Promise<void>((closed) => broker.close(() => closed())),
      ]);
    },
  };
}
