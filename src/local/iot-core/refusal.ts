import { LocalError } from '../local-error.ts';

/** What is refused by the service's limits or by a policy; it has been counted where it was decided. */
export class RefusedError extends LocalError {
  override name = 'RefusedError';
  /** The CONNACK of MQTT 3.1.1 for a refused connection; MQTT 5's follows from it. */
  readonly returnCode: number;

  constructor(reason: string, returnCode: number = NOT_AUTHORIZED) {
    super(reason);
    this.returnCode = returnCode;
  }
}

export const IDENTIFIER_REJECTED = 2;
const NOT_AUTHORIZED = 5;

/** The ledger's word for why the broker dropped a connection or a packet; what a peer sent is never part of it. */
export function reasonOf(error: Error): string {
  const known = REASONS.find(([pattern]) => pattern.test(error.message));
  return known ? known[1] : 'connection error';
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/too large|packet size/i, 'packet over the size limit'],
  [/too many levels/i, 'topic with more than 7 slashes'],
  [/not allowed in PUBLISH|empty topic/i, 'wildcard or empty topic in a publish'],
  [/keep ?alive/i, 'keep-alive timeout'],
  [/did not arrive in time/i, 'no CONNECT in time'],
  [/drain timeout/i, 'subscriber does not read'],
  [/ECONNRESET|EPIPE|connection closed|premature/i, 'connection lost'],
  [/invalid|malformed|cannot parse|must|unknown|protocol/i, 'malformed MQTT packet'],
];

/** The ledger's word for why a TLS handshake failed. */
export function tlsReasonOf({ code, message }: NodeJS.ErrnoException): string {
  const text = `${code} ${message}`;
  const known = TLS_REASONS.find(([pattern]) => pattern.test(text));
  return known ? known[1] : 'TLS handshake failed';
}

const TLS_REASONS: readonly (readonly [RegExp, string])[] = [
  [/TIMEOUT/i, 'no TLS handshake in time'],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_VERSION|wrong version/i, 'TLS version below 1.2'],
  [/NO_APPLICATION_PROTOCOL/i, 'no ALPN protocol in common'],
  [/ECONNRESET|EPIPE|socket hang up|disconnected/i, 'connection lost in the TLS handshake'],
];
