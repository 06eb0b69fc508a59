import type {
  ApplicationResource,
  EventSourceMappingResource,
  FunctionResource,
  StreamResource,
} from '../stack/stack.ts';
import { WINDOW_MILLIS } from '../telemetry/window.ts';
import { assumed } from './assumptions.ts';
import { type Batches, batchesOf, type RecordFlow, sumOf } from './batches.ts';
import { type Deployment, handlerOf, isArm, isTraced, resourcesOf } from './deployment.ts';
import { isKnownHandler, workOf } from './handlers/handlers.ts';
import type { Put, Work } from './handlers/work.ts';
import type { Load } from './load.ts';
import { type RuleTraffic, routePublishes } from './rule-traffic.ts';
import { parseRate } from './schedule.ts';

/** What a load makes happen in a deployed stack, per second. */
export interface Traffic extends RuleTraffic {
  readonly streams: ReadonlyMap<string, readonly RecordFlow[]>;
  readonly deliveries: ReadonlyMap<string, readonly RecordFlow[]>;
  readonly functions: readonly FunctionTraffic[];
  /** What is priced otherwise than it is deployed, or would not work, in sentences. */
  readonly warnings: readonly string[];
}

export interface FunctionTraffic {
  readonly name: string;
  readonly memoryMegabytes: number;
  readonly isArm: boolean;
  readonly isTraced: boolean;
  readonly invocationsPerSecond: number;
  /** Batches that may be worked on at once; undefined where nothing bounds them. */
  readonly lanes: number | undefined;
  readonly work: Work;
}

/** Follows the load through rules, functions, streams and windows to everything that is charged. */
export function trafficOf(deployment: Deployment, load: Load): Traffic {
  const { stack } = deployment;
  const rules = routePublishes(stack, load);
  const warnings = [...rules.warnings];
  const run = functionRunner(deployment, warnings);
  const invoked = rules.invocations.map(({ functionName, batches }) =>
    run(findFunction(deployment, functionName), batches),
  );
  const puts = [...rules.puts, ...invoked.flatMap(({ work }) => work.puts ?? [])];
  const streams = collect(puts, 'stream');
  const windows = inFlowOrder(stack.applications).flatMap((application) => {
    addWindows(application, streams);
    return plannedWindows(deployment, application, streams, warnings);
  });
  const mapped = stack.eventSourceMappings.flatMap((mapping) => {
    const stream = stack.streams.find(({ arn }) => arn === mapping.streamArn);
    const batches = stream && batchesOf(mapping, stream.shardCount, streams.get(stream.name) ?? []);
    if (!batches?.invocationsPerSecond) return [];
    const lanes = stream!.shardCount * mapping.parallelizationFactor;
    return [run(findFunction(deployment, mapping.functionName), batches, lanes)];
  });
  const functions = [...invoked, ...windows, ...mapped, ...otherInvocations(deployment, run)];
  warnings.push(...stack.streams.flatMap((stream) => overfilled(deployment, stream, streams)));
  warnings.push(...functions.flatMap(fallsBehind));
  return { ...rules, streams, deliveries: collect(puts, 'delivery stream'), functions, warnings };
}

type RunFunction = (resource: FunctionResource, batches: Batches, lanes?: number) => FunctionTraffic;

function functionRunner(deployment: Deployment, warnings: string[]): RunFunction {
  return (resource, batches, lanes) => {
    const handler = handlerOf(resource);
    if (!isKnownHandler(handler))
      warnings.push(
        `'${handler}' is a function that the model does not know: ${assumed('unknownFunctionMillis')} ms by invocation, and nothing that it writes`,
      );
    return {
      name: resource.name,
      memoryMegabytes: resource.memoryMegabytes,
      isArm: isArm(deployment, resource),
      isTraced: isTraced(deployment, resource),
      invocationsPerSecond: batches.invocationsPerSecond,
      lanes,
      work: workOf(handler, { stack: deployment.stack, resource, batches }),
    };
  };
}

function findFunction({ stack }: Deployment, name: string): FunctionResource {
  return stack.functions.find((resource) => resource.name === name)!;
}

function collect(puts: readonly Put[], to: Put['to']): Map<string, RecordFlow[]> {
  const flows = new Map<string, RecordFlow[]>();
  for (const put of puts.filter((each) => each.to === to))
    flows.set(put.name, [...(flows.get(put.name) ?? []), put.flow]);
  return flows;
}

/** An application that reads what another one writes comes after it. */
function inFlowOrder(applications: readonly ApplicationResource[]): ApplicationResource[] {
  const writes = (a: ApplicationResource, b: ApplicationResource): boolean =>
    a.outputs.some(({ stream }) => stream === b.inputStream);
  return applications.toSorted((a, b) => (writes(a, b) ? -1 : writes(b, a) ? 1 : 0));
}

/** One window for each sensor that published in it; they all close at once. */
function addWindows(application: ApplicationResource, streams: Map<string, RecordFlow[]>): void {
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
function plannedWindows(
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
  const mapping = { batchSize: 10_000, batchWindowSeconds, parallelizationFactor: 1 };
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

/** Schedules, and people who ask the API. */
function otherInvocations(deployment: Deployment, run: RunFunction): FunctionTraffic[] {
  const { schedules, routes } = deployment.stack;
  const at = (invocationsPerSecond: number): Batches => ({
    invocationsPerSecond,
    recordsPerSecond: 0,
    groups: [],
  });
  const asked = [...new Set(routes.map(({ functionName }) => functionName))];
  return [
    ...schedules.map(({ functionName, expression }) =>
      run(findFunction(deployment, functionName), at(parseRate(expression))),
    ),
    ...asked.map((name) =>
      run(findFunction(deployment, name), at(assumed('apiRequestsPerSecond') / asked.length)),
    ),
  ];
}

/** A shard takes 1,000 records and 1 MB a second (Kinesis developer guide, "Quotas and limits"). */
function overfilled(
  deployment: Deployment,
  { logicalId, name, shardCount }: StreamResource,
  streams: ReadonlyMap<string, readonly RecordFlow[]>,
): string[] {
  const { properties } = resourcesOf(deployment, 'AWS::Kinesis::Stream').find(
    (resource) => resource.logicalId === logicalId,
  )!;
  if (JSON.stringify(properties.StreamModeDetails ?? {}).includes('ON_DEMAND')) return [];
  // What comes in a burst is taken a little later, so the mean counts.
  const flows = streams.get(name) ?? [];
  const records = sumOf(flows, (flow) => flow.recordsPerSecond);
  const megabytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes) / 1024 ** 2;
  const needed = Math.ceil(Math.max(records / 1000, megabytes));
  if (needed <= shardCount) return [];
  return [
    `stream '${name}' has ${shardCount} shards and needs ${needed}: the load puts ${Math.round(records)} records and ${megabytes.toFixed(2)} MB a second`,
  ];
}

/** Time of one invocation: CPU shrinks with memory, waiting does not. */
export function durationMillis({ work, memoryMegabytes }: FunctionTraffic): number {
  return work.cpuMillis / Math.min(1, memoryMegabytes / assumed('megabytesPerCpu')) + work.waitMillis;
}

function fallsBehind(traffic: FunctionTraffic): string[] {
  const { name, lanes, invocationsPerSecond } = traffic;
  const busy = (invocationsPerSecond * durationMillis(traffic)) / 1000;
  if (lanes === undefined || busy <= lanes) return [];
  return [
    `function '${name}' would fall behind: it needs ${busy.toFixed(1)} batches at once, its mapping allows ${lanes} (shards × parallelization factor)`,
  ];
}
