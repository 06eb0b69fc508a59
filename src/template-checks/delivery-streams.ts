import { listOf, numberOf, type Properties } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

/** Dynamic partitioning and format conversion need at least this much (Firehose developer guide, buffering hints). */
const LEAST_MEGABYTES = 64;

interface Problem {
  readonly about: string;
  readonly message: string;
}

/** A delivery stream: buffers that its features need, and nothing lost or hidden when a delivery fails. */
export const deliveryStreams: Check = {
  name: 'delivery-streams',
  run: ({ ofType }) =>
    ofType('AWS::KinesisFirehose::DeliveryStream').flatMap(({ id, properties }) => {
      const destination = nested(properties, 'ExtendedS3DestinationConfiguration');
      if (Object.keys(destination).length === 0) return [];
      return [
        ...bufferProblems(destination),
        ...prefixProblems(destination),
        ...failureProblems(destination),
      ].map((problem) => ({ resource: id, ...problem }));
    }),
};

function bufferProblems(destination: Properties): Problem[] {
  const isPartitioned = nested(destination, 'DynamicPartitioningConfiguration').Enabled === true;
  const conversion = nested(destination, 'DataFormatConversionConfiguration');
  const isConverted = 'SchemaConfiguration' in conversion && conversion.Enabled !== false;
  if (!isPartitioned && !isConverted) return [];
  const hints = nested(destination, 'BufferingHints');
  const megabytes = numberOf(hints, 'SizeInMBs', 5);
  const feature = isPartitioned ? 'dynamic partitioning' : 'format conversion';
  const problems: Problem[] = [];
  if (megabytes < LEAST_MEGABYTES)
    problems.push({
      about: 'SizeInMBs',
      message: `Cannot buffer ${megabytes} MB: ${feature} needs at least ${LEAST_MEGABYTES}`,
    });
  if (isPartitioned && numberOf(hints, 'IntervalInSeconds', 300) === 0)
    problems.push({
      about: 'IntervalInSeconds',
      message: 'Cannot switch buffering off: dynamic partitioning needs an interval above 0 seconds',
    });
  const compression = String(destination.CompressionFormat ?? 'UNCOMPRESSED');
  if (isConverted && compression !== 'UNCOMPRESSED')
    problems.push({
      about: 'CompressionFormat',
      message: `Cannot compress with '${compression}': format conversion compresses by its serializer; use UNCOMPRESSED`,
    });
  return problems;
}

function prefixProblems(destination: Properties): Problem[] {
  const prefix = String(destination.Prefix ?? '');
  const isPartitioned = nested(destination, 'DynamicPartitioningConfiguration').Enabled === true;
  const usesPartitions = /!\{partitionKeyFrom(Query|Lambda):/.test(prefix);
  const problems: Problem[] = [];
  if (usesPartitions !== isPartitioned)
    problems.push({
      about: 'Prefix',
      message: `Cannot deliver to '${prefix}': ${isPartitioned ? 'dynamic partitioning is on, but no partition key is used' : 'partition keys need dynamic partitioning'}`,
    });
  if (prefix.includes('!{') && destination.ErrorOutputPrefix === undefined)
    problems.push({
      about: 'ErrorOutputPrefix',
      message: 'Cannot evaluate the Prefix expression without an ErrorOutputPrefix: Firehose requires both',
    });
  return problems;
}

function failureProblems(destination: Properties): Problem[] {
  const logging = nested(destination, 'CloudWatchLoggingOptions');
  const processors = listOf(nested(destination, 'ProcessingConfiguration'), 'Processors');
  const hasErrors = destination.ErrorOutputPrefix !== undefined || processors.length === 0;
  return [
    ...(logging.Enabled === true
      ? []
      : [{ about: 'CloudWatchLoggingOptions', message: 'Cannot see failed deliveries: logging is off' }]),
    ...(hasErrors
      ? []
      : [
          {
            about: 'ErrorOutputPrefix',
            message: 'Cannot find records that a processor refused: set ErrorOutputPrefix',
          },
        ]),
  ];
}
