import { assumed } from '../assumptions.ts';
import { type HandlerInput, timeOf, type Work } from './work.ts';

/** functions/query.ts: reads for the page and for people. */
export function query({ resource, batches }: HandlerInput): Work {
  const requests = batches.invocationsPerSecond;
  return {
    ...timeOf({ records: 100, dynamoDb: 2 }),
    logBytes: 0,
    metrics: 0,
    uses: [
      {
        kind: 'read',
        table: resource.environment.LATEST_TABLE ?? 'latest',
        what: 'API',
        unitsPerSecond: requests * assumed('apiReadUnits'),
      },
      {
        kind: 'respond',
        requestsPerSecond: requests,
        bytesPerSecond: requests * assumed('apiResponseBytes'),
      },
    ],
  };
}
