import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { isSigned } from '../aws-identity/parse-signature.ts';
import { LocalError } from '../local-error.ts';
import { serveDashboard } from './dashboard-files.ts';
import { type AuthorizeRoute, type HttpApi, sendMessage } from './http-api.ts';
import { createHttpGuard, IDLE_CONNECTION_MILLIS, refuse, SERVER_LIMITS } from './http-guard.ts';

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** What the runtime itself answers, by path. */
export type RuntimeRoutes = Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse) => void>
>;

export interface PageServerOptions {
  readonly token: string;
  readonly routes: RuntimeRoutes;
  readonly api: HttpApi;
  /** Decides about calls of the API that are signed. */
  readonly signedAccess: AuthorizeRoute;
  readonly dashboardFolder: string;
}

/** Serves the page, the API of the stack and the runtime's own routes, to this machine only. */
export function createPageServer({
  token,
  routes,
  api,
  signedAccess,
  dashboardFolder,
}: PageServerOptions): RequestListener {
  const guard = createHttpGuard({ token, verifiesSignatures: true });
  return async (request, response) => {
    if (!guard(request, response)) return;
    // A signature is for the API, and for nothing else that is here.
    if (isSigned(request.headers)) {
      if (!(await api.handle(request, response, signedAccess))) sendMessage(response, 404);
      return;
    }
    const route = routes[(request.url ?? '/').split('?', 1)[0]!];
    if (route && request.method === 'GET') {
      route(request, response);
      return;
    }
    if (await api.handle(request, response)) return;
    if (!serveDashboard(dashboardFolder, request, response)) sendMessage(response, 404);
  };
}

/** Serves AWS clients. They sign what they send, so no page of another origin can, but a name that is not ours is refused. */
export function createAwsServer(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    const { headers, socket } = request;
    const refusal = refuse(
      { method: 'GET', headers, port: socket.localPort ?? 0 },
      { token: '', maxBodyBytes: Infinity },
    );
    if (!refusal) {
      void handle(request, response);
      return;
    }
    response.writeHead(refusal.statusCode, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ message: refusal.message }));
  };
}

/** @throws LocalError in one sentence when the port is taken */
export function listen(
  listener: RequestListener,
  address: { host: string; port: number; option: string },
): Promise<RunningServer> {
  const { host, port, option } = address;
  const server = createServer(SERVER_LIMITS, listener).setTimeout(IDLE_CONNECTION_MILLIS);
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE' ? `the port is in use; choose another with ${option}` : cause.message;
      reject(new LocalError(`Cannot listen for HTTP on ${host}:${port}: ${problem}`, { cause }));
    });
    server.listen(port, host, () => {
      resolve({ port: (server.address() as { port: number }).port, stop: () => stop(server) });
    });
  });
}

/** Answers a JSON document. */
export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
