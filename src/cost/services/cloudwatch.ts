import { numberOf, textOf } from '../../stack/template.ts';
import { assumed } from '../assumptions.ts';
import { sumOf } from '../batches.ts';
import { DAYS_PER_MONTH, GIGABYTE, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import { type Deployment, resourcesOf } from '../deployment.ts';
import type { FunctionTraffic, Traffic } from '../traffic.ts';

/** X-Ray takes the first trace of each second and 5 % of the rest (AWS Lambda developer guide, "X-Ray"). */
const TRACES_PER_SECOND = 1;
const TRACED_SHARE = 0.05;

/** Logs, the metrics that are printed into them, and traces. */
export function cloudWatchUsage(deployment: Deployment, traffic: Traffic, storageMonths: number): Usage[] {
  const { functions } = traffic;
  const traced = sumOf(functions, (each) => (each.isTraced ? each.invocationsPerSecond : 0));
  const traces = Math.min(traced, TRACES_PER_SECOND) + Math.max(0, traced - TRACES_PER_SECOND) * TRACED_SHARE;
  return [
    {
      price: 'cloudwatch.metrics',
      what: 'metrics of the functions',
      perMonth: sumOf(functions, ({ work }) => work.metrics),
    },
    ...functions.flatMap((each) => logUsage(deployment, each, storageMonths)),
    { price: 'xray.traces', what: 'traces of the functions', perMonth: traces * SECONDS_PER_MONTH },
  ];
}

function logUsage(
  deployment: Deployment,
  { name, work, invocationsPerSecond }: FunctionTraffic,
  storageMonths: number,
): Usage[] {
  const group = resourcesOf(deployment, 'AWS::Logs::LogGroup').find(
    ({ properties }) => textOf(properties, 'LogGroupName') === `/aws/lambda/${name}`,
  );
  const days = numberOf(group?.properties ?? {}, 'RetentionInDays', Number.POSITIVE_INFINITY);
  const bytes = (work.logBytes + assumed('platformLogBytes')) * invocationsPerSecond;
  const gigabytes = (bytes * SECONDS_PER_MONTH) / GIGABYTE;
  const kept = gigabytes * assumed('logCompression') * Math.min(storageMonths, days / DAYS_PER_MONTH);
  return [
    { price: 'cloudwatch.logsIn', what: `function ${name}`, perMonth: gigabytes },
    { price: 'cloudwatch.logsStored', what: `function ${name}`, perMonth: kept },
  ];
}
