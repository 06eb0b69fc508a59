import { numberOf } from '../stack/template.ts';
import type { Check, Finding } from './finding.ts';
import { nested, oneOrMany, type ResourceView, type TemplateView } from './template-view.ts';

type Problem = Omit<Finding, 'check' | 'resource'>;

/** A poller of a stream or queue: bounded retries, partial responses, and a place for what failed for good. */
export const eventSourceMappings: Check = {
  name: 'event-source-mappings',
  run: (view) =>
    view.ofType('AWS::Lambda::EventSourceMapping').flatMap((mapping) => {
      const source = view.target(mapping.properties.EventSourceArn);
      const problems =
        source?.type === 'AWS::SQS::Queue' ? queueProblems(mapping, source, view) : streamProblems(mapping);
      return problems.map((problem) => ({ resource: mapping.id, ...problem }));
    }),
};

const REPORTS = 'ReportBatchItemFailures';

/** Lambda developer guide, Kinesis parameters: the defaults retry for as long as the record lives. */
function streamProblems({ properties }: ResourceView): Problem[] {
  const destination = nested(properties, 'DestinationConfig', 'OnFailure').Destination;
  const wrong: readonly (readonly [string, boolean, string])[] = [
    [
      'BisectBatchOnFunctionError',
      properties.BisectBatchOnFunctionError !== true,
      'one bad record fails its whole batch',
    ],
    [
      'MaximumRetryAttempts',
      numberOf(properties, 'MaximumRetryAttempts', -1) < 0,
      'one bad record blocks its shard',
    ],
    [
      'MaximumRecordAgeInSeconds',
      numberOf(properties, 'MaximumRecordAgeInSeconds', -1) < 0,
      'one bad record blocks its shard',
    ],
    [
      'FunctionResponseTypes',
      !oneOrMany(properties.FunctionResponseTypes).includes(REPORTS),
      `good records are repeated without ${REPORTS}`,
    ],
    ['DestinationConfig', destination === undefined, 'records that failed for good are dropped'],
    [
      'StartingPositionTimestamp',
      properties.StartingPosition === 'AT_TIMESTAMP' && properties.StartingPositionTimestamp === undefined,
      'AT_TIMESTAMP is refused by the service without it',
    ],
  ];
  return wrong
    .filter(([, isWrong]) => isWrong)
    .map(([about, , reason]) => ({ about, message: `Cannot leave ${about} as it is: ${reason}` }));
}

/** Lambda developer guide, SQS: batches above 10 need a window, and a queue must hide messages for six timeouts. */
function queueProblems({ properties }: ResourceView, queue: ResourceView, view: TemplateView): Problem[] {
  const batchSize = numberOf(properties, 'BatchSize', 10);
  const timeoutSeconds = numberOf(view.target(properties.FunctionName)?.properties ?? {}, 'Timeout', 3);
  const visibleAfterSeconds = numberOf(queue.properties, 'VisibilityTimeout', 30);
  const bound = numberOf(nested(properties, 'ScalingConfig'), 'MaximumConcurrency', 0);
  const wrong: readonly (readonly [string, boolean, string])[] = [
    [
      'MaximumBatchingWindowInSeconds',
      batchSize > 10 && numberOf(properties, 'MaximumBatchingWindowInSeconds', 0) < 1,
      `a batch of ${batchSize} messages needs a window of at least 1 second`,
    ],
    [
      'VisibilityTimeout',
      visibleAfterSeconds < 6 * timeoutSeconds,
      `queue '${queue.id}' shows messages again after ${visibleAfterSeconds} seconds; six function timeouts are ${6 * timeoutSeconds}`,
    ],
    [
      'FunctionResponseTypes',
      !oneOrMany(properties.FunctionResponseTypes).includes(REPORTS),
      `good messages are repeated without ${REPORTS}`,
    ],
    [
      'ScalingConfig',
      bound === 0 && properties.ProvisionedPollerConfig === undefined,
      'concurrency has no bound',
    ],
    [
      'RedrivePolicy',
      queue.properties.RedrivePolicy === undefined,
      `queue '${queue.id}' has no dead-letter queue`,
    ],
  ];
  return wrong
    .filter(([, isWrong]) => isWrong)
    .map(([about, , reason]) => ({ about, message: `Cannot leave ${about} as it is: ${reason}` }));
}
