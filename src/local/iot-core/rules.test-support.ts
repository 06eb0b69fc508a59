import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { expect } from 'vitest';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import type { TemplateResource } from '../../stack/template.ts';
import { AlertLog } from '../http/alert-log.ts';
import { Ledger, type LedgerReport, type StageEntry } from '../ledger.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import type { SqsQueue } from '../sqs/sqs-queue.ts';
import { type RunningAwsServices, startAwsServices } from '../start-aws-services.ts';
import { type RunningFunctions, startFunctions } from '../start-functions.ts';
import { type RunningRules, startRules } from '../start-rules.ts';
import { KeptMessages } from '../trace/kept-messages.ts';
import { DeviceServices } from './device-services.ts';
import { iotDataFace } from './iot-data.ts';
import { MqttDoor } from './mqtt-door.ts';
import { Provisioning } from './provisioning/provisioning.ts';
import { DeviceRegistry } from './registry/device-registry.ts';
import { openLocalAuthority } from './tls/local-authority.ts';

/** Where functions find their packages. */
const packageFolder = resolve(import.meta.dirname, '../../..');

export const RoleArn = 'arn:aws:iam::000000000000:role/r';

/** A rule as a template has it. */
export function rule(
  RuleName: string,
  Sql: string,
  Actions: readonly object[],
  extra: object = {},
): TemplateResource {
  const TopicRulePayload = { AwsIotSqlVersion: '2016-03-23', Sql, Actions, ...extra };
  return { Type: 'AWS::IoT::TopicRule', Properties: { RuleName, TopicRulePayload } };
}

export interface RulesStageOptions {
  readonly resources: Readonly<Record<string, TemplateResource>>;
  /** Sources by file name, `handlers.ts` for example. */
  readonly files?: Readonly<Record<string, string>>;
  readonly allowedHttpHosts?: readonly string[];
}

/** A message as a subscriber got it. */
export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

