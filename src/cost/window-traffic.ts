import type { ApplicationResource, EventSourceMappingResource, FunctionResource } from '../stack/stack.ts';
import { WINDOW_MILLIS } from '../telemetry/window.ts';
import { assumed } from './assumptions.ts';
import { batchesOf, type RecordFlow } from './batches.ts';
import { type Deployment, resourcesOf } from './deployment.ts';
import { workOf } from './handlers/handlers.ts';
import type { FunctionTraffic } from './traffic.ts';

/** An application that reads what another one writes comes after it. */
export function inFlowOrder(applications: readonly ApplicationResource[]): ApplicationResource[] {
  const writes = (a: ApplicationResource, b: ApplicationResource): boolean =>
    a.outputs.some(({ stream }) => stream === b.inputStream);
  return applications.toSorted((a, b) => (writes(a, b) ? -1 : writes(b, a) ? 1 : 0));
}

/** One window for each sensor that published in it; they all close at once. */
export function addWindows(application: ApplicationResource, streams: Map<string, RecordFlow[]>): void {
  const seconds = WINDOW_MILLIS / 1000;
  const windows = (streams.get(application.inputStream) ?? []).map((flow): RecordFlow => {
    const pause = (flow.together * flow.sensors) / flow.recordsPerSecond;
    const recordsPerSecond = flow.sensors * Math.min(1 / seconds, 1 / pause);
    return {
      recordsPerSecond,
      bytes: assumed('windowBytes'),
      sensors: flow.sensors,
      together: 1,
      burstSeconds: seconds,
    };
  });
  for (const { stream } of application.outputs)
    streams.set(stream, [...(streams.get(stream) ?? []), ...windows]);
}

/** Where nothing in the template runs a streaming application, the function that will is priced as it is planned. */
export function plannedWindows(
  deployment: Deployment,
  { name, inputStream }: ApplicationResource,
  streams: ReadonlyMap<string, readonly RecordFlow[]>,
  warnings: string[],
): FunctionTraffic[] {
  const stream = deployment.stack.streams.find((each) => each.name === inputStream);
  const runs = ({ tumblingWindowSeconds, streamArn }: EventSourceMappingResource): boolean =>
    tumblingWindowSeconds > 0 && streamArn === stream?.arn;
  if (!stream || deployment.stack.eventSourceMappings.some(runs)) return [];
  if (resourcesOf(deployment, 'AWS::KinesisAnalyticsV2::Application').length > 0) return [];
  const memoryMegabytes = assumed('windowsMemoryMegabytes');
  const batchWindowSeconds = assumed('windowsBatchSeconds');
  warnings.push(
    `nothing in the template runs '${name}' on AWS yet: priced as a function of ${memoryMegabytes} MB with batches of ${batchWindowSeconds} s`,
  );
  const mapping = {
    batchSize: 10_000,
    batchWindowSeconds,
    parallelizationFactor: 1,
    tumblingWindowSeconds: WINDOW_MILLIS / 1000,
  };
  const batches = batchesOf(mapping, stream.shardCount, streams.get(inputStream) ?? []);
  if (batches.invocationsPerSecond === 0) return [];
  const resource = { environment: {} } as FunctionResource;
  return [
    {
      name: `${name} (planned)`,
      memoryMegabytes,
      isArm: true,
      isTraced: false,
      invocationsPerSecond: batches.invocationsPerSecond,
      lanes: stream.shardCount,
      work: workOf('aggregate-windows', { stack: deployment.stack, resource, batches }),
    },
  ];
}
