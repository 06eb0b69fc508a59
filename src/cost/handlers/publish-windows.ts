import type { TableResource } from '../../stack/stack.ts';
import { objectOf } from '../../stack/template.ts';
import { assumed } from '../assumptions.ts';
import { indexWrites } from '../deployment.ts';
import { COUNT_METRICS, type HandlerInput, timeOf, type Use, type Work } from './work.ts';

const KILOBYTE = 1024;
const WINDOW_METRICS = 3;

/**
 * functions/publish-windows.ts: per window, one consistent Query of the two newest, one conditional PutItem that every
 * index follows, and for the few that cross a threshold a publish and an UpdateItem.
 */
export function publishWindows({ stack, resource, batches }: HandlerInput): Work {
  const name = resource.environment.WINDOWS_TABLE ?? 'windows';
  const table = stack.tables.find((each) => each.name === name);
  const windows = batches.recordsPerSecond;
  const alerts = windows * assumed('alertsPerWindow');
  const units = Math.ceil(assumed('windowItemBytes') / KILOBYTE);
  const { put, update } = indexWrites(table);
  const stored = (assumed('windowItemBytes') + assumed('itemOverheadBytes')) * (1 + update);
  const uses: Use[] = [
    {
      kind: 'write',
      table: name,
      what: 'windows, and their indexes',
      unitsPerSecond: windows * units * (1 + put),
    },
    {
      kind: 'write',
      table: name,
      what: 'alerts marked as sent',
      unitsPerSecond: alerts * units * (1 + update),
    },
    { kind: 'read', table: name, what: 'newest windows of the sensor, for alerts', unitsPerSecond: windows },
    { kind: 'keep', table: name, bytesPerSecond: windows * stored, days: retentionDays(table) },
    { kind: 'notify', what: 'alerts', messagesPerSecond: alerts },
  ];
  const perInvocation = windows / batches.invocationsPerSecond;
  return {
    ...timeOf({ records: perInvocation, dynamoDb: 2 * perInvocation }),
    logBytes: assumed('countsLogBytes') + assumed('windowsLogBytes'),
    metrics: COUNT_METRICS + WINDOW_METRICS,
    uses,
  };
}

/** Rows carry the time they end at; without TTL in the template nothing looks at it. */
function retentionDays(table: TableResource | undefined): number | undefined {
  const { Enabled } = objectOf(table?.input ?? {}, 'TimeToLiveSpecification');
  return Enabled === true ? assumed('windowRetentionDays') : undefined;
}