/** Broker, rules and everything that actions reach, of a literal template, on a folder of its own. */
export class RulesStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'mesonet-rules-'));
  readonly reports: string[] = [];
  alerts!: AlertLog;
  services!: RunningAwsServices;
  functions!: RunningFunctions;
  running!: RunningRules;
  streams!: ReadonlyMap<string, KinesisStream>;
  client!: MqttClient;
  #port = 0;
  #offsetMillis = 0;
  #log!: DurableLog;
  #ledger!: Ledger;
  #clients: MqttClient[] = [];
  #stops: (() => Promise<unknown>)[] = [];

  static async start(options: RulesStageOptions): Promise<RulesStage> {
    const stage = new RulesStage();
    mkdirSync(join(stage.folder, 'rules'));
    for (const [name, text] of Object.entries(options.files ?? {}))
      writeFileSync(join(stage.folder, name), text);
    await stage.open(options);
    return stage;
  }

  async open({ resources, allowedHttpHosts = [] }: RulesStageOptions): Promise<void> {
    const stack = readStack({ Resources: resources }, this.folder, LOCAL_PLACE);
    const log = DurableLog.open({ folder: join(this.folder, 'log'), durability: 'process' });
    this.#stops = [() => log.close()];
    this.#log = log;
    this.#ledger = new Ledger(log.readState('ledger'));
    log.onCommit(() => log.writeState('ledger', this.#ledger.encode()));
    this.streams = new Map(stack.streams.map((stream) => [stream.name, KinesisStream.open(log, stream)]));
    this.alerts = new AlertLog(log);
    const base = {
      stack,
      log,
      ledger: this.#ledger,
      streams: this.streams,
      sqsQueues: new Map<string, SqsQueue>(),
      projectFolder: this.folder,
      dataFolder: this.folder,
      durability: 'process' as const,
      host: '127.0.0.1',
      nowMillis: () => Date.now() + this.#offsetMillis,
      strict: false,
      report: (text: string) => void this.reports.push(text),
      alerts: this.alerts,
    };
    const registry = new DeviceRegistry({ place: stack, log, nowMillis: base.nowMillis });
    const signer = await openLocalAuthority(join(this.folder, 'iot-core'), '127.0.0.1');
    const provisioning = new Provisioning({
      ...base,
      registry,
      signer: signer.signer,
      declared: [],
      tell: (answers, clientId) => door.tell(answers, clientId),
      invoke: (name, event) => this.functions.runtime.invokeJson(name, event),
    });
    const deviceServices = new DeviceServices({ ...base, provisioning: provisioning.fleet });
    const door = new MqttDoor({ ...base, services: deviceServices, refused: new KeptMessages(), port: 0 });
    this.services = await startAwsServices({
      ...base,
      awsPort: 0,
      jobs: deviceServices.jobs,
      tell: door.tell,
      iotData: iotDataFace({
        publish: door.publish,
        tell: door.tell,
        services: deviceServices,
        nowMillis: base.nowMillis,
      }),
      deviceAddress: () => door.deviceAddress,
      credentialsAddress: () => '127.0.0.1:18443',
      registry,
      signer,
      provisioning,
    });
    this.#stops.push(() => this.services.stop());
    this.functions = await startFunctions({
      ...base,
      ...this.services,
      projectFolder: packageFolder,
      replacedFunctions: new Set(),
    });
    this.#stops.push(() => this.functions.stop());
    this.running = await startRules({
      ...base,
      services: this.services,
      deviceServices,
      functions: this.functions,
      door,
      allowedHttpHosts,
      kept: new KeptMessages(),
    });
    this.#stops.push(() => this.running.rules.stop());
    this.#port = (await door.open(this.running.rules)).port;
    this.#stops.push(() => door.close());
    this.client = await this.connect();
  }

  putClockForward(millis: number): void {
    this.#offsetMillis += millis;
  }

  /** Of the listener without TLS. */
  get port(): number {
    return this.#port;
  }

  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync({
      host: '127.0.0.1',
      port: this.#port,
      reconnectPeriod: 0,
      clientId: `device-${this.#clients.length}`,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** What arrives on a topic from now on. */
  async subscribe(filter: string, options: IClientOptions = { protocolVersion: 5 }): Promise<Received[]> {
    const client = await this.connect(options);
    const received: Received[] = [];
    client.on('message', (topic, payload, packet) =>
      received.push({ topic, text: payload.toString(), packet }),
    );
    await client.subscribeAsync(filter, { qos: 1 });
    return received;
  }

  /** Resolves with the PUBACK. */
  async publish(topic: string, payload: unknown): Promise<void> {
    const bytes = payload instanceof Uint8Array ? Buffer.from(payload) : JSON.stringify(payload);
    await this.client.publishAsync(topic, bytes, { qos: 1 });
  }

  /** Publishes and waits until all that the rules put on queues has been carried out. */
  async settle(topic: string, payload: unknown): Promise<void> {
    await this.publish(topic, payload);
    await this.drained();
  }

  /** What one queue hands to another waits there only once it is durable, so it is looked at twice. */
  async drained(): Promise<void> {
    do {
      await expect.poll(() => this.waiting(), { timeout: 6000, interval: 10 }).toEqual([]);
      await this.#log.durable();
    } while (this.waiting().length > 0);
  }

  /** The stages whose queues are not empty. */
  waiting(): string[] {
    const lags = [...this.running.rules.lag(), ...this.functions.lag()];
    return lags.filter(({ backlog }) => backlog > 0).map(({ stage }) => stage);
  }

  ledger(): LedgerReport {
    return this.#ledger.report(this.running.rules.lag());
  }

  stage(name: string): Pick<StageEntry, 'in' | 'out' | 'dropped'> | undefined {
    const found = this.ledger().stages.find(({ stage }) => stage === name);
    return found && { in: found.in, out: found.out, dropped: found.dropped };
  }

  records(streamName: string): string[] {
    const stream = this.streams.get(streamName)!;
    return recordsOf(stream);
  }

  async object(bucket: string, key: string): Promise<string> {
    return (await this.services.readObject(bucket, key)).bytes.toString();
  }

  /** The JSON documents under a prefix that ends with `/`. */
  async objects(bucket: string, prefix: string): Promise<Readonly<Record<string, unknown>>[]> {
    const names = readdirSync(join(this.folder, 's3', bucket, prefix));
    const texts = await Promise.all(names.map((name) => this.object(bucket, prefix + name)));
    return texts.map((each) => JSON.parse(each) as Readonly<Record<string, unknown>>);
  }

  /** From now on what is accepted stays in its queue, until the next `open`. */
  pause(): Promise<void> {
    return this.running.rules.stop();
  }

  /** Ends as `kill -9` would: what is on the log at this moment is what the next `open` finds. */
  async kill(): Promise<void> {
    const log = join(this.folder, 'log');
    cpSync(log, `${log}.then`, { recursive: true });
    await this.close();
    rmSync(log, { recursive: true });
    renameSync(`${log}.then`, log);
  }

  /** Closes everything; the folder stays. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.endAsync(true)));
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async end(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The texts of all records of a stream, shard by shard. */
export function recordsOf(stream: KinesisStream): string[] {
  return stream.shardIds.flatMap((id) =>
    stream.read(id, undefined, { maxRecords: 10_000 }).map(({ data }) => data.toString()),
  );
}
