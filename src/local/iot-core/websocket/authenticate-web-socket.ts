import type { IncomingMessage } from 'node:http';
import type { Stack } from '../../../stack/stack.ts';
import type { AccessKeys } from '../../aws-identity/access-keys.ts';
import { splitTarget } from '../../aws-identity/request-path.ts';
import { verifyRequest } from '../../aws-identity/verify-request.ts';
import { refuse as refuseHost } from '../../http/http-guard.ts';
import type { RefusedMessage } from '../../trace/kept-messages.ts';
import type { DeviceIdentity } from '../authorization/device-authorizer.ts';
import type { WebSocketDoorOptions, WebSocketStream } from './web-socket-door.ts';

export interface AuthenticateWebSocketOptions {
  readonly stack: Pick<Stack, 'region'>;
  readonly keys: AccessKeys;
  readonly nowMillis: () => number;
  readonly refuse: (refused: RefusedMessage) => void;
  readonly admit: (stream: WebSocketStream, identity: DeviceIdentity) => void;
}

const PATH = '/mqtt';
const SERVICES = ['iotdevicegateway'];
/** AWS IoT quotas, WebSocket connection duration. */
const MAX_LASTING_MILLIS = 24 * 3_600_000;

/**
 * Who connects by WebSocket: whoever signed the address (AWS IoT developer guide, protocols, SigV4). A page that comes from
 * elsewhere than this machine is not let in, signed or not.
 */
export function authenticateWebSocket(
  options: AuthenticateWebSocketOptions,
): WebSocketDoorOptions['authenticate'] {
  const { stack, keys, nowMillis, refuse, admit } = options;
  const refused = (reason: string, status: number): number => {
    const topic = '$aws/events/presence/connect_failed/unknown';
    refuse({ topic, clientId: undefined, payloadBytes: 0, reason });
    return status;
  };
  return async (request) => {
    const { method = 'GET', headers, socket } = request;
    const target = splitTarget(request.url ?? '/');
    if (target.path !== PATH) return 404;
    const foreign = refuseHost({ method: 'GET', headers, port: socket.localPort ?? 0 }, { token: '' });
    if (foreign) return refused('host is not this machine', foreign.statusCode);
    if (!isOwnPage(request)) return refused('page of another origin', 403);
    const caller = await verifyRequest(
      { method, ...target, headers, body: new Uint8Array() },
      { region: stack.region, services: SERVICES, nowMillis: nowMillis(), findKey: keys.find },
    );
    if (typeof caller === 'string') return refused(caller, 403);
    const { principalId: certificateId, policies, values, expiresMillis } = caller;
    const left = expiresMillis === undefined ? MAX_LASTING_MILLIS : expiresMillis - nowMillis();
    return {
      onConnection: (stream) => admit(stream, { certificateId, policies, values }),
      lastingMillis: Math.min(MAX_LASTING_MILLIS, left),
    };
  };
}

/** Programs send no origin; a page of this machine may come from any port of it. */
function isOwnPage({ headers: { origin } }: IncomingMessage): boolean {
  return origin === undefined || /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(origin);
}
