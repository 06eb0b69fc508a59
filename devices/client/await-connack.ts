import type { MqttClient } from 'mqtt';
import { ConnectError } from '../device-error.ts';

/** What the codes of Node's sockets and resolvers mean to the person who typed the address. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the other side',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name not found',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/**
 * Resolves at the first CONNACK. Later failures are for reconnection; this first one is the user's to see.
 * @throws ConnectError with the address and the reason
 */
export function awaitConnack(client: MqttClient, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (failure?: ConnectError) => {
      client.off('connect', onConnect);
      client.off('error', onError);
      client.off('close', onClose);
      if (failure === undefined) return resolve();
      client.on('error', () => {});
      client.end(true);
      reject(failure);
    };
    const onConnect = () => settle();
    const onError = (cause: Error) => settle(connectError(url, reasonOf(cause), cause));
    const onClose = () => settle(connectError(url, 'connection closed before it was accepted'));
    client.on('connect', onConnect);
    client.on('error', onError);
    client.on('close', onClose);
  });
}

function connectError(url: string, reason: string, cause?: Error): ConnectError {
  return new ConnectError(`Cannot connect to ${url}: ${reason}`, { cause });
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (error.message === 'connack timeout') return 'no answer';
  return REASONS[code] ?? error.message.replace(/^Connection refused: /, 'refused, ');
}
