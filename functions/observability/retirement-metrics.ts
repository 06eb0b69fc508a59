import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RetireStep } from '../weekly-tables/retire-week.ts';
import { metricsWith, printLine } from './record-metrics.ts';

/** Prints what one run did with the weekly tables as one EMF line, dimension `function`. */
export function printRetirementMetrics(steps: readonly RetireStep[], failed: number): void {
  const count = (...wanted: RetireStep[]): number => steps.filter((step) => wanted.includes(step)).length;
  const metrics = metricsWith('function', 'retire-weekly-tables');
  metrics.addMetric('WeeklyTables', MetricUnit.Count, steps.length + failed - count('dropped'));
  metrics.addMetric('TablesCooled', MetricUnit.Count, count('cooled'));
  metrics.addMetric('ExportsStarted', MetricUnit.Count, count('export-started'));
  metrics.addMetric('ExportsFailed', MetricUnit.Count, count('export-failed', 'export-differs'));
  metrics.addMetric('TablesDropped', MetricUnit.Count, count('dropped'));
  metrics.addMetric('TablesFailed', MetricUnit.Count, failed);
  printLine(metrics.serializeMetrics());
}
