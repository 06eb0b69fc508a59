import { join } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import type { DeviceServices } from './iot-core/device-services.ts';
import type { MqttDoor } from './iot-core/mqtt-door.ts';
import { AlarmStates } from './iot-core/rule-actions/alarm-states.ts';
import { LogGroups } from './iot-core/rule-actions/log-groups.ts';
import type { RuleActionTargets } from './iot-core/rule-actions/rule-action-targets.ts';
import { createRuleExternalFunctions } from './iot-core/rule-external-functions.ts';
import { RulesEngine } from './iot-core/rules-engine.ts';
import type { Ledger } from './ledger.ts';
import type { DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { RunningAwsServices } from './start-aws-services.ts';
import type { RunningFunctions } from './start-functions.ts';
import type { KeptMessages } from './trace/kept-messages.ts';

export interface StartRulesOptions {
  readonly projectFolder: string;
  readonly dataFolder: string;
  readonly stack: Stack;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  readonly services: RunningAwsServices;
  readonly deviceServices: DeviceServices;
  readonly functions: RunningFunctions;
  readonly door: MqttDoor;
  /** Keeps the last messages. */
  readonly kept: KeptMessages;
  /** `host` or `host:port` that Http actions may post to. */
  readonly allowedHttpHosts?: readonly string[];
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** The stack's topic rules, with everything their actions and functions reach. */
export interface RunningRules {
  readonly rules: RulesEngine;
  readonly alarms: AlarmStates;
}

/** @throws IotSqlError, TopicRuleError or LocalError that names the rule and what is wrong with it */
export async function startRules(options: StartRulesOptions): Promise<RunningRules> {
  const { stack, projectFolder, services, deviceServices, functions } = options;
  const targets = targetsOf(options);
  const rules = await RulesEngine.start({
    ...options,
    rules: stack.topicRules,
    rulesFolder: join(projectFolder, 'rules'),
    accountId: stack.accountId,
    targets,
    external: createRuleExternalFunctions({
      ...options,
      ...services,
      findShadow: (thingName, shadowName) => deviceServices.shadows.find({ thingName, shadowName }),
      invoke: (name, event) => functions.runtime.invokeJson(name, event),
    }),
  });
  return { rules, alarms: targets.alarms };
}

function targetsOf({
  stack,
  dataFolder,
  log,
  streams,
  services,
  functions,
  door,
  allowedHttpHosts = [],
  nowMillis,
}: StartRulesOptions): RuleActionTargets {
  return {
    streams,
    deliveryStreams: services.deliveryBuffers,
    functionQueues: new Map(
      [...functions.queues].map(([arn, queue]) => [arn, (event: string) => queue.sendText(event)]),
    ),
    buckets: new Set(stack.buckets.map(({ name }) => name)),
    putObject: services.putObject,
    callDynamodb: services.callDynamodb,
    topics: new Set(stack.topics.map(({ arn }) => arn)),
    queues: new Set(stack.queues.map(({ name }) => name)),
    messaging: services.messaging,
    region: stack.region,
    metrics: functions.runtime.metrics,
    alarms: new AlarmStates(log),
    logGroups: new LogGroups(join(dataFolder, 'logs')),
    republish: door.republish,
    allowedHttpHosts: new Set(allowedHttpHosts),
    nowMillis,
  };
}
