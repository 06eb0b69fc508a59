import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compileStack } from '../stack/compile-stack.ts';
import { LOCAL_PLACE } from '../stack/local-place.ts';
import { readStack } from '../stack/read-stack.ts';
import type { Stack } from '../stack/stack.ts';
import { loadApplication } from './application-files.ts';
import { AccessKeys } from './aws-identity/access-keys.ts';
import { checkLoopback } from './check-loopback.ts';
import { armFailpoints } from './failpoint.ts';
import { AlertLog } from './http/alert-log.ts';
import { buildDashboard } from './http/dashboard-files.ts';
import { type StageLag, Statistics } from './http/statistics.ts';
import { dataPlaneFace } from './iot-core/data-plane.ts';
import { DeviceServices } from './iot-core/device-services.ts';
import { iotDataOperations } from './iot-core/iot-data.ts';
import { MqttDoor } from './iot-core/mqtt-door.ts';
import { Ledger, type LedgerReport } from './ledger.ts';
import { stageOrder, streamStage } from './ledger-stages.ts';
import { CorruptDataError, LocalError } from './local-error.ts';
import { type Durability, DurableLog } from './log/durable-log.ts';
import { lockFolder } from './log/folder-lock.ts';
import { KinesisStream } from './log/kinesis-stream.ts';
import { startAwsServices } from './start-aws-services.ts';
import { startDeviceHttps } from './start-device-https.ts';
import { startFunctions } from './start-functions.ts';
import { startIdentity } from './start-identity.ts';
import { startPage, tokenOf } from './start-page.ts';
import { startQueues } from './start-queues.ts';
import { startRules } from './start-rules.ts';
import { startSteadyClock } from './steady-clock.ts';
import { StreamingApplication } from './streaming-application.ts';
import { KeptMessages, REFUSED_MESSAGES_LIMITS } from './trace/kept-messages.ts';
import { MessageTracer } from './trace/message-tracer.ts';

/** Which back end runs the streaming SQL. */
export type WindowsBackEnd = 'embedded' | 'lambda';

/** How the runtime is started. Every port may be 0, which takes any free one. */
export interface MesonetOptions {
  /** The folder of `serverless.yml`. */
  readonly projectFolder: string;
  /** Everything that is kept is kept here; made when it is not there. */
  readonly dataFolder: string;
  readonly version: string;
  /** Of this machine's loopback; 127.0.0.1 when not given. */
  readonly host?: string;
  readonly mqttPort?: number;
  /** Where devices connect with their certificates; 8883 when not given, or any free port when `mqttPort` is 0. */
  readonly mqttsPort?: number;
  /** Where devices ask over HTTPS, and MQTT over WebSocket; 8443 when not given, or any free port when `mqttPort` is 0. */
  readonly deviceHttpsPort?: number;
  readonly httpPort?: number;
  readonly awsPort?: number;
  readonly durability?: Durability;
  /** Whoever is on this machine may connect without a certificate and do anything. Off when not given. */
  readonly insecureLocal?: boolean;
  /** One connection with a certificate publishes no more than AWS IoT Core takes of it. On when not given. */
  readonly deviceQuotas?: boolean;
  /** Handlers reach the streams through the SDK's serialisers and HTTP instead of in process. */
  readonly strict?: boolean;
  /** Without the functions only ingest and windows run; for measuring these alone. */
  readonly withFunctions?: boolean;
  /**
   * What runs the streaming SQL: the engine in this process, or, as on AWS, the functions that the stack names for it.
   * Embedded when not given.
   */
  readonly windows?: WindowsBackEnd;
  /** The clock that stamps arrivals and closes windows; the system's when absent. */
  readonly nowMillis?: () => number;
  /** `host` or `host:port` that Http actions of rules may post to; none when absent. */
  readonly allowedHttpHosts?: readonly string[];
  /** Told in one sentence about what goes wrong while running. */
  readonly report?: (text: string) => void;
}

