import { assumed } from '../assumptions.ts';
import { aggregateWindows } from './aggregate-windows.ts';
import { archiveReadings } from './archive-readings.ts';
import { ingestBatch } from './ingest-batch.ts';
import { publishAlerts } from './publish-alerts.ts';
import { publishWindows } from './publish-windows.ts';
import { query } from './query.ts';
import { storeReadings } from './store-readings.ts';
import { type HandlerInput, timeOf, type Work } from './work.ts';

/** What the functions of functions/ do, by the name of their file. */
const HANDLERS: Readonly<Record<string, (input: HandlerInput) => Work>> = {
  'store-readings': storeReadings,
  'archive-readings': archiveReadings,
  'publish-windows': publishWindows,
  'publish-alerts': publishAlerts,
  'ingest-batch': ingestBatch,
  query,
  'aggregate-windows': aggregateWindows,
  // Three DescribeTable, now and then a CreateTable.
  'create-weekly-tables': () => ({
    ...timeOf({ records: 0, dynamoDb: 3 }),
    logBytes: 0,
    metrics: 0,
    uses: [],
  }),
  // A list of tables; DescribeTable and DescribeContinuousBackups for each of about five, a step further now and then.
  'retire-weekly-tables': () => ({
    ...timeOf({ records: 0, dynamoDb: 12 }),
    logBytes: 0,
    // Six, in one hour of the day: custom metrics are metered by the hour.
    metrics: 6 / 24,
    uses: [],
  }),
};

export function isKnownHandler(name: string): boolean {
  return Object.hasOwn(HANDLERS, name);
}

/** The work of the function with that file name; of one that the model does not know, only its time. */
export function workOf(name: string, input: HandlerInput): Work {
  const handler = isKnownHandler(name) ? HANDLERS[name] : undefined;
  if (handler) return handler(input);
  return { cpuMillis: 0, waitMillis: assumed('unknownFunctionMillis'), logBytes: 0, metrics: 0, uses: [] };
}
