import { constants } from 'node:crypto';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { LocalError } from '../local-error.ts';
import type { DeviceAuthorizer, DeviceIdentity, RefusedIdentity } from './authorization/device-authorizer.ts';
import { tlsReasonOf } from './refusal.ts';
import type { CertificateAndKey } from './tls/certificate-authority.ts';

/** A port on which clients connect. */
export interface MqttListener {
  readonly port: number;
  /** Ends every connection. */
  stop(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** AWS IoT developer guide, protocols: MQTT with a client certificate on a shared port says so by ALPN. */
const ALPN_PROTOCOLS = ['x-amzn-mqtt-ca'];
/** Without the hybrid post-quantum exchange that comes first otherwise: it makes a held connection 10 KiB larger. */
const CURVES = 'X25519:P-256:P-384';
const HANDSHAKE_MILLIS = 10_000;

/** How devices are asked for their certificates, wherever they connect (AWS IoT developer guide, transport-security). */
export const DEVICE_TLS = {
  requestCert: true,
  rejectUnauthorized: false,
  minVersion: 'TLSv1.2',
  ecdhCurve: CURVES,
  handshakeTimeout: HANDSHAKE_MILLIS,
  // No tickets: sessions are not resumed, so that every connection shows its certificate.
  secureOptions: constants.SSL_OP_NO_TICKET,
  noDelay: true,
} as const;

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Listens without TLS: whoever comes is nobody in particular, so only who is on this machine may come.
 * @throws LocalError when the port is taken, or others could reach it
 */
export async function listenPlain(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
): Promise<MqttListener> {
  if (!LOOPBACK.test(options.host))
    throw new LocalError(
      `Cannot listen for MQTT without TLS on '${options.host}': other machines could publish without a certificate; listen on 127.0.0.1, or without --insecure-local`,
    );
  return listen(createPlainServer({ noDelay: true }, onConnection), options, '--mqtt-port');
}

export interface TlsListenOptions extends ListenOptions {
  readonly server: CertificateAndKey;
  readonly authorizer: DeviceAuthorizer;
  readonly onConnection: (socket: TLSSocket, identity: DeviceIdentity) => void;
  readonly onRefused: (refused: RefusedIdentity) => void;
}

/**
 * Listens with mutual TLS 1.2 or newer (AWS IoT developer guide, transport-security). Sessions are not resumed, so that every
 * connection shows its certificate. What a certificate may do here is decided by the registry, not by who signed it.
 * @throws LocalError when the port is taken
 */
export async function listenTls(options: TlsListenOptions): Promise<MqttListener> {
  const { server, authorizer, onConnection, onRefused } = options;
  const listener = createTlsServer({
    key: server.privateKeyPem,
    cert: server.certificatePem,
    ...DEVICE_TLS,
    ALPNProtocols: ALPN_PROTOCOLS,
  });
  listener.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    const identity = authorizer.identify(socket.getPeerX509Certificate());
    if (!('reason' in identity)) {
      onConnection(socket, identity);
      return;
    }
    onRefused(identity);
    socket.destroy();
  });
  listener.on('tlsClientError', (error, socket) => {
    onRefused({ reason: tlsReasonOf(error) });
    socket.destroy();
  });
  return listen(listener, options, '--mqtts-port');
}

async function listen(server: Server, { host, port }: ListenOptions, option: string): Promise<MqttListener> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE' ? `the port is in use; choose another with ${option}` : cause.message;
      reject(new LocalError(`Cannot listen for MQTT on ${host}:${port}: ${problem}`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as { port: number }).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
