import { randomBytes } from 'node:crypto';
import type { Stack } from '../stack/stack.ts';
import type { AccessKeys } from './aws-identity/access-keys.ts';
import { signedAccess } from './aws-identity/api-access.ts';
import type { AlertLog } from './http/alert-log.ts';
import { createHttpApi, type HttpApi } from './http/http-api.ts';
import { createQueueSender } from './http/http-api-queue.ts';
import { createPageServer, listen, sendJson } from './http/http-server.ts';
import { LiveFeed } from './http/live-feed.ts';
import type { Statistics } from './http/statistics.ts';
import type { AlarmStates } from './iot-core/rule-actions/alarm-states.ts';
import type { Ledger } from './ledger.ts';
import type { DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { SqsQueue } from './sqs/sqs-queue.ts';
import type { RunningFunctions } from './start-functions.ts';
import type { StreamingApplication } from './streaming-application.ts';
import type { MessageTracer } from './trace/message-tracer.ts';
import { createTraceRoute } from './trace/trace-route.ts';

export interface StartPageOptions {
  readonly nowMillis: () => number;
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly stack: Stack;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  readonly sqsQueues: ReadonlyMap<string, SqsQueue>;
  readonly alerts: AlertLog;
  readonly dashboardFolder: string;
  readonly applications: readonly StreamingApplication[];
  readonly functions: RunningFunctions;
  readonly alarms: AlarmStates;
  readonly statistics: Statistics;
  readonly tracer: MessageTracer;
  readonly keys: AccessKeys;
  /** What a writer shows, see {@link tokenOf}. */
  readonly token: string;
}

export interface RunningPage {
  readonly url: string;
  readonly api: HttpApi;
  stop(): Promise<void>;
}

/** Serves the page, the stack's API and what the runtime says of itself. @throws LocalError when the port is taken */
export async function startPage(options: StartPageOptions): Promise<RunningPage> {
  const { version, stack, alerts, alarms, functions, statistics, host, port } = options;
  const feed = startFeed(options);
  const api = createHttpApi({
    routes: stack.routes,
    queueRoutes: stack.queueRoutes,
    send: createQueueSender({ ...options, queues: options.sqsQueues }),
    invoke: (name, event, limits) => functions.runtime.invoke(name, event, limits),
  });
  const server = await listen(
    createPageServer({
      token: options.token,
      dashboardFolder: options.dashboardFolder,
      api,
      signedAccess: signedAccess(options),
      routes: {
        '/v1/health': (_, response) => sendJson(response, { version, ...statistics.health() }),
        '/v1/ledger': (_, response) => sendJson(response, statistics.report().ledger),
        '/v1/trace': createTraceRoute(options.tracer),
        '/v1/alerts': (_, response) => sendJson(response, alerts.newest()),
        '/v1/alarms': (_, response) => sendJson(response, alarms.list()),
        '/v1/metrics': (_, response) => sendJson(response, functions.runtime.metrics.list()),
        ...(feed && { '/v1/live': (request, response) => feed.subscribe(request, response) }),
      },
    }),
    { host, port, option: '--http-port' },
  );
  return {
    url: `http://${host}:${server.port}`,
    api,
    async stop() {
      feed?.stop();
      await server.stop();
    },
  };
}

/** The live events follow the first streaming application of the stack: its input are the readings, its output the windows. */
function startFeed({
  stack,
  applications,
  streams,
  alerts,
  statistics,
  version,
  nowMillis,
}: StartPageOptions): LiveFeed | undefined {
  const [resource] = stack.applications;
  if (!resource) return undefined;
  const application = applications.find((each) => each.resource === resource);
  const { inputStream, outputs } = resource;
  const feed = new LiveFeed({
    readings: streams.get(inputStream)!,
    windows: streams.get(outputs[0]!.stream)!,
    version,
    nowMillis,
    // Inside a function nobody sees them before they close.
    openWindows: (limit) => application?.openWindows(limit) ?? [],
    stats: () => statistics.report(),
  });
  alerts.onAlert((alert) => feed.publish('alert', alert));
  return feed;
}

/** One token for each data folder, so that a page left open goes on working after a restart. */
export function tokenOf(log: DurableLog): string {
  const kept = log.readState('token')?.toString();
  if (kept) return kept;
  const token = randomBytes(24).toString('base64url');
  log.writeState('token', Buffer.from(token));
  return token;
}
