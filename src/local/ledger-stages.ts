import { basename } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import {
  DELIVERIES_STAGE,
  DEVICE_SERVICES_STAGE,
  HTTP_STAGE,
  MQTT_STAGE,
  producersStage,
  REJECTED_STAGE,
  ROUTING_STAGE,
  type StageEntry,
} from './ledger.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';

/** What the log says of a stream: all that was ever put on it, and what of that is durable. */
export function streamStage(stream: KinesisStream): StageEntry {
  const { appendedCount, recordCount } = stream;
  return {
    stage: streamStageName(stream.name),
    in: appendedCount,
    out: recordCount,
    dropped: {},
    inFlight: appendedCount - recordCount,
    balanced: true,
  };
}

/**
 * The stages of a stack in the order in which data flows: what comes in, rules and their actions, queues, then each stream with
 * what puts on it and what reads it.
 */
export function stageOrder(stack: Stack): string[] {
  const { topicRules, queues, functions, queueMappings, streams } = stack;
  const functionOf = (wanted: string): string[] =>
    functions.filter(({ name }) => name === wanted).map(({ file }) => basename(file, '.ts'));
  return [
    ...[MQTT_STAGE, HTTP_STAGE, DEVICE_SERVICES_STAGE, DELIVERIES_STAGE, ROUTING_STAGE],
    ...topicRules.flatMap(({ name, actions }) => [
      `rule ${name}`,
      ...actionLabels(actions).map((label) => `action ${name}.${label}`),
    ]),
    ...topicRules.flatMap(({ name, errorAction }) =>
      errorAction ? [`error action ${name}.${errorAction.kind}`] : [],
    ),
    ...functions.map(({ file }) => `queue ${basename(file, '.ts')}`),
    ...queues.map(({ name }) => `queue ${name}`),
    ...queueMappings
      .flatMap(({ functionName }) => functionOf(functionName))
      .map((name) => `function ${name}`),
    ...streams.flatMap(({ name, arn }) => [
      producersStage(name),
      streamStageName(name),
      ...stack.deliveryStreams
        .filter(({ sourceStreamArn }) => sourceStreamArn === arn)
        .map((delivery) => `delivery ${delivery.name}`),
      ...stack.eventSourceMappings
        .filter(({ streamArn }) => streamArn === arn)
        .flatMap(({ functionName }) => functionOf(functionName))
        .map((each) => `function ${each}`),
      ...stack.applications
        .filter(({ inputStream }) => inputStream === name)
        .flatMap((application) => [`windows ${application.name}`, `rows ${application.name}`]),
    ]),
    REJECTED_STAGE,
  ];
}

function streamStageName(name: string): string {
  return `stream ${name}`;
}

/** `S3`, and `S3#2` for the second one of a rule. */
function actionLabels(actions: readonly { readonly kind: string }[]): string[] {
  const used = new Map<string, number>();
  return actions.map(({ kind }) => {
    const count = (used.get(kind) ?? 0) + 1;
    used.set(kind, count);
    return count === 1 ? kind : `${kind}#${count}`;
  });
}
