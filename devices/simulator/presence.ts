import { hashUnit } from './random.ts';

/** How the devices of a fleet come and go. */
export interface PresenceOptions {
  readonly seed: number;
  readonly devices: number;
  /** They come up over so many seconds; 0 for all at once. */
  readonly arrivalSeconds: number;
  /** The share of the devices that leaves within each minute, to come back later. */
  readonly churn: number;
  /** All lose their connections each time when so many seconds have passed. */
  readonly stormSeconds: number | undefined;
}

/** What happens, `atMillis` after the start. */
export type PresenceEvent =
  | { readonly atMillis: number; readonly kind: 'arrive' | 'leave' | 'return'; readonly device: number }
  | { readonly atMillis: number; readonly kind: 'storm' };

/** What one step of a plan covers. */
export const MINUTE_MILLIS = 60_000;
const MIN_AWAY_MILLIS = 5_000;
const MAX_AWAY_MILLIS = 60_000;

/**
 * What happens to the presence of a fleet, minute by minute without end, earliest first within each: the same options give the
 * same events.
 */
export function* planPresence(options: PresenceOptions): Generator<PresenceEvent[], never> {
  const backAt = Array.from({ length: options.devices }, (_, device) => arrivalMillis(options, device));
  let returns: PresenceEvent[] = backAt.map((atMillis, device) => ({ atMillis, kind: 'arrive', device }));
  for (let minute = 0; ; minute++) {
    const endMillis = (minute + 1) * MINUTE_MILLIS;
    const leaves = planLeaves(options, minute, backAt);
    const events = [...returns, ...leaves, ...storms(options, minute)].sort(byTime);
    returns = events.filter(({ atMillis }) => atMillis >= endMillis);
    yield events.filter(({ atMillis }) => atMillis < endMillis);
  }
}

function arrivalMillis({ seed, arrivalSeconds }: PresenceOptions, device: number): number {
  return Math.floor(hashUnit(seed, 30, device) * arrivalSeconds * 1000);
}

/** A device that is away, or not there yet, does not leave. */
function planLeaves({ seed, churn }: PresenceOptions, minute: number, backAt: number[]): PresenceEvent[] {
  if (churn === 0) return [];
  return backAt.flatMap((sinceMillis, device): PresenceEvent[] => {
    if (hashUnit(seed, 31, device, minute) >= churn) return [];
    const leaveMillis = Math.floor((minute + hashUnit(seed, 32, device, minute)) * MINUTE_MILLIS);
    if (leaveMillis <= sinceMillis) return [];
    const span = MAX_AWAY_MILLIS - MIN_AWAY_MILLIS;
    const returnMillis =
      leaveMillis + MIN_AWAY_MILLIS + Math.floor(hashUnit(seed, 33, device, minute) * span);
    backAt[device] = returnMillis;
    return [
      { atMillis: leaveMillis, kind: 'leave', device },
      { atMillis: returnMillis, kind: 'return', device },
    ];
  });
}

function storms({ stormSeconds }: PresenceOptions, minute: number): PresenceEvent[] {
  if (stormSeconds === undefined) return [];
  const stepMillis = stormSeconds * 1000;
  const first = Math.max(1, Math.ceil((minute * MINUTE_MILLIS) / stepMillis));
  const events: PresenceEvent[] = [];
  for (let at = first * stepMillis; at < (minute + 1) * MINUTE_MILLIS; at += stepMillis)
    events.push({ atMillis: at, kind: 'storm' });
  return events;
}

function byTime(left: PresenceEvent, right: PresenceEvent): number {
  return left.atMillis - right.atMillis;
}
