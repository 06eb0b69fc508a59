import type { DeliveryStreamResource } from '../../stack/stack.ts';
import { objectOf, textOf } from '../../stack/template.ts';
import { assumed } from '../assumptions.ts';
import { type RecordFlow, sumOf } from '../batches.ts';
import { GIGABYTE, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import { type Deployment, propertiesOf } from '../deployment.ts';
import type { Use } from '../handlers/work.ts';
import type { Traffic } from '../traffic.ts';

/** Each record is rounded up by itself, also within one PutRecordBatch, and also when it comes from a stream. */
const ROUNDING_BYTES = 5 * 1024;
const MEGABYTE = 1024 ** 2;

/** What delivery streams take in, convert and partition. */
export function firehoseUsage(deployment: Deployment, traffic: Traffic): Usage[] {
  return deployment.stack.deliveryStreams.flatMap((stream) => {
    const flows = flowsOf(deployment, stream, traffic);
    const rounded = sumOf(
      flows,
      (flow) => flow.recordsPerSecond * Math.ceil(flow.bytes / ROUNDING_BYTES) * ROUNDING_BYTES,
    );
    const perMonth = (rounded * SECONDS_PER_MONTH) / GIGABYTE;
    const what = `delivery stream ${stream.name}`;
    const { isConverted, isPartitioned } = optionsOf(deployment, stream);
    const objects = objectsOf(stream, flows, isConverted).objectsPerSecond * SECONDS_PER_MONTH;
    return [
      { price: 'firehose.ingest', what, perMonth },
      { price: 'firehose.conversion', what, perMonth: isConverted ? perMonth : 0 },
      { price: 'firehose.partitioning', what, perMonth: isPartitioned ? perMonth : 0 },
      { price: 'firehose.partitionObjects', what, perMonth: isPartitioned ? objects : 0 },
    ] satisfies Usage[];
  });
}

/** The objects that delivery streams write. */
export function deliveredObjects(deployment: Deployment, traffic: Traffic): Use[] {
  return deployment.stack.deliveryStreams.map((stream) => ({
    kind: 'object',
    bucket: stream.bucketName,
    key: stream.prefix,
    ...objectsOf(stream, flowsOf(deployment, stream, traffic), optionsOf(deployment, stream).isConverted),
  }));
}

function destinationOf(deployment: Deployment, { logicalId }: DeliveryStreamResource) {
  return objectOf(propertiesOf(deployment, logicalId), 'ExtendedS3DestinationConfiguration');
}

function optionsOf(deployment: Deployment, stream: DeliveryStreamResource) {
  const isOn = (name: string): boolean => {
    const option = destinationOf(deployment, stream)[name];
    return option !== undefined && (option as { Enabled?: boolean }).Enabled !== false;
  };
  return {
    isConverted: isOn('DataFormatConversionConfiguration'),
    isPartitioned: isOn('DynamicPartitioningConfiguration'),
  };
}

/** Records come from whoever puts them, or out of the stream that the template names as the source. */
function flowsOf(
  deployment: Deployment,
  { name, logicalId }: DeliveryStreamResource,
  { deliveries, streams }: Traffic,
): readonly RecordFlow[] {
  const source = objectOf(propertiesOf(deployment, logicalId), 'KinesisStreamSourceConfiguration');
  const arn = textOf(source, 'KinesisStreamARN');
  const stream = deployment.stack.streams.find((each) => each.arn === arn);
  return (stream ? streams.get(stream.name) : deliveries.get(name)) ?? [];
}

function objectsOf(
  { bufferSeconds, bufferMegabytes, compression }: DeliveryStreamResource,
  flows: readonly RecordFlow[],
  isConverted: boolean,
) {
  const bytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes);
  const ratio = isConverted
    ? assumed('firehoseFormatRatio')
    : compression === 'GZIP'
      ? assumed('gzipRatio')
      : 1;
  const objectsPerSecond =
    bytes === 0 ? 0 : Math.max(1 / Math.max(bufferSeconds, 1), bytes / (bufferMegabytes * MEGABYTE));
  return { objectsPerSecond, bytesPerSecond: bytes / ratio };
}
