import { basename } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import { EventSourceMapping } from './event-source-mapping/event-source-mapping.ts';
import type { FailureDocument } from './event-source-mapping/event-source-mapping-event.ts';
import { QueueMapping, concurrencyOf as queueConcurrency } from './event-source-mapping/queue-mapping.ts';
import type { StageLag } from './http/statistics.ts';
import { unqualified } from './iot-core/rule-actions/stream-actions.ts';
import { LambdaQueue } from './lambda/lambda-queue.ts';
import { LambdaRuntime } from './lambda/lambda-runtime.ts';
import type { LocalPort } from './lambda/lambda-sandbox.ts';
import type { Rejections } from './lambda/reported-rejections.ts';
import { movableClock, startSchedules } from './lambda/schedule.ts';
import { type Ledger, REJECTED_STAGE } from './ledger.ts';
import { LocalError } from './local-error.ts';
import type { DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { SqsQueue } from './sqs/sqs-queue.ts';

export interface StartFunctionsOptions {
  readonly stack: Stack;
  readonly projectFolder: string;
  readonly dataFolder: string;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  /** The queues that are kept on the log, by name. */
  readonly sqsQueues: ReadonlyMap<string, SqsQueue>;
  readonly endpoints: { readonly aws: string; readonly dynamodb: string };
  readonly ports: Readonly<Record<string, LocalPort>>;
  readonly strict: boolean;
  /** Functions that something else in this process stands in for: they are neither compiled nor invoked. */
  readonly replacedFunctions: ReadonlySet<string>;
  readonly onFailure: (destinationArn: string, document: FailureDocument) => Promise<void>;
  /** The clock that schedules keep to; the system's when absent. */
  readonly nowMillis?: () => number;
  readonly report: (text: string) => void;
}

/** The stack's functions, running. */
export interface RunningFunctions {
  readonly runtime: LambdaRuntime;
  /** By ARN: hands an event to the function's asynchronous queue. */
  readonly queues: ReadonlyMap<string, LambdaQueue>;
  /** Starts to read the streams and to keep the schedules. */
  listen(): void;
  lag(): StageLag[];
  stop(): Promise<void>;
}

/** Compiles the functions; nothing is invoked before `listen`. @throws BundleError when one does not compile */
export async function startFunctions(options: StartFunctionsOptions): Promise<RunningFunctions> {
  const { stack, replacedFunctions } = options;
  const runtime = await LambdaRuntime.start({
    ...options,
    // Without the in-process operations, what dynalite lacks is behind the common endpoint.
    endpoints: options.strict ? { aws: options.endpoints.aws } : options.endpoints,
    functions: stack.functions.filter(({ name }) => !replacedFunctions.has(name)),
    region: stack.region,
    concurrency: concurrencyOf(stack),
  });
  const queues = startQueues(options, runtime);
  let mappings: readonly EventSourceMapping[] = [];
  let queueMappings: readonly QueueMapping[] = [];
  let stopSchedules = (): void => {};
  return {
    runtime,
    queues,
    listen() {
      mappings = stack.eventSourceMappings
        .filter(({ functionName }) => !replacedFunctions.has(functionName))
        .map((mapping) => startMapping(mapping, options, runtime));
      queueMappings = stack.queueMappings
        .filter(({ functionName }) => !replacedFunctions.has(functionName))
        .map((mapping) => startQueueMapping(mapping, options, runtime));
      const byName = new Map(stack.functions.map(({ name, arn }) => [name, queues.get(arn)!]));
      stopSchedules = startSchedules({
        ...stack,
        invoke: (name, event) => byName.get(name)?.send(event),
        clock: movableClock(options.nowMillis ?? Date.now),
      });
    },
    lag: () => [...mappings, ...queues.values()].map((consumer) => consumer.lag()),
    async stop() {
      stopSchedules();
      const consumers = [...mappings, ...queueMappings, ...queues.values()];
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await runtime.stop();
    },
  };
}

/** Lambda runs one invocation for each shard and parallel lane (Lambda developer guide, Kinesis event source mappings). */
function concurrencyOf({ streams, eventSourceMappings, queueMappings }: Stack): Record<string, number> {
  const shardsOf = (arn: string): number => streams.find((stream) => stream.arn === arn)?.shardCount ?? 1;
  return Object.fromEntries([
    ...eventSourceMappings.map(({ functionName, streamArn, parallelizationFactor }) => [
      functionName,
      shardsOf(streamArn) * parallelizationFactor,
    ]),
    ...queueMappings.map((mapping) => [mapping.functionName, queueConcurrency(mapping)]),
  ]);
}

function startQueues(
  options: StartFunctionsOptions,
  runtime: LambdaRuntime,
): ReadonlyMap<string, LambdaQueue> {
  const { stack, ledger } = options;
  const queues = stack.functions
    .filter(isInvokedAsynchronously(stack))
    .map(({ name, arn, file, asyncRetryAttempts, asyncFailureArn }) => {
      const stageName = `queue ${shortName(file)}`;
      const queue = LambdaQueue.start({
        ...options,
        functionName: name,
        functionArn: arn,
        stageName,
        stage: ledger.stage(stageName),
        invoke: (functionName, event) => runtime.invokeJson(functionName, event),
        onRejected: (rejections) => countRejections(rejections, options.ledger),
        maximumRetryAttempts: asyncRetryAttempts,
        ...(asyncFailureArn !== undefined && { onFailureArn: asyncFailureArn }),
      });
      return [arn, queue] as const;
    });
  return new Map(queues);
}

/** Rules and schedules hand events over; everything else waits for the answer. */
function isInvokedAsynchronously({
  topicRules,
  schedules,
}: Stack): (lambda: Stack['functions'][number]) => boolean {
  const byRules = topicRules
    .flatMap(({ actions, errorAction }) => [...actions, ...(errorAction ? [errorAction] : [])])
    .filter(({ kind }) => kind === 'Lambda')
    .map(({ members }) => String(members.FunctionArn));
  // What a template leads to is known only when a message comes.
  const mayBeAny = byRules.some((arn) => arn.includes('${'));
  const arns = byRules.map(unqualified);
  return ({ arn, name }) =>
    mayBeAny || arns.includes(arn) || schedules.some(({ functionName }) => functionName === name);
}

function startMapping(
  mapping: Stack['eventSourceMappings'][number],
  options: StartFunctionsOptions,
  runtime: LambdaRuntime,
): EventSourceMapping {
  const { stack, ledger, streams } = options;
  const lambda = stack.functions.find(({ name }) => name === mapping.functionName)!;
  const stream = [...streams.values()].find(({ arn }) => arn === mapping.streamArn);
  if (!stream)
    throw new LocalError(
      `Cannot start '${mapping.logicalId}': its stream ${mapping.streamArn} is not in the stack`,
    );
  const stageName = `function ${shortName(lambda.file)}`;
  return EventSourceMapping.start({
    ...options,
    mapping,
    stream,
    functionArn: lambda.arn,
    region: stack.region,
    stageName,
    stage: ledger.stage(stageName),
    invoke: (functionName, event) => runtime.invokeJson(functionName, event),
    onRejected: (rejections) => countRejections(rejections, options.ledger),
    onConcurrency: (batches) => runtime.setConcurrency(lambda.name, batches),
  });
}

function startQueueMapping(
  mapping: Stack['queueMappings'][number],
  options: StartFunctionsOptions,
  runtime: LambdaRuntime,
): QueueMapping {
  const name = mapping.queueArn.slice(mapping.queueArn.lastIndexOf(':') + 1);
  return QueueMapping.start({
    ...options,
    mapping,
    queue: options.sqsQueues.get(name)!,
    region: options.stack.region,
    invoke: (functionName, event) => runtime.invokeJson(functionName, event),
    onRejected: (rejections) => countRejections(rejections, options.ledger),
  });
}

/** `functions/store-readings.ts` is `store-readings`. */
function shortName(file: string): string {
  return basename(file, '.ts');
}

/** Counted in the commit that is done with the event, so that no kill counts it twice or not at all. */
function countRejections(rejections: Rejections, ledger: Ledger): void {
  const stage = ledger.stage(REJECTED_STAGE);
  for (const [reason, count] of Object.entries(rejections)) {
    stage.in(count);
    stage.drop(reason, count);
  }
}
