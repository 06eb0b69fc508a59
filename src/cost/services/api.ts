import { GIGABYTE, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import type { Use } from '../handlers/work.ts';

/** People at the HTTP API, what it sends them, and alerts. */
export function apiUsage(uses: readonly Use[]): Usage[] {
  return uses.flatMap((use): Usage[] => {
    if (use.kind === 'notify')
      return [
        { price: 'sns.publishes', what: use.what, perMonth: use.messagesPerSecond * SECONDS_PER_MONTH },
      ];
    if (use.kind !== 'respond') return [];
    return [
      { price: 'api.httpRequests', what: 'HTTP API', perMonth: use.requestsPerSecond * SECONDS_PER_MONTH },
      {
        price: 'transfer.out',
        what: 'HTTP API',
        perMonth: (use.bytesPerSecond * SECONDS_PER_MONTH) / GIGABYTE,
      },
    ];
  });
}
