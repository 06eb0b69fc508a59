import { RefusedError } from '../refusal.ts';

/** AWS IoT developer guide, life-cycle-events, disconnectReason: those that can happen here. */
export type DisconnectReason =
  | 'AUTH_ERROR'
  | 'CLIENT_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_INITIATED_DISCONNECT';

/** What a DISCONNECT of the broker says, by its reason code of MQTT 5; every other code is about a mistake of the client. */
const REASONS_BY_CODE: ReadonlyMap<number, DisconnectReason> = new Map([
  [0x87, 'AUTH_ERROR'],
  [0x8b, 'SERVER_INITIATED_DISCONNECT'],
  [0x8e, 'DUPLICATE_CLIENTID'],
]);

export function reasonOfCode(reasonCode: number): DisconnectReason {
  return REASONS_BY_CODE.get(reasonCode) ?? 'CLIENT_ERROR';
}

const REASONS_BY_MESSAGE: readonly (readonly [RegExp, DisconnectReason])[] = [
  [/keep ?alive/i, 'MQTT_KEEP_ALIVE_TIMEOUT'],
  [/drain timeout/i, 'SERVER_INITIATED_DISCONNECT'],
  [/ECONNRESET|EPIPE|connection closed|premature/i, 'CONNECTION_LOST'],
];

/** Why an error ended a connection; the reasons of policies begin with the action that they refuse. */
export function reasonOfError(error: Error): DisconnectReason {
  if (error instanceof RefusedError) return error.message.startsWith('iot:') ? 'AUTH_ERROR' : 'CLIENT_ERROR';
  return REASONS_BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'CLIENT_ERROR';
}
