import type { EventSourceMappingResource } from '../../stack/stack.ts';
import { assumed } from '../assumptions.ts';
import { type RecordFlow, sumOf } from '../batches.ts';
import { durationMillis } from '../capacity.ts';
import { type Deployment, handlerOf, isOnDemandStream } from '../deployment.ts';
import type { Load } from '../load.ts';
import { type FunctionTraffic, type Traffic, trafficOf } from '../traffic.ts';

/** What runs the streaming SQL on AWS: a function by shard, or Managed Service for Apache Flink. */
export type WindowsBackEnd = 'lambda' | 'flink';

/** A deployment with the shards, lanes and units that a load needs. */
export interface SizedDeployment {
  readonly deployment: Deployment;
  readonly traffic: Traffic;
  /** Units of Managed Flink without the one for orchestration; 0 where functions run the windows. */
  readonly kpus: number;
}

/** Batches of one shard at a time, at most (AWS Lambda developer guide, "Polling and batching streams"). */
export const MAX_PARALLELIZATION = 10;
const MAX_ROUNDS = 20;

/** Sizes a deployment for a load: streams by records, bytes and readers, mappings by the time that their functions take. */
export function sizeDeployment(given: Deployment, load: Load, windows: WindowsBackEnd): SizedDeployment {
  const kpus = windows === 'flink' ? kpusFor(load) : 0;
  let deployment = windows === 'flink' ? withFlink(given, kpus) : given;
  let traffic = trafficOf(deployment, load);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = withShards(withLanes(deployment, traffic), traffic);
    if (next === deployment) break;
    deployment = next;
    traffic = trafficOf(deployment, load);
  }
  return { deployment, traffic, kpus };
}

/** Readings, packed or not, that Flink takes in at the share of a unit that is used. */
function kpusFor({ classes }: Load): number {
  const readings = sumOf(classes, ({ publishesPerSecond, readings }) => publishesPerSecond * readings);
  return Math.ceil(readings / (assumed('flinkReadingsPerKpu') * assumed('usedShare')));
}

/** Flink instead of the functions: one application for all the SQL, no function that reads for it. */
function withFlink({ stack, resources }: Deployment, kpus: number): Deployment {
  const names = new Set(
    stack.functions.filter((each) => handlerOf(each) === 'aggregate-windows').map(({ name }) => name),
  );
  const properties = {
    ApplicationName: 'windows',
    ApplicationConfiguration: {
      FlinkApplicationConfiguration: {
        ParallelismConfiguration: { Parallelism: kpus, ParallelismPerKPU: 1 },
      },
    },
  };
  return {
    stack: {
      ...stack,
      eventSourceMappings: stack.eventSourceMappings.filter(({ functionName }) => !names.has(functionName)),
      applications: stack.applications.map(({ functionName: _, ...application }) => application),
    },
    resources: [
      ...resources.filter(({ type }) => type !== 'AWS::KinesisAnalyticsV2::Application'),
      { logicalId: 'WindowsApplication', type: 'AWS::KinesisAnalyticsV2::Application', properties },
    ],
  };
}

/** Each mapping with the lanes by shard that its function needs, up to what Lambda allows. */
function withLanes(deployment: Deployment, { functions }: Traffic): Deployment {
  const { stack } = deployment;
  const sized = stack.eventSourceMappings.map((mapping) => {
    const lanes = lanesByShard(deployment, mapping, functions);
    return lanes > mapping.parallelizationFactor ? { ...mapping, parallelizationFactor: lanes } : mapping;
  });
  return sized.every((mapping, i) => mapping === stack.eventSourceMappings[i])
    ? deployment
    : { ...deployment, stack: { ...stack, eventSourceMappings: sized } };
}

/** A tumbling window is one sequence of batches by shard, so it keeps one lane. */
function lanesByShard(
  { stack }: Deployment,
  { functionName, streamArn, tumblingWindowSeconds }: EventSourceMappingResource,
  functions: readonly FunctionTraffic[],
): number {
  const shards = stack.streams.find(({ arn }) => arn === streamArn)?.shardCount ?? 1;
  if (tumblingWindowSeconds > 0) return 1;
  return Math.min(MAX_PARALLELIZATION, Math.ceil(busyLanes(functionName, functions) / shards));
}

/** Batches at once that a function needs, with the share of the time that stays free. */
function busyLanes(name: string, functions: readonly FunctionTraffic[]): number {
  const busy = functions
    .filter((traffic) => traffic.name === name && traffic.lanes !== undefined)
    .map((traffic) => (traffic.invocationsPerSecond * durationMillis(traffic)) / 1000);
  return Math.max(0, ...busy) / assumed('usedShare');
}

function withShards(deployment: Deployment, traffic: Traffic): Deployment {
  const { stack } = deployment;
  const sized = stack.streams.map((stream) => {
    if (isOnDemandStream(deployment, stream)) return stream;
    const mappings = stack.eventSourceMappings.filter(({ streamArn }) => streamArn === stream.arn);
    const forReaders = mappings.map(
      ({ functionName, tumblingWindowSeconds }) =>
        busyLanes(functionName, traffic.functions) / (tumblingWindowSeconds > 0 ? 1 : MAX_PARALLELIZATION),
    );
    const needed = Math.ceil(
      Math.max(shardsForPuts(traffic.streams.get(stream.name) ?? []), ...forReaders) - 1e-9,
    );
    return needed > stream.shardCount ? { ...stream, shardCount: needed } : stream;
  });
  return sized.every((stream, i) => stream === stack.streams[i])
    ? deployment
    : { ...deployment, stack: { ...stack, streams: sized } };
}

/** A shard takes 1,000 records and 1 MB a second (Kinesis developer guide, "Quotas and limits"). */
function shardsForPuts(flows: readonly RecordFlow[]): number {
  const records = sumOf(flows, (flow) => flow.recordsPerSecond);
  const megabytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes) / 1024 ** 2;
  return Math.max(records / 1000, megabytes) / assumed('usedShare');
}
