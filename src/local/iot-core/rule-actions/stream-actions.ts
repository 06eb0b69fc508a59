import { randomUUID } from 'node:crypto';
import type { CompiledTemplate, RuleMessage } from '../../../iot-sql/index.ts';
import type { CompiledAction } from '../../../topic-rules/compile-action.ts';
import { LocalError } from '../../local-error.ts';
import { splitJsonArray } from './json-array.ts';
import type { RuleOutput } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';

/** Appends what a rule gave to something on the log. Returns in a few words why it could not. */
export type AppendOutput = (result: RuleOutput) => string | undefined;

/** Compiles an action whose target takes records with the commit that the PUBACK waits for. */
export type CompileAppend = (
  action: CompiledAction,
  owner: string,
  targets: RuleActionTargets,
) => AppendOutput;

/** A batch of Firehose (Amazon Data Firehose API reference, PutRecordBatch). */
const MAX_BATCH_RECORDS = 500;

/** Kinesis (AWS IoT developer guide, kinesis-rule-action): one PutRecord. Without a key the records are spread evenly. */
const compileKinesis: CompileAppend = (action, owner, { streams }) => {
  const find = finder(action, owner, 'StreamName', streams);
  const partitionKey = textOf(action.template('PartitionKey'));
  return ({ output, message }) => {
    const stream = find(message);
    if (!stream) return 'there is no such stream';
    const key = partitionKey ? partitionKey(message) : randomUUID();
    if (!key) return 'the partition key is undefined';
    stream.append(key, asRecord(output));
    return undefined;
  };
};

/** Firehose (AWS IoT developer guide, kinesis-firehose-rule-action). */
const compileFirehose: CompileAppend = (action, owner, { deliveryStreams }) => {
  const find = finder(action, owner, 'DeliveryStreamName', deliveryStreams);
  const separator = String(action.members.Separator ?? '');
  const isBatch = isTrue(action.members.BatchMode);
  return ({ output, message }) => {
    const delivery = find(message);
    if (!delivery) return 'there is no such delivery stream';
    const elements = isBatch && typeof output === 'string' ? splitJsonArray(output) : undefined;
    if (elements && elements.length > MAX_BATCH_RECORDS)
      return `a batch may have at most ${MAX_BATCH_RECORDS} records`;
    for (const record of elements ?? [output])
      delivery.append(
        '',
        typeof record === 'string' ? record + separator : Buffer.concat([record, Buffer.from(separator)]),
      );
    return undefined;
  };
};

/** Lambda (AWS IoT developer guide, lambda-rule-action): an asynchronous invocation; a version or alias is the function. */
const compileLambda: CompileAppend = (action, owner, { functionQueues }) => {
  const find = finder(action, owner, 'FunctionArn', functionQueues, unqualified);
  return ({ output, message }) => {
    const invoke = find(message);
    if (!invoke) return 'there is no such function';
    if (typeof output !== 'string') return 'a payload that is not JSON cannot be an event';
    try {
      invoke(output);
      return undefined;
    } catch {
      return 'the event is larger than Lambda takes';
    }
  };
};

/** The actions that the hot path carries out itself. */
export const APPEND_ACTIONS: Readonly<Record<string, CompileAppend>> = {
  Kinesis: compileKinesis,
  Firehose: compileFirehose,
  Lambda: compileLambda,
};

/** `arn:aws:lambda:<region>:<account>:function:<name>` without the version or alias behind it. */
export function unqualified(functionArn: string): string {
  return functionArn.split(':').slice(0, 7).join(':');
}

/** Finds the target that a member names, once for all when it has no template. @throws LocalError when there is none */
function finder<Target>(
  action: CompiledAction,
  owner: string,
  member: string,
  targets: ReadonlyMap<string, Target>,
  nameOf: (text: string) => string = (text) => text,
): (message: RuleMessage) => Target | undefined {
  const template = action.template(member)!;
  if (!template.isConstant) return (message) => targets.get(nameOf(template.evaluate(message)));
  const found = targets.get(nameOf(template.text));
  if (!found)
    throw new LocalError(
      `Cannot start ${owner}: the target '${template.text}' of its ${action.kind} action is not in the stack`,
    );
  return () => found;
}

/** What depends on nothing but the topic is computed once for each topic. */
function textOf(template: CompiledTemplate | undefined): ((message: RuleMessage) => string) | undefined {
  if (!template) return undefined;
  if (!ONLY_TOPIC.test(template.text)) return (message) => template.evaluate(message);
  return (message) => message.topic.memoized(template, () => template.evaluate(message));
}

const ONLY_TOPIC = /^\$\{topic\(\d*\)\}$/;

function asRecord(output: string | Uint8Array): string | Buffer {
  return typeof output === 'string' ? output : Buffer.from(output);
}

/** A flag of the template, which may be a text there. */
export function isTrue(value: unknown): boolean {
  return String(value) === 'true';
}
