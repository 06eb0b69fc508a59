import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RejectionReason } from '../../src/telemetry/rejection.ts';

/** What became of the records of one invocation: `in` = stored + rejected + duplicate + failed. */
export interface RecordCounts {
  readonly in: number;
  readonly stored: number;
  readonly duplicate: number;
  /** Given back for a retry. */
  readonly failed: number;
  readonly rejected: ReadonlyMap<RejectionReason, number>;
}

/** Stored readings of one sensor type in one invocation. */
export interface FleetSample {
  readonly count: number;
  /** Age of the oldest of them when it was stored, milliseconds. */
  readonly maxAgeMillis: number;
}

/** A sensor type comes from the device: without a bound, one broken device could make thousands of paid metrics. */
const MAX_SENSOR_TYPES = 50;
const knownTypes = new Set<string>();

/**
 * Prints the counts as one EMF line, dimension `function`, with the rejections by reason as the property `reason`. What did not
 * happen is left out: a custom metric is charged for each hour in which it is reported.
 */
export function printRecordCounts(functionName: string, counts: RecordCounts): void {
  const rejected = [...counts.rejected.values()].reduce((sum, n) => sum + n, 0);
  const metrics = metricsWith('function', functionName);
  metrics.addMetric('RecordsIn', MetricUnit.Count, counts.in);
  metrics.addMetric('RecordsStored', MetricUnit.Count, counts.stored);
  if (rejected > 0) metrics.addMetric('RecordsRejected', MetricUnit.Count, rejected);
  if (counts.duplicate > 0) metrics.addMetric('RecordsDuplicate', MetricUnit.Count, counts.duplicate);
  if (counts.failed > 0) metrics.addMetric('RecordsFailed', MetricUnit.Count, counts.failed);
  const reasons = rejected > 0 ? { reason: Object.fromEntries(counts.rejected) } : {};
  printLine({ ...metrics.serializeMetrics(), ...reasons });
}

/** Prints one EMF line per sensor type, never per device: a metric costs by its number of dimension values. */
export function printFleetMetrics(samples: ReadonlyMap<string, FleetSample>): void {
  for (const [sensor, { count, maxAgeMillis }] of boundTypes(samples)) {
    const metrics = metricsWith('sensor', sensor);
    metrics.addMetric('ReadingsStored', MetricUnit.Count, count);
    metrics.addMetric('ReadingAge', MetricUnit.Milliseconds, maxAgeMillis);
    printLine(metrics.serializeMetrics());
  }
}

/** Prints how many windows were published and how old the oldest was, and the alerts sent. */
export function printWindowMetrics(windows: number, maxAgeMillis: number, alerts: number): void {
  const metrics = metricsWith('function', 'publish-windows');
  metrics.addMetric('WindowsPublished', MetricUnit.Count, windows);
  metrics.addMetric('WindowAge', MetricUnit.Milliseconds, maxAgeMillis);
  metrics.addMetric('AlertsSent', MetricUnit.Count, alerts);
  printLine(metrics.serializeMetrics());
}

/** What one invocation of a tumbling window did. */
export interface AggregateCounts {
  readonly in: number;
  readonly rejected: number;
  /** Rows put out: windows that closed. */
  readonly windows: number;
  /** Length of the state handed to the next invocation. */
  readonly stateCharacters: number;
  /** 1 when the state went to an object. */
  readonly spilled: 0 | 1;
}

/** Prints the counts of a tumbling window as one EMF line, dimension `function`. */
export function printAggregateMetrics(functionName: string, counts: AggregateCounts): void {
  const metrics = metricsWith('function', functionName);
  metrics.addMetric('RecordsIn', MetricUnit.Count, counts.in);
  metrics.addMetric('RecordsRejected', MetricUnit.Count, counts.rejected);
  metrics.addMetric('WindowsClosed', MetricUnit.Count, counts.windows);
  metrics.addMetric('StateSize', MetricUnit.Bytes, counts.stateCharacters);
  metrics.addMetric('StateSpilled', MetricUnit.Count, counts.spilled);
  printLine(metrics.serializeMetrics());
}

/** Metrics with one dimension and no other. */
export function metricsWith(dimension: string, value: string): Metrics {
  const metrics = new Metrics({ namespace: process.env.METRICS_NAMESPACE || 'Mesonet' });
  // Without this, Powertools adds the dimension `service`, and each metric would be another one than the dashboards name.
  metrics.clearDefaultDimensions();
  return metrics.addDimension(dimension, value);
}

/** Straight to stdout: Lambda's own `console.log` puts a prefix before the JSON, and EMF is then not recognised. */
export function printLine(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function boundTypes(samples: ReadonlyMap<string, FleetSample>): Map<string, FleetSample> {
  const bounded = new Map<string, FleetSample>();
  for (const [type, sample] of samples) {
    if (knownTypes.size < MAX_SENSOR_TYPES) knownTypes.add(type);
    const name = knownTypes.has(type) ? type : 'other';
    const before = bounded.get(name) ?? { count: 0, maxAgeMillis: 0 };
    bounded.set(name, {
      count: before.count + sample.count,
      maxAgeMillis: Math.max(before.maxAgeMillis, sample.maxAgeMillis),
    });
  }
  return bounded;
}
