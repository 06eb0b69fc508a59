import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

/** Resource types whose service takes no new customers any more, and what to use instead. cfn-lint knows only some. */
const RETIRED_TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /^AWS::KinesisAnalytics::/,
    'Kinesis Data Analytics for SQL is gone since 2026-01-27; use Lambda windows or Managed Flink',
  ],
  [
    /^AWS::DataPipeline::/,
    'AWS Data Pipeline is closed to new customers; use Step Functions with EventBridge Scheduler',
  ],
  [/^AWS::IoTAnalytics::/, 'AWS IoT Analytics was shut down on 2025-12-15; use Firehose to S3 and Athena'],
  [
    /^AWS::IoTEvents::/,
    'AWS IoT Events was shut down on 2026-05-20; use Lambda with DynamoDB, or composite alarms',
  ],
  [
    /^AWS::Timestream::(Database|Table|ScheduledQuery)$/,
    'Timestream for LiveAnalytics is closed to new customers; use DynamoDB and S3',
  ],
  [/^AWS::(Greengrass)::/, 'Greengrass V1 ended on 2026-10-01; use GreengrassV2'],
  [
    /^AWS::(QLDB|OpsWorks|OpsWorksCM|CodeStar|IoT1Click|IoTThingsGraph|RoboMaker|IoTFleetHub|Evidently)::/,
    'the service was shut down',
  ],
];

/** Lambda runtimes that can no longer be created in November 2026 (Lambda developer guide, runtime deprecation policy). */
const RETIRED_RUNTIME =
  /^(nodejs(4\.3|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x|18\.x|20\.x)?|python(2\.7|3\.[6-9])|ruby2\.\d|java8|go1\.x|dotnet(core\d\.\d|6)|provided)$/;

/** Rule actions that lead to a service that is gone. */
const RETIRED_ACTIONS: Readonly<Record<string, string>> = {
  IotAnalytics: 'AWS IoT Analytics was shut down on 2025-12-15',
  IotEvents: 'AWS IoT Events was shut down on 2026-05-20',
  Timestream: 'Timestream for LiveAnalytics is closed to new customers',
};

/** Services, runtimes and rule actions that a deploy of November 2026 can no longer make. */
export const retiredServices: Check = {
  name: 'retired-services',
  run: ({ resources, ofType }) => [
    ...resources.flatMap(({ id, type }) =>
      RETIRED_TYPES.filter(([pattern]) => pattern.test(type)).map(([, reason]) => ({
        resource: id,
        about: type,
        message: `Cannot deploy '${type}': ${reason}`,
      })),
    ),
    ...ofType('AWS::Lambda::Function')
      .map(({ id, properties }) => ({ id, runtime: String(properties.Runtime ?? '') }))
      .filter(({ runtime }) => RETIRED_RUNTIME.test(runtime))
      .map(({ id, runtime }) => ({
        resource: id,
        about: runtime,
        message: `Cannot create a function on '${runtime}': Lambda blocks the runtime; use nodejs24.x`,
      })),
    ...ofType('AWS::KinesisAnalyticsV2::Application')
      .filter(({ properties }) => /^(SQL-|FLINK-1_(6|8|11|13))/.test(String(properties.RuntimeEnvironment)))
      .map(({ id, properties }) => ({
        resource: id,
        about: String(properties.RuntimeEnvironment),
        message: `Cannot run '${properties.RuntimeEnvironment}': the runtime is retired; use FLINK-1_20 or newer`,
      })),
    ...ofType('AWS::IoT::TopicRule').flatMap(({ id, properties }) => {
      const actions = (nested(properties, 'TopicRulePayload').Actions ?? []) as object[];
      return actions
        .flatMap(Object.keys)
        .filter((kind) => kind in RETIRED_ACTIONS)
        .map((kind) => ({
          resource: id,
          about: kind,
          message: `Cannot use the rule action '${kind}': ${RETIRED_ACTIONS[kind]}`,
        }));
    }),
  ],
};
