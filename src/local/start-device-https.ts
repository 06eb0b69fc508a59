import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { IDLE_CONNECTION_MILLIS, SERVER_LIMITS } from './http/http-guard.ts';
import { DeviceHttps, type DeviceHttpsOptions } from './iot-core/https/device-https.ts';
import { DEVICE_TLS } from './iot-core/mqtt-listener.ts';
import { tlsReasonOf } from './iot-core/refusal.ts';
import type { CertificateAndKey } from './iot-core/tls/certificate-authority.ts';
import {
  type AuthenticateWebSocketOptions,
  authenticateWebSocket,
} from './iot-core/websocket/authenticate-web-socket.ts';
import { WebSocketDoor } from './iot-core/websocket/web-socket-door.ts';
import { LocalError } from './local-error.ts';

export interface StartDeviceHttpsOptions
  extends DeviceHttpsOptions,
    Pick<AuthenticateWebSocketOptions, 'admit'> {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly server: CertificateAndKey;
}

export interface RunningDeviceHttps {
  readonly port: number;
  /** Ends every connection. */
  stop(): Promise<void>;
}

/** AWS IoT developer guide, protocols: HTTPS with a client certificate on a shared port says so by ALPN. */
const ALPN_PROTOCOLS = ['x-amzn-http-ca', 'http/1.1'];

/**
 * The HTTPS side of the local IoT Core: AWS IoT data, the credential provider, the stack's API for devices, and MQTT over
 * WebSocket at `/mqtt`.
 * @throws LocalError when the port is taken
 */
export async function startDeviceHttps(options: StartDeviceHttpsOptions): Promise<RunningDeviceHttps> {
  const { server: certificate, refuse } = options;
  const https = new DeviceHttps(options);
  const webSockets = new WebSocketDoor({ authenticate: authenticateWebSocket(options) });
  const server = createServer(
    {
      ...SERVER_LIMITS,
      ...DEVICE_TLS,
      key: certificate.privateKeyPem,
      cert: certificate.certificatePem,
      ALPNProtocols: ALPN_PROTOCOLS,
    },
    (request: IncomingMessage, response: ServerResponse) => void https.handle(request, response),
  );
  server.timeout = IDLE_CONNECTION_MILLIS;
  server.on('upgrade', webSockets.handle);
  server.on('tlsClientError', (error, socket) => {
    const topic = '$aws/events/presence/connect_failed/unknown';
    refuse({ topic, clientId: undefined, payloadBytes: 0, reason: tlsReasonOf(error) });
    socket.destroy();
  });
  return listen(server, options, () => webSockets.stop());
}

async function listen(
  server: Server,
  { host, port }: StartDeviceHttpsOptions,
  onStop: () => void,
): Promise<RunningDeviceHttps> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE'
          ? 'the port is in use; choose another with --device-https-port'
          : cause.message;
      reject(
        new LocalError(`Cannot listen for devices over HTTPS on ${host}:${port}: ${problem}`, { cause }),
      );
    });
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as { port: number }).port,
    async stop() {
      onStop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
