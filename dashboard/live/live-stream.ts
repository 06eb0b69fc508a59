import type { PageEvent } from '../model/apply-event.ts';
import { liveEventNames, parseLiveEvent } from '../model/live-events.ts';

/** Nothing for this long means a dead connection, even when the browser believes in it: `stats` comes every second. */
const deadAfterMillis = 15_000;
const retryMillis = 2_000;

/** A stream of server-sent events that never gives up. */
export interface LiveStream {
  /** Asks for the open windows of one station only (or of all again, with ''); reconnects when that changes. */
  watchStation(stationId: string): void;
  close(): void;
}

/**
 * Opens `/v1/live`. The browser's EventSource reconnects after a lost connection; an answer it takes as final (a 503
 * while the runtime starts) and a connection that stands still are reopened here.
 */
export function openLiveStream(dispatch: (event: PageEvent) => void): LiveStream {
  let source: EventSource | undefined;
  let stationId = '';
  let lastMillis = 0;

  const connect = (): void => {
    source?.close();
    lastMillis = Date.now();
    const query = stationId ? `?station_id=${encodeURIComponent(stationId)}` : '';
    source = new EventSource(`/v1/live${query}`);
    // The runtime's own `open` event (open windows) has the name of the browser's: only the latter carries no message.
    source.onopen = (event) => {
      if (!(event instanceof MessageEvent)) dispatch({ kind: 'connected' });
    };
    source.onerror = () => dispatch({ kind: 'disconnected' });
    for (const name of liveEventNames) {
      source.addEventListener(name, (message: Event) => {
        if (!(message instanceof MessageEvent)) return;
        lastMillis = Date.now();
        dispatch(parseLiveEvent(name, message.data) ?? { kind: 'unreadable' });
      });
    }
  };

  const watchdog = setInterval(() => {
    const isDead = source?.readyState === EventSource.OPEN && Date.now() - lastMillis > deadAfterMillis;
    if (isDead) dispatch({ kind: 'disconnected' });
    if (isDead || source?.readyState === EventSource.CLOSED) connect();
  }, retryMillis);

  connect();
  return {
    watchStation: (id) => {
      if (id === stationId) return;
      stationId = id;
      connect();
    },
    close: () => {
      clearInterval(watchdog);
      source?.close();
    },
  };
}
