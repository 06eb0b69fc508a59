import { QueueMapping } from '../../src/local/event-source-mapping/queue-mapping.ts';
import type { StageLag } from '../../src/local/http/statistics.ts';
import type { LambdaResult } from '../../src/local/lambda/lambda-function.ts';
import { LambdaQueue } from '../../src/local/lambda/lambda-queue.ts';
import type { Ledger } from '../../src/local/ledger.ts';
import type { DurableLog } from '../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../src/local/log/kinesis-stream.ts';
import { createSqsFace } from '../../src/local/sqs/sqs-face.ts';
import { SqsQueue } from '../../src/local/sqs/sqs-queue.ts';
import { ACCOUNT } from './function-environment.ts';
import type { SimulatedAws } from './simulated-aws.ts';
import type { QueueSettings } from './world-options.ts';

export const ACTIONS_BUCKET = 'actions';
export const QUEUE_FAILURES_BUCKET = 'queue-failures';
export const ERRORS_STREAM = 'errors';
export const QUEUE = 'gateway';
export const DEAD_LETTERS = 'gateway-dead';
/** The functions behind the queue and behind the rule's Lambda action. */
export const QUEUE_FUNCTION = 'read-gateway';
export const EVENT_FUNCTION = 'on-reading';
/** Of whose messages the rule takes; every world has it. */
export const FAN_OUT_STATION = 'st1';
const TOPIC_ARN = `arn:aws:sns:us-east-1:${ACCOUNT}:readings`;
const FUNCTION_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${EVENT_FUNCTION}`;
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
const queueUrl = (name: string): string => `http://localhost/${ACCOUNT}/${name}`;

/** A rule whose actions all go through queues; what is given up goes to a stream. */
export const FAN_OUT_RULE = {
  logicalId: 'FanOutRule',
  name: 'fan_out',
  arn: `arn:aws:iot:us-east-1:${ACCOUNT}:rule/fan_out`,
  sqlVersion: '2016-03-23',
  sql: `SELECT * FROM 'weather/+/+/${FAN_OUT_STATION}/+/+' WHERE NOT isUndefined(cast(sensor_timestamp AS int)) AND NOT isUndefined(cast(sensor_value AS float))`,
  actions: [
    { kind: 'S3', members: { BucketName: ACTIONS_BUCKET, Key: `\${sensor_value}`, RoleArn: 'r' } },
    { kind: 'Sqs', members: { QueueUrl: queueUrl(QUEUE), RoleArn: 'r' } },
    { kind: 'Sns', members: { TargetArn: TOPIC_ARN, RoleArn: 'r' } },
    { kind: 'Lambda', members: { FunctionArn: FUNCTION_ARN } },
  ],
  errorAction: {
    kind: 'Kinesis',
    members: { StreamName: ERRORS_STREAM, PartitionKey: `\${topic()}`, RoleArn: 'r' },
  },
} as const;

export interface QueuesOptions {
  readonly settings: QueueSettings;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly aws: SimulatedAws;
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
  readonly invoke: (functionName: string, event: string) => Promise<LambdaResult>;
}

/** The queues of a world: SQS with dead letters and a function that reads it, and the one of asynchronous invocations. */
export class Queues {
  readonly errors: KinesisStream;
  readonly #queue: SqsQueue;
  readonly #deadLetters: SqsQueue;
  readonly #events: LambdaQueue;
  readonly #options: QueuesOptions;

  constructor(options: QueuesOptions) {
    this.#options = options;
    const { settings, log, ledger, nowMillis, aws } = options;
    this.errors = KinesisStream.open(log, {
      name: ERRORS_STREAM,
      shardCount: 1,
      retentionHours: 24,
      nowMillis,
    });
    this.#deadLetters = this.#openQueue(DEAD_LETTERS);
    this.#queue = this.#openQueue(QUEUE, this.#deadLetters);
    QueueMapping.start({
      mapping: {
        logicalId: 'ReadGateway',
        functionName: QUEUE_FUNCTION,
        queueArn: queueArn(QUEUE),
        batchSize: settings.batchSize,
        batchWindowSeconds: 1,
        reportBatchItemFailures: false,
        maximumConcurrency: 2,
      },
      queue: this.#queue,
      region: 'us-east-1',
      log,
      invoke: options.invoke,
      report: options.report,
    });
    const stageName = `queue ${EVENT_FUNCTION}`;
    this.#events = LambdaQueue.start({
      functionName: EVENT_FUNCTION,
      functionArn: FUNCTION_ARN,
      log,
      stageName,
      stage: ledger.stage(stageName),
      invoke: options.invoke,
      onFailureArn: `arn:aws:s3:::${QUEUE_FAILURES_BUCKET}`,
      onFailure: (_, { key, body }) => aws.putFile(QUEUE_FAILURES_BUCKET, key, Buffer.from(body)),
      report: options.report,
      concurrency: settings.concurrency,
      retryBaseMillis: settings.retryBaseMillis,
      nowMillis,
    });
  }

  /** What the actions of rules reach. */
  get targets() {
    const { aws, log } = this.#options;
    const queues = new Map([this.#queue, this.#deadLetters].map((queue) => [queue.resource.name, queue]));
    return {
      buckets: new Set([ACTIONS_BUCKET]),
      topics: new Set([TOPIC_ARN]),
      queues: new Set(queues.keys()),
      messaging: createSqsFace({ queues, accountId: ACCOUNT, log, others: (request) => aws.notify(request) }),
      functionQueues: new Map([[FUNCTION_ARN, (event: string) => this.#events.sendText(event)]]),
    };
  }

  lag(): StageLag[] {
    return [this.#queue.lag(), this.#events.lag()];
  }

  trim(): void {
    for (const each of [this.#queue, this.#deadLetters, this.#events]) each.trim();
  }

  #openQueue(name: string, deadLetters?: SqsQueue): SqsQueue {
    const { settings, log, ledger, nowMillis } = this.#options;
    const { visibilityTimeoutSeconds, maximumReceives } = settings;
    const stageName = `queue ${name}`;
    return new SqsQueue({
      resource: {
        logicalId: name,
        name,
        arn: queueArn(name),
        url: queueUrl(name),
        visibilityTimeoutSeconds,
        retentionSeconds: 14 * 86_400,
        maximumMessageBytes: 1_048_576,
        ...(deadLetters && { redrive: { queueArn: deadLetters.resource.arn, maximumReceives } }),
      },
      log,
      stageName,
      stage: ledger.stage(stageName),
      ...(deadLetters && { deadLetters }),
      nowMillis,
    });
  }
}
