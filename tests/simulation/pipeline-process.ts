import './function-environment.ts';
import { fileURLToPath } from 'node:url';
import { EventSourceMapping } from '../../src/local/event-source-mapping/event-source-mapping.ts';
import type { FirehoseDelivery } from '../../src/local/firehose/firehose-delivery.ts';
import type { StageLag } from '../../src/local/http/statistics.ts';
import { AlarmStates } from '../../src/local/iot-core/rule-actions/alarm-states.ts';
import { LogGroups } from '../../src/local/iot-core/rule-actions/log-groups.ts';
import { RulesEngine } from '../../src/local/iot-core/rules-engine.ts';
import { MetricStore } from '../../src/local/lambda/emf-store.ts';
import type { LambdaResult } from '../../src/local/lambda/lambda-function.ts';
import { Ledger } from '../../src/local/ledger.ts';
import { DurableLog } from '../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../src/local/log/kinesis-stream.ts';
import { StreamingApplication } from '../../src/local/streaming-application.ts';
import type { Timers } from '../../src/local/timers.ts';
import { readRuleFiles } from '../../src/topic-rules/rule-file.ts';
import { planOf } from './application-plan.ts';
import { DELIVERY_STREAM, startDeliveryStream } from './delivery-stream.ts';
import type { SentEvent } from './fleet.ts';
import { ACCOUNT, ARCHIVE_BUCKET } from './function-environment.ts';
import type { Handler } from './functions.ts';
import { ERRORS_STREAM, FAN_OUT_RULE, Queues } from './queues.ts';
import { sabotaged } from './sabotage.ts';
import { forgetWeeklyTables, type SimulatedAws } from './simulated-aws.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { functionsOf, type StreamFunction, settingsOf } from './stream-functions.ts';
import type { Part, WorldOptions } from './world-options.ts';

export const FAILURES_BUCKET = 'failures';
const RULES_FOLDER = fileURLToPath(new URL('../../rules', import.meta.url));
const TELEMETRY = readRuleFiles(RULES_FOLDER).find(({ name }) => name === 'telemetry')!.sql;
const TRIM_MILLIS = 60_000;

export interface PipelineProcessOptions {
  readonly options: WorldOptions;
  readonly timers: Timers;
  readonly nowMillis: () => number;
  readonly random: () => number;
  readonly disk: SimulatedDisk;
  readonly aws: SimulatedAws;
  readonly isAlive: () => boolean;
  /** Runs a function as Lambda would, with what can go wrong on the way to it and back. */
  readonly invoke: (functionName: string, handler: Handler, event: Uint8Array) => Promise<LambdaResult>;
  /** The same for the functions behind queues, which do nothing but take their event. */
  readonly invokeText: (functionName: string, event: string) => Promise<LambdaResult>;
  readonly report: (text: string) => void;
}

/** One life of the runtime's core: the real classes, wired as the runtime wires them, on a simulated disk and clock. */
export class PipelineProcess {
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly readings: KinesisStream;
  readonly windows: KinesisStream;
  readonly #options: PipelineProcessOptions;
  #rules: RulesEngine | undefined;
  /** Where a function makes the windows, there is none. */
  #application: StreamingApplication | undefined;
  #delivery: FirehoseDelivery | undefined;
  #queues: Queues | undefined;
  #mappings: readonly EventSourceMapping[] = [];

  private constructor(options: PipelineProcessOptions) {
    this.#options = options;
    const { disk, timers, nowMillis, isAlive } = options;
    const { durability, readingShards, windowShards, retentionHours, sabotage } = options.options;
    this.log = sabotaged(new DurableLog(disk.open(isAlive), { durability, timers }), options.aws, sabotage);
    this.ledger = new Ledger(this.log.readState('ledger'));
    this.log.onCommit(() => this.log.writeState('ledger', this.ledger.encode()));
    const stream = { retentionHours, nowMillis };
    this.readings = KinesisStream.open(this.log, { ...stream, name: 'readings', shardCount: readingShards });
    this.windows = KinesisStream.open(this.log, { ...stream, name: 'windows', shardCount: windowShards });
  }

  static async start(options: PipelineProcessOptions): Promise<PipelineProcess> {
    forgetWeeklyTables();
    const process = new PipelineProcess(options);
    await process.#start();
    return process;
  }

  /** A message at the door. Calls back when it may be acknowledged. */
  accept({ topic, payload }: SentEvent, done: (error?: Error) => void): void {
    const message = { topic, payload, qos: 1, clientId: 'device' } as const;
    this.#rules!.route(message, this.#options.nowMillis());
    this.log.whenDurable(done);
  }

