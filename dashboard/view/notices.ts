import { connectionOf } from '../model/connection.ts';
import { formatClock, formatCount, formatSpan } from '../model/format.ts';
import { isSampled, pollMillis } from '../model/silence.ts';
import { createList, element, setText } from './dom.ts';
import type { View, ViewContext } from './view.ts';

interface Notice {
  readonly key: string;
  readonly tone: 'bad' | 'warn' | 'info';
  readonly text: string;
}

/** What the reader must know before believing the numbers. Announced to screen readers when it changes. */
export function createNotices(): View {
  const list = element('div', { class: 'notices', role: 'status' });
  const show = createList<Notice>(
    list,
    (notice) => notice.key,
    (notice) => {
      const line = element('p', { class: 'notice', 'data-notice': notice.key, 'data-tone': notice.tone });
      return { element: line, update: (next) => setText(line, next.text) };
    },
  );
  return { element: list, update: (context) => show(noticesOf(context)) };
}

function noticesOf(context: ViewContext): Notice[] {
  return [
    connectionNotice(context),
    restartNotice(context),
    sampledNotice(context),
    untrackedNotice(context),
    unreadableNotice(context),
  ].filter((notice) => notice !== undefined);
}

function connectionNotice({ state, clientMillis }: ViewContext): Notice | undefined {
  const connection = connectionOf(state, clientMillis);
  const since = formatClock(state.lastEventClientMillis + state.clockOffsetMillis, true);
  if (connection === 'reconnecting') {
    return {
      key: 'away',
      tone: 'bad',
      text: `The runtime does not answer since ${since}. The numbers are the last known ones; the page connects again by itself. Start it with: npm start`,
    };
  }
  if (connection === 'stale') {
    return {
      key: 'stale',
      tone: 'warn',
      text: `Connected, but nothing came since ${since}: the numbers are old.`,
    };
  }
  if (connection === 'connecting')
    return { key: 'connecting', tone: 'info', text: 'Connecting to the runtime …' };
  return undefined;
}

function restartNotice({ state, nowMillis }: ViewContext): Notice | undefined {
  const upMillis = nowMillis - state.startedMillis;
  if (state.restarts === 0 || upMillis > 60_000) return undefined;
  return {
    key: 'restarted',
    tone: 'info',
    text: `The runtime was restarted at ${formatClock(state.startedMillis, true)}; history was loaded again.`,
  };
}

function sampledNotice({ state, nowMillis }: ViewContext): Notice | undefined {
  if (!isSampled(state, nowMillis)) return undefined;
  return {
    key: 'sampled',
    tone: 'info',
    text: `More readings arrive than a page can show: each sensor is refreshed at least every ${formatSpan(pollMillis)}. Windows and counters are complete.`,
  };
}

function untrackedNotice({ state }: ViewContext): Notice | undefined {
  if (state.untrackedSensors === 0) return undefined;
  return {
    key: 'untracked',
    tone: 'warn',
    text: `More than ${formatCount(state.sensors.size)} sensors: the page keeps the first ones. Counters are complete.`,
  };
}

function unreadableNotice({ state }: ViewContext): Notice | undefined {
  if (state.unreadableEvents === 0) return undefined;
  return {
    key: 'unreadable',
    tone: 'warn',
    text: `${formatCount(state.unreadableEvents)} live events could not be read: page and runtime may be of different versions. Reload the page.`,
  };
}
