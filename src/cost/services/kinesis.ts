import type { StreamResource } from '../../stack/stack.ts';
import { textOf } from '../../stack/template.ts';
import { type RecordFlow, sumOf } from '../batches.ts';
import { GIGABYTE, HOURS_PER_MONTH, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import { type Deployment, isOnDemandStream, resourcesOf } from '../deployment.ts';
import type { Traffic } from '../traffic.ts';

const PUT_UNIT_BYTES = 25 * 1024;
const KILOBYTE = 1024;
const INCLUDED_RETENTION_HOURS = 24;

/** Streams by shard or on demand, and their readers with enhanced fan-out. */
export function kinesisUsage(deployment: Deployment, { streams }: Traffic): Usage[] {
  return deployment.stack.streams.flatMap((stream) => {
    const flows = streams.get(stream.name) ?? [];
    return [
      ...(isOnDemandStream(deployment, stream)
        ? onDemand(deployment, stream, flows)
        : provisioned(stream, flows)),
      ...fanOut(deployment, stream, flows),
    ];
  });
}

function provisioned(
  { name, shardCount, retentionHours }: StreamResource,
  flows: readonly RecordFlow[],
): Usage[] {
  const shardHours = shardCount * HOURS_PER_MONTH;
  const units = sumOf(flows, (flow) => flow.recordsPerSecond * Math.ceil(flow.bytes / PUT_UNIT_BYTES));
  return [
    { price: 'kinesis.shardHours', what: `stream ${name}, shards: ${shardCount}`, perMonth: shardHours },
    { price: 'kinesis.putUnits', what: `stream ${name}`, perMonth: units * SECONDS_PER_MONTH },
    {
      price: 'kinesis.extendedRetention',
      what: `stream ${name}, ${retentionHours} hours`,
      perMonth: retentionHours > INCLUDED_RETENTION_HOURS ? shardHours : 0,
    },
  ];
}

function onDemand(
  deployment: Deployment,
  { name, arn }: StreamResource,
  flows: readonly RecordFlow[],
): Usage[] {
  const rounded = sumOf(flows, (flow) => flow.recordsPerSecond * Math.ceil(flow.bytes / KILOBYTE) * KILOBYTE);
  const readers = deployment.stack.eventSourceMappings.filter(({ streamArn }) => streamArn === arn).length;
  return [
    { price: 'kinesis.onDemandStreamHours', what: `stream ${name}`, perMonth: HOURS_PER_MONTH },
    { price: 'kinesis.onDemandIn', what: `stream ${name}`, perMonth: gigabytes(rounded) },
    {
      price: 'kinesis.onDemandOut',
      what: `stream ${name}, readers: ${readers}`,
      perMonth: gigabytes(bytesPerSecond(flows)) * readers,
    },
  ];
}

function fanOut(
  deployment: Deployment,
  { name, arn, shardCount }: StreamResource,
  flows: readonly RecordFlow[],
): Usage[] {
  const consumers = resourcesOf(deployment, 'AWS::Kinesis::StreamConsumer').filter(
    ({ properties }) => textOf(properties, 'StreamARN') === arn,
  ).length;
  const what = `stream ${name}, fan-out consumers: ${consumers}`;
  return [
    { price: 'kinesis.fanOutHours', what, perMonth: consumers * shardCount * HOURS_PER_MONTH },
    { price: 'kinesis.fanOutGb', what, perMonth: consumers * gigabytes(bytesPerSecond(flows)) },
  ];
}

function bytesPerSecond(flows: readonly RecordFlow[]): number {
  return sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes);
}

function gigabytes(perSecond: number): number {
  return (perSecond * SECONDS_PER_MONTH) / GIGABYTE;
}
