import type { ReadingContext } from './read-stack.ts';
import { named } from './resource-names.ts';
import type { LifecycleRule } from './stack.ts';
import { listOf, numberOf, objectOf, type Properties, textOf } from './template.ts';

/** Properties below the top that are read, or make no difference here. */
const DESTINATION_PROPERTIES = [
  'BucketARN',
  'RoleARN',
  'Prefix',
  'ErrorOutputPrefix',
  'BufferingHints',
  'CompressionFormat',
  'CloudWatchLoggingOptions',
  'ProcessingConfiguration',
];
const APPENDING = 'AppendDelimiterToRecord';
const LIFECYCLE_PROPERTIES = [
  'Id',
  'Status',
  'Prefix',
  'ObjectSizeGreaterThan',
  'Transitions',
  'ExpirationInDays',
  'AbortIncompleteMultipartUpload',
];

/** `AWS::S3::Bucket`. */
export function readBucket(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  if (logicalId === 'ServerlessDeploymentBucket') return;
  const rules = listOf(objectOf(properties, 'LifecycleConfiguration'), 'Rules');
  reportNested(logicalId, 'AWS::S3::Bucket', rules, LIFECYCLE_PROPERTIES, draft);
  const enabled = rules.filter((rule) => textOf(rule, 'Status') === 'Enabled');
  draft.buckets.push({ ...named(logicalId, context), lifecycle: enabled.map(readLifecycleRule) });
}

function readLifecycleRule(rule: Properties): LifecycleRule {
  const expiration = numberOf(rule, 'ExpirationInDays', -1);
  const minimum = numberOf(rule, 'ObjectSizeGreaterThan', -1);
  return {
    id: textOf(rule, 'Id') ?? '',
    prefix: textOf(rule, 'Prefix') ?? '',
    minimumBytes: minimum < 0 ? undefined : minimum,
    transitions: listOf(rule, 'Transitions').map((transition) => ({
      storageClass: textOf(transition, 'StorageClass') ?? '',
      days: numberOf(transition, 'TransitionInDays', 0),
    })),
    expirationDays: expiration < 0 ? undefined : expiration,
  };
}

/** `AWS::KinesisFirehose::DeliveryStream`. */
export function readDeliveryStream(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  const destination = objectOf(properties, 'ExtendedS3DestinationConfiguration');
  const hints = objectOf(destination, 'BufferingHints');
  reportNested(
    logicalId,
    'AWS::KinesisFirehose::DeliveryStream',
    [destination],
    DESTINATION_PROPERTIES,
    draft,
  );
  draft.deliveryStreams.push({
    ...named(logicalId, context),
    bucketName: (textOf(destination, 'BucketARN') ?? '').replace('arn:aws:s3:::', ''),
    prefix: textOf(destination, 'Prefix') ?? '',
    errorOutputPrefix: textOf(destination, 'ErrorOutputPrefix') ?? '',
    bufferSeconds: numberOf(hints, 'IntervalInSeconds', 300),
    bufferMegabytes: numberOf(hints, 'SizeInMBs', 5),
    compression: textOf(destination, 'CompressionFormat') === 'GZIP' ? 'GZIP' : 'UNCOMPRESSED',
    delimiter: readDelimiter(logicalId, destination, draft),
    sourceStreamArn: textOf(objectOf(properties, 'KinesisStreamSourceConfiguration'), 'KinesisStreamARN'),
  });
}

/** What the processor AppendDelimiterToRecord appends (Amazon Data Firehose API reference, Processor); `\\n` ends a line. */
function readDelimiter(logicalId: string, destination: Properties, draft: ReadingContext['draft']): string {
  const processing = objectOf(destination, 'ProcessingConfiguration');
  if (processing.Enabled !== true) return '';
  const processors = listOf(processing, 'Processors');
  for (const { Type } of processors.filter((each) => each.Type !== APPENDING))
    draft.notEmulated.push({
      logicalId,
      type: 'AWS::KinesisFirehose::DeliveryStream',
      reason: `processor ${Type} is ignored`,
    });
  const appending = processors.find(({ Type }) => Type === APPENDING);
  const parameters = listOf(appending ?? {}, 'Parameters');
  const delimiter = parameters.find(({ ParameterName }) => ParameterName === 'Delimiter');
  return (textOf(delimiter ?? {}, 'ParameterValue') ?? '').replaceAll('\\n', '\n');
}

function reportNested(
  logicalId: string,
  type: string,
  parts: readonly Properties[],
  known: readonly string[],
  { notEmulated }: ReadingContext['draft'],
): void {
  for (const name of parts
    .flatMap((part) => Object.keys(part))
    .filter((property) => !known.includes(property))) {
    notEmulated.push({ logicalId, type, reason: `property ${name} is ignored` });
  }
}