  /** Records that still have to be read by someone. */
  get backlog(): number {
    const waiting = [
      ...this.#rules!.lag(),
      ...(this.#queues?.lag() ?? []),
      ...this.#readers.map((each) => each.lag()),
    ];
    return waiting.reduce((sum, { backlog }) => sum + backlog, 0);
  }

  get openKeys(): number {
    return this.#application?.stats().openKeys ?? 0;
  }

  get #readers(): readonly { lag(): StageLag }[] {
    const readers = [this.#application, this.#delivery, ...this.#mappings];
    return readers.filter((reader) => reader !== undefined);
  }

  async #start(): Promise<void> {
    const { options, timers, nowMillis, report } = this.#options;
    const { log, ledger } = this;
    const streams = new Map([this.readings, this.windows].map((stream) => [stream.name, stream]));
    this.#options.aws.host = { log, streams };
    const putObject = (bucket: string, key: string, body: Uint8Array): Promise<void> =>
      this.#options.aws.putObject(bucket, key, body);
    const has = (part: Part): boolean => options.parts.includes(part);
    if (has('firehose'))
      this.#delivery = startDeliveryStream({
        ...this.#options,
        settings: options.firehose,
        readings: this.readings,
        log,
        ledger,
      });
    if (has('queues'))
      this.#queues = new Queues({
        ...this.#options,
        settings: options.queues,
        invoke: this.#options.invokeText,
        log,
        ledger,
      });
    this.#rules = await RulesEngine.start({
      rules: [this.#rule(), ...(has('queues') ? [FAN_OUT_RULE] : [])],
      rulesFolder: RULES_FOLDER,
      accountId: ACCOUNT,
      targets: this.#targets(streams, putObject),
      log,
      ledger,
      report,
    });
    const base = { log, ledger, streams, nowMillis, timers, report, putObject };
    if (!has('function-windows'))
      this.#application = new StreamingApplication({
        ...base,
        resource: APPLICATION,
        plan: planOf(options.time),
        references: {},
      });
    this.#mappings = functionsOf(options).map((each) => this.#map(each));
    timers.every(TRIM_MILLIS, () => {
      for (const stream of streams.values()) stream.trim(nowMillis());
      this.#rules!.trim();
      this.#queues?.trim();
    });
  }

  #rule() {
    const toDelivery = { kind: 'Firehose', members: { DeliveryStreamName: DELIVERY_STREAM, RoleArn: 'r' } };
    const isDirect = this.#delivery?.isDirect ?? false;
    return { ...RULE, sql: TELEMETRY, actions: [...RULE.actions, ...(isDirect ? [toDelivery] : [])] };
  }

  #targets(
    streams: ReadonlyMap<string, KinesisStream>,
    putObject: (bucket: string, key: string, body: Uint8Array) => Promise<void>,
  ) {
    const refuse = (): never => {
      throw new Error('No rule of the simulation asks for this');
    };
    return {
      streams: this.#queues ? new Map([...streams, [ERRORS_STREAM, this.#queues.errors]]) : streams,
      deliveryStreams: new Map(this.#delivery && [[DELIVERY_STREAM, this.#delivery.stream]]),
      functionQueues: new Map<string, (event: string) => void>(),
      buckets: new Set([ARCHIVE_BUCKET]),
      putObject,
      callDynamodb: async () => refuse(),
      topics: new Set<string>(),
      queues: new Set<string>(),
      messaging: async () => refuse(),
      region: 'us-east-1',
      metrics: new MetricStore(),
      alarms: new AlarmStates(this.log),
      logGroups: new LogGroups('unused'),
      republish: async () => refuse(),
      allowedHttpHosts: new Set<string>(),
      nowMillis: this.#options.nowMillis,
      ...this.#queues?.targets,
    };
  }

  #map(each: StreamFunction): EventSourceMapping {
    const { name, handler, stage, tumblingWindowSeconds } = each;
    const stream = this[each.stream];
    const { options, nowMillis, timers, random, report, invoke, aws } = this.#options;
    return EventSourceMapping.start({
      mapping: {
        ...settingsOf(options, each),
        logicalId: name,
        functionName: name,
        streamArn: stream.arn,
        startingPosition: 'TRIM_HORIZON',
        maximumRecordAgeSeconds: -1,
        reportBatchItemFailures: true,
        tumblingWindowSeconds,
        onFailureArn: `arn:aws:s3:::${FAILURES_BUCKET}`,
        filterPatterns: [],
      },
      functionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`,
      region: 'us-east-1',
      stream,
      log: this.log,
      stageName: stage,
      stage: this.ledger.stage(stage),
      invoke: (functionName, event) => invoke(functionName, handler, event),
      onFailure: (_, { key, body }) => aws.putObject(FAILURES_BUCKET, key, Buffer.from(body)),
      nowMillis,
      timers,
      random,
      report,
    });
  }
}

const RULE = {
  logicalId: 'TelemetryRule',
  name: 'telemetry',
  arn: `arn:aws:iot:us-east-1:${ACCOUNT}:rule/telemetry`,
  sqlVersion: '2016-03-23',
  actions: [
    { kind: 'Kinesis', members: { StreamName: 'readings', PartitionKey: `\${topic(6)}`, RoleArn: 'r' } },
  ],
  errorAction: undefined,
} as const;

const APPLICATION = {
  name: 'weather-windows',
  file: '',
  inputStream: 'readings',
  outputs: [{ from: 'DESTINATION_SQL_STREAM', stream: 'windows', partitionKey: 'sensor_id' }],
  references: [],
  rejectedBucket: ARCHIVE_BUCKET,
};
