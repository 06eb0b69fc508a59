import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** MQTT 3.1.1 over raw sockets, so that the clients cost as little as they can beside the broker that is measured. */
export interface ClientOptions {
  readonly port: number;
  /** With them over TLS. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Connects and waits for the CONNACK. */
export function connectClient(clientId: string, { port, tls }: ClientOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = tls
      ? connectTls({ host: '127.0.0.1', port, ...tls })
      : connectTcp(port, '127.0.0.1');
    socket.setNoDelay();
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => socket.write(connectPacket(clientId)));
    socket.once('data', (connack) => {
      if (connack[3] === 0) resolve(socket);
      else reject(new Error(`Cannot connect '${clientId}': CONNACK ${connack[3]}`));
    });
  });
}

function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0x04, 0xb0, id.length >> 8, id.length & 0xff]),
    id,
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

/** A QoS 1 publish; the packet id stands at `idAt`. */
export function publishPacket(topic: string, payload: string): { packet: Buffer; idAt: number } {
  const name = Buffer.from(topic);
  const body = Buffer.from(payload);
  const remaining = 2 + name.length + 2 + body.length;
  const header = Buffer.from([
    0x32,
    (remaining & 0x7f) | 0x80,
    remaining >> 7,
    name.length >> 8,
    name.length & 0xff,
  ]);
  return { packet: Buffer.concat([header, name, Buffer.alloc(2), body]), idAt: header.length + name.length };
}
