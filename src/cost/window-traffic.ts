import type { ApplicationResource } from '../stack/stack.ts';
import { WINDOW_MILLIS } from '../telemetry/window.ts';
import { assumed } from './assumptions.ts';
import type { RecordFlow } from './batches.ts';
import { type Deployment, resourcesOf } from './deployment.ts';

/** Rows that an application puts out for one sensor and window; 1 where it is not named here. */
const ROWS_PER_WINDOW: Readonly<Record<string, number>> = { 'weather-alerts': assumed('alertsPerWindow') };

/**
 * Adds what the streaming applications put on streams, in the order of the flow; returns what does not run as deployed,
 * in sentences.
 */
export function addApplicationRows(deployment: Deployment, streams: Map<string, RecordFlow[]>): string[] {
  return inFlowOrder(deployment.stack.applications).flatMap((application) => {
    if (!isRun(deployment, application))
      return [
        `nothing in the template runs '${application.name}' on AWS: neither it nor what it would put out is priced`,
      ];
    const rows = (streams.get(application.inputStream) ?? []).map((flow) => rowsOf(application.name, flow));
    for (const { stream } of application.outputs)
      streams.set(stream, [...(streams.get(stream) ?? []), ...rows]);
    return [];
  });
}

/** An application that reads what another one writes comes after it. */
function inFlowOrder(applications: readonly ApplicationResource[]): ApplicationResource[] {
  const ordered: ApplicationResource[] = [];
  let waiting = [...applications];
  while (waiting.length > 0) {
    const feeds = (other: ApplicationResource, { inputStream }: ApplicationResource): boolean =>
      other.outputs.some(({ stream }) => stream === inputStream);
    const next =
      waiting.find((each) => !waiting.some((other) => other !== each && feeds(other, each))) ?? waiting[0]!;
    ordered.push(next);
    waiting = waiting.filter((each) => each !== next);
  }
  return ordered;
}

/** By its function, or by Managed Flink, which runs all of them. */
function isRun(deployment: Deployment, { functionName }: ApplicationResource): boolean {
  return (
    functionName !== undefined || resourcesOf(deployment, 'AWS::KinesisAnalyticsV2::Application').length > 0
  );
}

/** A window for each sensor that published in it; they all close at once. */
function rowsOf(application: string, flow: RecordFlow): RecordFlow {
  const seconds = WINDOW_MILLIS / 1000;
  const pauseSeconds = (flow.together * flow.sensors) / flow.recordsPerSecond;
  const windowsPerSecond = flow.sensors * Math.min(1 / seconds, 1 / pauseSeconds);
  return {
    recordsPerSecond: windowsPerSecond * (ROWS_PER_WINDOW[application] ?? 1),
    bytes: assumed('windowBytes'),
    sensors: flow.sensors,
    together: 1,
    burstSeconds: seconds,
  };
}
