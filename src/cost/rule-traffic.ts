import type { RuleAction, Stack, TopicRuleResource } from '../stack/stack.ts';
import { textOf } from '../stack/template.ts';
import { assumed } from './assumptions.ts';
import type { Batches } from './batches.ts';
import type { Put } from './handlers/work.ts';
import type { Load, PublishClass } from './load.ts';
import type { PriceName } from './price-sheet.ts';

/** What the publishes of a load make the rules engine do, per second. Units are of 5 KB. */
export interface RuleTraffic {
  /** Messages through the message broker: none by Basic Ingest. */
  readonly messageUnits: number;
  readonly rules: readonly { readonly name: string; readonly units: number }[];
  readonly actions: readonly { readonly rule: string; readonly kind: string; readonly units: number }[];
  readonly puts: readonly Put[];
  readonly invocations: readonly { readonly functionName: string; readonly batches: Batches }[];
  /** What actions on other services cost there. */
  readonly requests: readonly {
    readonly price: PriceName;
    readonly what: string;
    readonly perSecond: number;
  }[];
  readonly warnings: readonly string[];
}

/** Which rules take the publishes of a load, and what their actions put where. */
export function routePublishes(stack: Stack, load: Load): RuleTraffic {
  return merge(load.classes.map((publishes) => routeClass(stack, publishes)));
}

function routeClass(stack: Stack, publishes: PublishClass): RuleTraffic {
  const { topic, basicIngest } = publishes;
  const units = publishes.publishesPerSecond * publishes.units;
  const matching = stack.topicRules.filter(({ sql }) => isTopicOf(topic, topicFilterOf(sql)));
  const rules =
    typeof basicIngest === 'string'
      ? stack.topicRules.filter(({ name }) => name === basicIngest)
      : matching.slice(0, basicIngest ? 1 : undefined);
  const executed = rules.map((rule) => executeRule(stack, rule, publishes, units));
  const nobody = `no rule takes '${topic}': only its messages are priced`;
  return {
    ...merge(executed),
    messageUnits: basicIngest ? 0 : units,
    warnings: rules.length ? executed.flatMap(({ warnings }) => warnings) : [nobody],
  };
}

function executeRule(
  stack: Stack,
  rule: TopicRuleResource,
  publishes: PublishClass,
  units: number,
): RuleTraffic {
  const { name, actions } = rule;
  return merge([
    { ...NOTHING, rules: [{ name, units }] },
    ...actions.map(
      (action): RuleTraffic => ({
        ...NOTHING,
        actions: [{ rule: name, kind: action.kind, units }],
        ...runAction(stack, rule, action, publishes),
      }),
    ),
  ]);
}

/** Each action that is charged by the request at its target. */
const REQUESTS: Readonly<Record<string, PriceName>> = {
  S3: 's3.puts',
  Sqs: 'sqs.requests',
  Sns: 'sns.publishes',
  Republish: 'iot.messages',
  DynamoDB: 'dynamodb.writes',
  DynamoDBv2: 'dynamodb.writes',
  CloudwatchMetric: 'cloudwatch.putMetricData',
};

function runAction(
  stack: Stack,
  { name: ruleName }: TopicRuleResource,
  { kind, members }: RuleAction,
  publishes: PublishClass,
): Partial<RuleTraffic> {
  const { publishesPerSecond, sensors } = publishes;
  const flow = {
    recordsPerSecond: publishesPerSecond,
    bytes: publishes.bytes + assumed('addedByRuleBytes'),
    sensors,
    together: 1,
  };
  if (kind === 'Kinesis')
    return { puts: [{ to: 'stream', name: textOf(members, 'StreamName') ?? '', flow }] };
  if (kind === 'Firehose')
    return { puts: [{ to: 'delivery stream', name: textOf(members, 'DeliveryStreamName') ?? '', flow }] };
  if (kind === 'Lambda') {
    const arn = textOf(members, 'FunctionArn');
    const invoked = stack.functions.find((each) => each.arn === arn);
    if (invoked) return { invocations: [{ functionName: invoked.name, batches: unpacked(publishes) }] };
  }
  const price = REQUESTS[kind];
  if (price)
    return { requests: [{ price, what: `rule ${ruleName}, action ${kind}`, perSecond: publishesPerSecond }] };
  return { warnings: [`what action ${kind} of rule '${ruleName}' costs at its target is not priced`] };
}

/** A function behind a rule sees one publish at a time, and in it the readings of each sensor together. */
function unpacked({
  publishesPerSecond,
  readings,
  sensorsPerPublish,
  sensors,
  bytes,
}: PublishClass): Batches {
  const recordsPerSecond = publishesPerSecond * readings;
  const group = {
    perSecond: publishesPerSecond * sensorsPerPublish,
    records: readings / sensorsPerPublish,
    spacingSeconds: sensors / recordsPerSecond,
    bytes: bytes / readings + assumed('addedByRuleBytes') - assumed('addedByPackingBytes'),
  };
  return { invocationsPerSecond: publishesPerSecond, recordsPerSecond, groups: [group] };
}

/** The topic filter of a rule's FROM clause. */
function topicFilterOf(sql: string): string {
  return /\bFROM\s+'([^']*)'/i.exec(sql)?.[1] ?? '';
}

function isTopicOf(topic: string, filter: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  const end = wanted.indexOf('#');
  if (end === -1 ? levels.length !== wanted.length : levels.length < end) return false;
  return wanted
    .slice(0, end === -1 ? undefined : end)
    .every((level, i) => level === '+' || level === levels[i]);
}

const NOTHING: RuleTraffic = {
  messageUnits: 0,
  rules: [],
  actions: [],
  puts: [],
  invocations: [],
  requests: [],
  warnings: [],
};

function merge(parts: readonly RuleTraffic[]): RuleTraffic {
  return {
    messageUnits: parts.reduce((sum, part) => sum + part.messageUnits, 0),
    rules: parts.flatMap((part) => part.rules),
    actions: parts.flatMap((part) => part.actions),
    puts: parts.flatMap((part) => part.puts),
    invocations: parts.flatMap((part) => part.invocations),
    requests: parts.flatMap((part) => part.requests),
    warnings: [...new Set(parts.flatMap((part) => part.warnings))],
  };
}
