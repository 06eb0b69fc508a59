import type { CompiledRule, RuleMessage } from '../../iot-sql/index.ts';
import type { RuleAction, TopicRuleResource } from '../../stack/stack.ts';
import { textOf } from '../../stack/template.ts';
import { LocalError } from '../local-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';

/** What rule actions can reach, by the names of the template. */
export interface RuleActionTargets {
  readonly streams: ReadonlyMap<string, KinesisStream>;
  /** The buffers of the delivery streams. */
  readonly deliveryStreams: ReadonlyMap<string, KinesisStream>;
  /** The asynchronous queues of the functions, by ARN. */
  readonly functionQueues: ReadonlyMap<string, (event: string) => void>;
  readonly putObject: (bucketName: string, key: string, body: Uint8Array) => void;
  /** Called once for each action that has no stand-in. */
  readonly onNotEmulated: (ruleName: string, actionKind: string) => void;
}

/** Runs one action on what its rule gave. Returns why it failed, if it did. */
export type RunAction = (output: string | Uint8Array, message: RuleMessage) => ActionFailure | undefined;

/** An entry of `failures` in the message of an error action (AWS IoT developer guide, rule-error-handling). */
export interface ActionFailure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

interface ActionContext {
  readonly rule: CompiledRule;
  readonly ruleName: string;
  readonly targets: RuleActionTargets;
}

/** Undefined when the action has no stand-in, which is reported. @throws LocalError when its target is not in the stack */
export function compileAction(
  action: RuleAction,
  rule: CompiledRule,
  resource: TopicRuleResource,
  targets: RuleActionTargets,
): RunAction | undefined {
  const compile = COMPILERS[action.kind];
  if (!compile) {
    targets.onNotEmulated(resource.name, action.kind);
    return undefined;
  }
  return compile(action, { rule, ruleName: resource.name, targets });
}

const COMPILERS: Readonly<Record<string, (action: RuleAction, context: ActionContext) => RunAction>> = {
  Kinesis: compileKinesis,
  Firehose: compileFirehose,
  Lambda: compileLambda,
  S3: compileS3,
};

function compileKinesis({ members }: RuleAction, { rule, ruleName, targets }: ActionContext): RunAction {
  const name = textOf(members, 'StreamName') ?? '';
  const stream = target(targets.streams, name, `rule '${ruleName}'`);
  const partitionKey = compileText(rule, textOf(members, 'PartitionKey') ?? '');
  return (output, message) => {
    const key = partitionKey(message);
    if (!key) return failure('Kinesis', name, 'the partition key is undefined');
    stream.append(key, asRecord(output));
    return undefined;
  };
}

function compileFirehose({ members }: RuleAction, { ruleName, targets }: ActionContext): RunAction {
  const delivery = target(
    targets.deliveryStreams,
    textOf(members, 'DeliveryStreamName') ?? '',
    `rule '${ruleName}'`,
  );
  const separator = textOf(members, 'Separator') ?? '';
  return (output) => {
    delivery.append(
      '',
      typeof output === 'string' ? output + separator : Buffer.concat([output, Buffer.from(separator)]),
    );
    return undefined;
  };
}

function compileLambda({ members }: RuleAction, { ruleName, targets }: ActionContext): RunAction {
  const arn = textOf(members, 'FunctionArn') ?? '';
  const invoke = target(targets.functionQueues, arn, `rule '${ruleName}'`);
  return (output) => {
    if (typeof output !== 'string')
      return failure('Lambda', arn, 'a payload that is not JSON cannot be an event');
    try {
      invoke(output);
      return undefined;
    } catch (error) {
      return failure('Lambda', arn, (error as Error).message);
    }
  };
}

function compileS3({ members }: RuleAction, { rule, targets }: ActionContext): RunAction {
  const bucketName = textOf(members, 'BucketName') ?? '';
  const key = compileText(rule, textOf(members, 'Key') ?? '');
  return (output, message) => {
    targets.putObject(bucketName, key(message), Buffer.from(output as string));
    return undefined;
  };
}

/** What depends on nothing but the topic is computed once for each topic. */
function compileText(rule: CompiledRule, text: string): (message: RuleMessage) => string {
  const template = rule.compileTemplate(text);
  if (!ONLY_TOPIC.test(text)) return (message) => template.evaluate(message);
  return (message) => message.topic.memoized(template, () => template.evaluate(message));
}

const ONLY_TOPIC = /^\$\{topic\(\d*\)\}$/;

function asRecord(output: string | Uint8Array): string | Buffer {
  return typeof output === 'string' ? output : Buffer.from(output);
}

function failure(kind: string, failedResource: string, errorMessage: string): ActionFailure {
  return { failedAction: `${kind}Action`, failedResource, errorMessage };
}

function target<Target>(targets: ReadonlyMap<string, Target>, name: string, owner: string): Target {
  const found = targets.get(name);
  if (!found) throw new LocalError(`Cannot start ${owner}: its target '${name}' is not in the stack`);
  return found;
}
