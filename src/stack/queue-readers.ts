import type { ReadingContext } from './read-stack.ts';
import { queueUrl } from './resolve-intrinsics.ts';
import { functionNameOf, named } from './resource-names.ts';
import { numberOf, objectOf, type Properties, textOf } from './template.ts';

/** A queue with the defaults of the service (AWS CloudFormation, AWS::SQS::Queue). */
export function readQueue(
  logicalId: string,
  properties: Properties,
  { draft, place, ...context }: ReadingContext,
): void {
  const queue = named(logicalId, context);
  const redrive = objectOf(properties, 'RedrivePolicy');
  const deadLetters = textOf(redrive, 'deadLetterTargetArn');
  draft.queues.push({
    ...queue,
    url: queueUrl(queue.name, place),
    visibilityTimeoutSeconds: numberOf(properties, 'VisibilityTimeout', 30),
    retentionSeconds: numberOf(properties, 'MessageRetentionPeriod', 345_600),
    maximumMessageBytes: numberOf(properties, 'MaximumMessageSize', 1_048_576),
    ...(deadLetters !== undefined && {
      redrive: { queueArn: deadLetters, maximumReceives: numberOf(redrive, 'maxReceiveCount', 10) },
    }),
  });
}

/** Properties of a mapping that a stream has and a queue has not, or that are not copied for queues. */
const STREAM_ONLY = ['FilterCriteria', 'DestinationConfig'];

/** An event source mapping that reads a queue. */
export function readQueueMapping(logicalId: string, properties: Properties, { draft }: ReadingContext): void {
  const type = 'AWS::Lambda::EventSourceMapping';
  for (const name of STREAM_ONLY.filter((each) => properties[each] !== undefined))
    draft.notEmulated.push({ logicalId, type, reason: `property ${name} is ignored for a queue` });
  const concurrency = numberOf(objectOf(properties, 'ScalingConfig'), 'MaximumConcurrency', 0);
  draft.queueMappings.push({
    logicalId,
    functionName: functionNameOf(textOf(properties, 'FunctionName') ?? ''),
    queueArn: textOf(properties, 'EventSourceArn') ?? '',
    batchSize: numberOf(properties, 'BatchSize', 10),
    batchWindowSeconds: numberOf(properties, 'MaximumBatchingWindowInSeconds', 0),
    reportBatchItemFailures: reportsFailures(properties),
    ...(concurrency > 0 && { maximumConcurrency: concurrency }),
  });
}

/** Does a mapping take the report of a function which records failed? */
export function reportsFailures({ FunctionResponseTypes = [] }: Properties): boolean {
  return (FunctionResponseTypes as readonly string[]).includes('ReportBatchItemFailures');
}
