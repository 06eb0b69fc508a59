import { LocalError } from './local-error.ts';

/** @throws LocalError unless the host is this machine's loopback: what listens there is for one person, not for a network */
export function checkLoopback(host: string): void {
  if (/^127(\.\d{1,3}){3}$/.test(host) || host === '::1' || host === 'localhost') return;
  throw new LocalError(
    `Cannot listen on '${host}': the runtime is for this machine only; choose 127.0.0.1, ::1 or localhost`,
  );
}
