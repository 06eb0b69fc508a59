import { assumed } from '../assumptions.ts';
import { COUNT_METRICS, type HandlerInput, timeOf, type Work } from './work.ts';

/** functions/publish-alerts.ts: one publish per alert, one after the other. */
export function publishAlerts({ batches }: HandlerInput): Work {
  const perInvocation = batches.recordsPerSecond / batches.invocationsPerSecond;
  return {
    ...timeOf({ records: perInvocation, large: perInvocation }),
    logBytes: assumed('countsLogBytes'),
    metrics: COUNT_METRICS,
    uses: [
      { kind: 'notify', what: 'alerts of lasting weather', messagesPerSecond: batches.recordsPerSecond },
    ],
  };
}
