import { setTimeout as sleep } from 'node:timers/promises';

/** How often and how patiently a partly refused batch is sent again. */
export interface Backoff {
  readonly attempts: number;
  readonly baseMillis: number;
  readonly capMillis: number;
}

export const DEFAULT_BACKOFF: Backoff = { attempts: 6, baseMillis: 50, capMillis: 2_000 };

/** Exponential with full jitter: a random part of the doubled delay, so that throttled writers spread out. */
export async function pause(attempt: number, backoff: Backoff): Promise<void> {
  const ceilingMillis = Math.min(backoff.capMillis, backoff.baseMillis * 2 ** attempt);
  await sleep(Math.random() * ceilingMillis);
}