/** A running pipeline. */
export interface Mesonet {
  /** Without TLS; the port is 0 when nobody may come in without a certificate. */
  readonly mqtt: { readonly host: string; readonly port: number };
  /** With a certificate of the registry. */
  readonly mqtts: { readonly host: string; readonly port: number };
  /** AWS IoT data, credentials and the API for devices; MQTT over WebSocket at `wss://…/mqtt`. */
  readonly deviceHttps: { readonly host: string; readonly port: number };
  /** The certificate of the authority that clients trust. */
  readonly caFile: string;
  /** Where the page, the API and the runtime's own routes are. */
  readonly http: string;
  /** The value for `AWS_ENDPOINT_URL`. */
  readonly awsEndpoint: string;
  readonly dashboard: string;
  /** What a writer shows as `authorization: Bearer <token>`; the secret of the access key `local` for whoever signs. */
  readonly token: string;
  readonly stack: Stack;
  ledger(): LedgerReport;
  statistics(): object;
  stop(): Promise<void>;
}

const TRIM_MILLIS = 60_000;

/**
 * Runs the whole stack of a project in this process, loopback only.
 *
 * @throws StackError, IotSqlError, StreamingSqlError, BundleError or LocalError: one clear sentence about what to mend
 */
export async function startMesonet(options: MesonetOptions): Promise<Mesonet> {
  if (options.host !== undefined) checkLoopback(options.host);
  armFailpoints(process.env.FAILPOINTS);
  mkdirSync(makeable(options.dataFolder), { recursive: true });
  const lock = await lockFolder(options.dataFolder);
  const stops: (() => Promise<void> | void)[] = [() => lock.release()];
  try {
    return await startAll(options, stops);
  } catch (error) {
    await stopAll(stops).catch(() => undefined);
    throw error instanceof CorruptDataError ? asRefusal(error, options.dataFolder) : error;
  }
}

/**
 * What was started last is stopped first; what cannot write its last words does not keep the others from stopping.
 * @throws the first of what they threw
 */
