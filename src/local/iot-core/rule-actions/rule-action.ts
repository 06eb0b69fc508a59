import type { RuleMessage } from '../../../iot-sql/index.ts';
import type { Properties } from '../../../stack/template.ts';
import { LocalError } from '../../local-error.ts';
import type { ArrivedMessage } from '../arrived-message.ts';

/** An entry of `failures` in the message of an error action (AWS IoT developer guide, rule-error-handling). */
export interface ActionFailure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

/** What a rule hands to its actions: the result of SELECT, JSON text or bytes, and the message it was made from. */
export interface RuleOutput {
  readonly output: string | Uint8Array;
  readonly message: RuleMessage;
  readonly arrived: ArrivedMessage;
}

/** Runs one action, or puts it where it is carried out later. Returns why it failed, if it is known at once. */
export type RunAction = (result: RuleOutput) => ActionFailure | undefined;

/** One action on one message, with its templates replaced: all that is needed to carry it out later. */
export interface Delivery {
  readonly ruleName: string;
  readonly kind: string;
  readonly members: Properties;
  /** What the rule gave: JSON text, or bytes. */
  readonly output: string | Buffer;
  readonly source: ArrivedMessage;
}

/**
 * Carries a delivery out; resolves when its target has it. A rejection is tried again, unless it is a
 * {@link DeliveryError} that is final.
 */
export type Deliver = (delivery: Delivery) => Promise<void>;

/** A target did not take a delivery. */
export class DeliveryError extends LocalError {
  override name = 'DeliveryError';
  /** A few words without anything of the message in them, for counting. */
  readonly reason: string;
  /** Trying again would fail again. */
  readonly isFinal: boolean;

  constructor(reason: string, message = reason, options: ErrorOptions & { readonly isFinal?: boolean } = {}) {
    super(message, options);
    this.reason = reason;
    this.isFinal = options.isFinal ?? true;
  }
}

/** The members that name what an action acts on, for `failedResource`. */
const RESOURCE_MEMBERS: Readonly<Record<string, string>> = {
  CloudwatchAlarm: 'AlarmName',
  CloudwatchLogs: 'LogGroupName',
  CloudwatchMetric: 'MetricName',
  DynamoDB: 'TableName',
  Firehose: 'DeliveryStreamName',
  Http: 'Url',
  Kinesis: 'StreamName',
  Lambda: 'FunctionArn',
  Republish: 'Topic',
  S3: 'BucketName',
  Sns: 'TargetArn',
  Sqs: 'QueueUrl',
};

/** What an action acts on, by its resolved members. */
export function resourceOf(kind: string, members: Properties): string {
  if (kind === 'DynamoDBv2') return String((members.PutItem as Properties | undefined)?.TableName ?? '');
  return String(members[RESOURCE_MEMBERS[kind] ?? ''] ?? '');
}

/** An entry for the error action: `failedAction` is `<Kind>Action`. */
export function failureOf(kind: string, members: Properties, errorMessage: string): ActionFailure {
  return { failedAction: `${kind}Action`, failedResource: resourceOf(kind, members), errorMessage };
}
