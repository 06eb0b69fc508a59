import type { PageState } from './page-state.ts';

/** `stats` comes every second: five seconds without any event mean that the stream stands still. */
const staleAfterMillis = 5_000;

export type Connection = 'connecting' | 'live' | 'stale' | 'reconnecting';

/** What the page may claim about its numbers. */
export function connectionOf(state: PageState, clientMillis: number): Connection {
  if (!state.connected) return Number.isNaN(state.lastEventClientMillis) ? 'connecting' : 'reconnecting';
  return clientMillis - state.lastEventClientMillis > staleAfterMillis ? 'stale' : 'live';
}