async function stopAll(stops: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.reverse().splice(0)) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function startAll(options: MesonetOptions, stops: (() => Promise<void> | void)[]): Promise<Mesonet> {
  const {
    projectFolder,
    dataFolder,
    durability = 'power',
    host = '127.0.0.1',
    nowMillis = Date.now,
    report = () => {},
  } = options;
  const [template, dashboardFolder] = await Promise.all([
    compileStack({ projectFolder, cacheFolder: join(projectFolder, '.mesonet', 'stack') }),
    buildDashboard(projectFolder),
  ]);
  const stack = readStack(template, projectFolder, LOCAL_PLACE);
  const embedded = stack.applications.filter(
    ({ functionName }) => functionName === undefined || options.windows !== 'lambda',
  );
  const plans = embedded.map((resource) => ({
    resource,
    ...loadApplication(resource, projectFolder),
  }));

  const log = DurableLog.open({ folder: join(dataFolder, 'log'), durability, report });
  stops.push(() => log.close());
  const ledger = new Ledger(log.readState('ledger'));
  log.onCommit(() => log.writeState('ledger', ledger.encode()));
  const steady = startSteadyClock();
  // A clock that is given is for the caller to answer for.
  const arrivalMillis = options.nowMillis ?? steady.nowMillis;
  const streams = new Map(
    stack.streams.map((stream) => [
      stream.name,
      KinesisStream.open(log, { ...stream, nowMillis: arrivalMillis, report }),
    ]),
  );
  steady.notBefore(Math.max(...[...streams.values()].map((stream) => stream.latestArrivalMillis)));
  const sqsQueues = startQueues({ stack, log, ledger, nowMillis });
  const alerts = new AlertLog(log);
  const base = {
    ...options,
    stack,
    log,
    ledger,
    streams,
    sqsQueues,
    alerts,
    durability,
    host,
    report,
    nowMillis,
    strict: options.strict ?? false,
  };

  const kept = new KeptMessages();
  const refused = new KeptMessages(REFUSED_MESSAGES_LIMITS);
  const { mqttPort = 1883, mqttsPort = mqttPort === 0 ? 0 : 8883, insecureLocal = false } = options;
  const identity = await startIdentity({
    ...base,
    tell: (answers, clientId) => door.tell(answers, clientId),
    invoke: (name, event) => functions.runtime.invokeJson(name, event),
  });
  stops.push(() => identity.provisioning.stop());
  const deviceServices = new DeviceServices({ ...base, provisioning: identity.provisioning.fleet });
  const door = new MqttDoor({
    ...base,
    services: deviceServices,
    refused,
    port: insecureLocal ? mqttPort : undefined,
    tls: { ...identity.tls, port: mqttsPort, hasQuotas: options.deviceQuotas ?? true },
  });
  const token = tokenOf(log);
  const keys = new AccessKeys({ stack, log, ownerSecret: token });
  const operations = iotDataOperations({
    publish: door.publish,
    tell: door.tell,
    services: deviceServices,
    nowMillis,
  });
  let credentialsAddress = '';
  const services = await startAwsServices({
    ...base,
    jobs: deviceServices.jobs,
    tell: door.tell,
    iotData: dataPlaneFace(operations),
    ...identity,
    deviceAddress: () => door.deviceAddress,
    credentialsAddress: () => credentialsAddress,
  });
  stops.push(() => services.stop());
  const replacedFunctions = new Set(embedded.flatMap(({ functionName }) => functionName ?? []));
  const functions = await startFunctions({ ...base, ...services, replacedFunctions });
  stops.push(() => functions.stop());
  const applications = plans.map(
    (each) =>
      new StreamingApplication({
        ...base,
        ...each,
        nowMillis: arrivalMillis,
        putObject: services.putObject,
      }),
  );
  stops.push(async () => {
    await Promise.all(applications.map((application) => application.stop()));
  });
  const { rules, alarms } = await startRules({ ...base, services, deviceServices, functions, door, kept });
  stops.push(() => rules.stop());
  const broker = await door.open(rules);
  stops.push(() => door.close());

  const lag = (): StageLag[] => [
    ...applications.map((application) => application.lag()),
    ...functions.lag(),
    ...[...sqsQueues.values()].map((queue) => queue.lag()),
    ...rules.lag(),
    ...services.lag(),
  ];
  const statistics = new Statistics({
    ledger,
    log,
    broker,
    lag,
    streamStages: () => [...streams.values()].map(streamStage),
    stageOrder: stageOrder(stack),
  });
  stops.push(() => statistics.stop());
  const tracer = new MessageTracer({
    ...base,
    ...services,
    kept,
    refused,
    rules: rules.rules,
    applications,
    lag,
    dynamodbUrl: services.endpoints.dynamodb,
  });
  const page = await startPage({
    ...base,
    tracer,
    keys,
    token,
    dashboardFolder,
    applications,
    functions,
    alarms,
    statistics,
    port: options.httpPort ?? 8080,
  });
  stops.push(() => page.stop());
  const deviceHttps = await startDeviceHttps({
    ...base,
    ...identity.tls,
    registry: identity.registry,
    keys,
    operations,
    api: page.api,
    refuse: door.refuse,
    admit: broker.admit,
    port: options.deviceHttpsPort ?? (mqttPort === 0 ? 0 : 8443),
  });
  stops.push(() => deviceHttps.stop());
  credentialsAddress = `${host}:${deviceHttps.port}`;
  if (options.withFunctions ?? true) functions.listen();
  const trim = setInterval(() => {
    for (const stream of [...streams.values(), ...services.deliveryBuffers.values()])
      stream.trim(arrivalMillis());
    for (const queue of [...functions.queues.values(), ...sqsQueues.values(), rules]) queue.trim();
  }, TRIM_MILLIS);
  stops.push(() => clearInterval(trim));
  return {
    mqtt: { host, port: broker.port },
    mqtts: { host, port: broker.tlsPort },
    deviceHttps: { host, port: deviceHttps.port },
    caFile: identity.signer.caFile,
    http: page.url,
    awsEndpoint: services.endpoints.aws,
    dashboard: `${page.url}/`,
    token,
    stack,
    ledger: () => statistics.report().ledger,
    statistics: () => statistics.report(),
    stop: () => stopAll(stops),
  };
}

/** What somebody can do who has a damaged folder. */
function asRefusal(cause: CorruptDataError, folder: string): LocalError {
  const what = `${cause.message}; restore the data folder '${folder}' from a copy, or start with another --data`;
  return new CorruptDataError(what, { cause });
}

function makeable(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (cause) {
    throw new LocalError(`Cannot make the data folder '${folder}': ${(cause as Error).message}`, { cause });
  }
}
