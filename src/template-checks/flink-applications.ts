import { listOf, numberOf, type Properties } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { type RoleStatement, roleStatements } from './iam-policy.ts';
import type { ServiceNeeds } from './service-actions.ts';
import { nested, type ResourceView, type TemplateView } from './template-view.ts';

const LOGGING = 'AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption';
/** What Flink never scales beyond: `runner.flink.*` are settings of Flink itself (analytics-sql/flink-runner). */
const MAX_PARALLELISM = 'flink.pipeline.max-parallelism';
const READS = ['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'];

interface Problem {
  readonly about: string;
  readonly message: string;
}

/** Where the runner of an application reads and writes, by its property groups. */
interface Places {
  readonly sources: readonly string[];
  readonly streams: readonly string[];
  readonly deliveryStreams: readonly string[];
  readonly maxParallelism: number | undefined;
}

/** An application of Managed Service for Apache Flink loses no state, is seen, is bounded, and may do what it does. */
export const flinkApplications: Check = {
  name: 'flink-applications',
  run: (view) =>
    view
      .ofType('AWS::KinesisAnalyticsV2::Application')
      .filter(({ properties }) => String(properties.RuntimeEnvironment).startsWith('FLINK-'))
      .flatMap((application) =>
        [
          ...stateProblems(application.properties),
          ...boundProblems(application.properties),
          ...loggingProblems(application, view),
          ...roleProblems(application, view),
        ].map((problem) => ({ resource: application.id, ...problem })),
      ),
};

/** What the runner and the service do with the role (Managed Service for Apache Flink developer guide, how-iam). */
export const flinkNeeds: ServiceNeeds = (application, view) => {
  const { sources, streams, deliveryStreams } = placesOf(application.properties);
  return [
    's3:GetObject',
    's3:GetObjectVersion',
    ...(sources.length > 0 ? READS : []),
    ...(streams.length > 0 ? ['kinesis:PutRecords'] : []),
    ...(deliveryStreams.length > 0 ? ['firehose:PutRecordBatch'] : []),
    ...(hasLogging(application, view)
      ? ['logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:PutLogEvents']
      : []),
  ];
};

function placesOf(properties: Properties): Places {
  const environment = nested(properties, 'ApplicationConfiguration', 'EnvironmentProperties');
  const entries = listOf(environment, 'PropertyGroups').flatMap((group) =>
    Object.entries(nested(group, 'PropertyMap')).map(([name, value]) => ({
      name: `${group.PropertyGroupId}.${name}`,
      value: String(value),
    })),
  );
  const valuesOf = (pattern: RegExp): string[] =>
    entries.filter(({ name }) => pattern.test(name)).map(({ value }) => value);
  const [most] = valuesOf(new RegExp(`^runner\\.${MAX_PARALLELISM}$`));
  return {
    sources: valuesOf(/^source\.kinesis\.arn$/),
    streams: valuesOf(/^(outputs\.\w+|errors)\.kinesis\.arn$/),
    deliveryStreams: valuesOf(/^(outputs\.\w+|errors)\.firehose\.name$/),
    maxParallelism: most === undefined ? undefined : Number(most),
  };
}

function stateProblems(properties: Properties): Problem[] {
  const configuration = nested(properties, 'ApplicationConfiguration');
  const checkpoints = nested(configuration, 'FlinkApplicationConfiguration', 'CheckpointConfiguration');
  const snapshots = nested(configuration, 'ApplicationSnapshotConfiguration');
  return [
    ...(checkpoints.CheckpointingEnabled === true
      ? []
      : [
          {
            about: 'CheckpointConfiguration',
            message: 'Cannot go on after a failure where it was: enable checkpoints',
          },
        ]),
    ...(snapshots.SnapshotsEnabled === true
      ? []
      : [
          {
            about: 'ApplicationSnapshotConfiguration',
            message: 'Cannot keep the state over an update: enable snapshots',
          },
        ]),
  ];
}

function boundProblems(properties: Properties): Problem[] {
  const parallelism = nested(
    properties,
    'ApplicationConfiguration',
    'FlinkApplicationConfiguration',
    'ParallelismConfiguration',
  );
  const { maxParallelism: most } = placesOf(properties);
  const least = numberOf(parallelism, 'Parallelism', 1);
  if (parallelism.AutoScalingEnabled === true && most === undefined)
    return [
      {
        about: MAX_PARALLELISM,
        message: `Cannot bound what scaling costs: set '${MAX_PARALLELISM}' in the property group 'runner'`,
      },
    ];
  if (most !== undefined && !(least <= most))
    return [{ about: 'Parallelism', message: `Cannot run ${least} tasks in parallel: at most ${most} can` }];
  return [];
}

function hasLogging({ id }: ResourceView, view: TemplateView): boolean {
  return view.ofType(LOGGING).some(({ properties }) => view.target(properties.ApplicationName)?.id === id);
}

function loggingProblems(application: ResourceView, view: TemplateView): Problem[] {
  if (hasLogging(application, view)) return [];
  return [{ about: 'CloudWatchLoggingOption', message: 'Cannot see why it fails: give it a log stream' }];
}

/** Each action on exactly what the property groups and the code's place name. */
function roleProblems({ properties }: ResourceView, view: TemplateView): Problem[] {
  const role = view.target(properties.ServiceExecutionRole)?.id;
  const allowed = allowedResources(properties, view);
  return roleStatements(view)
    .filter((statement) => statement.role === role && statement.effect === 'Allow')
    .flatMap((statement) => strayGrants(statement, allowed));
}

function strayGrants(
  { actions, resources }: RoleStatement,
  allowed: Readonly<Record<string, readonly string[]>>,
) {
  return actions.flatMap((action) =>
    resources
      .filter((resource) => allowed[action] !== undefined && !allowed[action].includes(resource))
      .map((resource) => ({
        about: `${action} on ${resource}`,
        message: `Cannot justify '${action}' on '${resource}': the application uses ${allowed[action]?.join(', ') || 'none'}`,
      })),
  );
}

function allowedResources(
  properties: Properties,
  view: TemplateView,
): Readonly<Record<string, readonly string[]>> {
  const { sources, streams, deliveryStreams } = placesOf(properties);
  const place = nested(
    properties,
    'ApplicationConfiguration',
    'ApplicationCodeConfiguration',
    'CodeContent',
    'S3ContentLocation',
  );
  const jar = [`${place.BucketARN}/${place.FileKey}`];
  return {
    's3:GetObject': jar,
    's3:GetObjectVersion': jar,
    ...Object.fromEntries(READS.map((action) => [action, sources])),
    'kinesis:PutRecords': streams,
    'firehose:PutRecordBatch': deliveryStreams.map((name) => `<${view.target(name)?.id}.Arn>`),
  };
}
