import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type FixtureFleet, type FixtureSensor, readingAt, windowAt } from './fixture-fleet.ts';

/** What the page must work under: nothing inline, nothing from elsewhere. */
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const windowMillis = 60_000;
const mostRows = 500;

export interface FixtureOptions {
  readonly distFolder: string;
  readonly fleet: FixtureFleet;
  readonly port?: number;
  /** How many closed windows the history holds. */
  readonly historyWindows?: number;
}

/** A server that speaks the runtime's HTTP contract over a deterministic fleet, for states that are hard to reach. */
export interface FixtureRuntime {
  readonly url: string;
  readonly port: number;
  /** Requested paths, to see what the page asked for. */
  readonly requests: string[];
  /** Stops this sensor from sending. */
  silence(sensorId: string): void;
  /** Closes the open window of every sensor and opens the next. */
  closeWindow(): void;
  alert(row: Readonly<Record<string, unknown>>): void;
  /** Keeps connections open but sends nothing. */
  pause(): void;
  send(name: string, data: unknown): void;
  stop(): Promise<void>;
}

export async function startFixture(options: FixtureOptions): Promise<FixtureRuntime> {
  const { fleet } = options;
  const startedMillis = Date.now();
  const clients = new Set<ServerResponse>();
  const requests: string[] = [];
  const silenced = new Set<string>();
  const alerts: Readonly<Record<string, unknown>>[] = [];
  let openStart = Math.floor(startedMillis / windowMillis) * windowMillis;
  let isPaused = false;
  let accepted = 184_220;
  let rotation = 0;

  const send = (name: string, data: unknown, only?: ServerResponse): void => {
    const frame = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const client of only ? [only] : clients) client.write(frame);
  };
  const speaking = (): FixtureSensor[] => fleet.sensors.filter((sensor) => !silenced.has(sensor.sensor_id));
  const sendReadings = (): void => {
    const now = Date.now();
    const all = speaking();
    accepted += Math.round(all.length / 2);
    const rows = Array.from({ length: Math.min(mostRows, all.length) }, (_, index) => {
      const sensor = all[(rotation + index) % all.length] as FixtureSensor;
      return [
        sensor.sensor_id,
        sensor.sensor,
        sensor.station_id,
        sensor.state,
        sensor.city,
        now,
        readingAt(sensor, now),
      ];
    });
    rotation += rows.length;
    if (rows.length > 0) send('readings', { nowMillis: now, rows, omitted: all.length - rows.length });
  };
  const sendOpen = (): void => {
    const now = Date.now();
    const share = Math.min(1, Math.max(0.02, (now - openStart) / windowMillis));
    const rows = speaking()
      .slice(0, mostRows)
      .map((sensor) => ({ ...windowAt(sensor, openStart, share), final: false }));
    send('open', { nowMillis: now, rows });
  };
  const sendStats = (): void => send('stats', statsOf(accepted, speaking().length, startedMillis));
  const timers = [
    setInterval(() => !isPaused && sendReadings(), 500),
    setInterval(() => !isPaused && sendOpen(), 1000),
    setInterval(() => !isPaused && sendStats(), 1000),
  ];

  const answers: Readonly<Record<string, (url: URL) => unknown>> = {
    '/v1/health': () => ({ status: 'ok', mqtt: { host: '127.0.0.1', port: 18_830 } }),
    '/v1/alerts': () => alerts,
    '/v1/ledger': () => ledgerOf(accepted),
    '/v1/trace': (url) => traceOf(fleet, url.searchParams.get('sensor') ?? ''),
    '/v1/sensors': (url) =>
      fleet.sensors
        .filter((sensor) => matches(sensor, url))
        .map((sensor) => {
          const time = silenced.has(sensor.sensor_id) ? startedMillis - 600_000 : Date.now() - 400;
          return { ...sensor, latest_time: time, latest_value: readingAt(sensor, time) };
        }),
    '/v1/windows': (url) => {
      const count = options.historyWindows ?? 40;
      const starts = Array.from({ length: count }, (_, index) => openStart - (count - index) * windowMillis);
      const sensors = fleet.sensors.filter((sensor) => matches(sensor, url));
      return starts.flatMap((start) =>
        sensors.map((sensor) => ({ ...windowAt(sensor, start, 1), final: true, revision: 0 })),
      );
    },
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    requests.push(`${url.pathname}${url.search}`);
    if (url.pathname === '/v1/live') return openLive(request, response);
    const samplesOf = /^\/v1\/sensors\/([^/]+)\/samples$/.exec(url.pathname)?.[1];
    const answer = samplesOf
      ? () => samples(fleet, decodeURIComponent(samplesOf), silenced)
      : answers[url.pathname];
    if (answer) return sendJson(response, answer(url));
    void sendFile(response, options.distFolder, url.pathname);
  });
  const openLive = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 500\n\n');
    clients.add(response);
    request.on('close', () => clients.delete(response));
    send('hello', { version: '0.1.0', startedMillis, nowMillis: Date.now(), windowSeconds: 60 }, response);
  };
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    requests,
    silence: (sensorId) => void silenced.add(sensorId),
    closeWindow: () => {
      const rows = speaking().map((sensor) => ({
        ...windowAt(sensor, openStart, 1),
        final: true,
        revision: 0,
      }));
      for (let from = 0; from < rows.length; from += mostRows)
        send('windows', { rows: rows.slice(from, from + mostRows) });
      openStart += windowMillis;
      sendOpen();
    },
    alert: (row) => {
      alerts.push(row);
      send('alert', row);
    },
    pause: () => {
      isPaused = true;
    },
    send,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function matches(sensor: FixtureSensor, url: URL): boolean {
  const station = url.searchParams.get('station_id');
  const state = url.searchParams.get('state');
  return (!station || sensor.station_id === station) && (!state || sensor.state === state);
}

/** The way of one stored reading, and of one that the rule did not take; nothing for an unknown sensor. */
function traceOf(fleet: FixtureFleet, sensorId: string): unknown {
  const sensor = fleet.sensors.find((candidate) => candidate.sensor_id === sensorId);
  if (!sensor)
    return { nowMillis: Date.now(), messages: [], message: `No message of sensor '${sensorId}' is known` };
  const topic = `weather/${sensor.state}/${sensor.city}/${sensor.station_id}/${sensor.sensor}/${sensorId}`;
  const receivedMillis = Date.now() - 1500;
  const accepted = {
    kind: 'broker',
    state: 'passed',
    text: 'accepted from client c1',
    atMillis: receivedMillis,
  };
  const item = `table readings-2026-W47, item ${sensorId} + ${receivedMillis}, attribute 13vs.EYR6kBJfEYR6kBJfEYR6kBJf`;
  const record = {
    kind: 'record',
    state: 'passed',
    text: 'stream readings, shardId-000000000000, sequence number 49660000000000000000000000000000000000000000000000000098',
    atMillis: receivedMillis,
    data: { eventId: 'uN2hkK5DoMO_F-MZkPjO6FzDxq8d5RJTWgYvH7JD1ZU' },
    steps: [
      {
        kind: 'function',
        state: 'passed',
        text: 'function store-readings',
        steps: [{ kind: 'item', state: 'passed', text: item }],
      },
      {
        kind: 'window',
        state: 'waiting',
        text: 'window until 2026-11-21 07:23:00.000 UTC is open, closes in 39 s',
      },
      { kind: 'function', state: 'skipped', text: 'function aggregate-windows does not run here' },
    ],
  };
  const reason = 'WHERE NOT isUndefined(cast(sensor_value AS float)) is false';
  const message = {
    topic,
    receivedMillis,
    clientId: 'c1',
    payloadBytes: 17,
    payload: '{"sensor_value":1}',
    payloadEncoding: 'text',
  };
  return {
    nowMillis: Date.now(),
    messages: [
      {
        ...message,
        state: 'passed',
        summary: `stored in ${item}`,
        steps: [accepted, { kind: 'rule', state: 'passed', text: 'rule telemetry fires', steps: [record] }],
      },
      {
        ...message,
        state: 'stopped',
        summary: `rule telemetry: ${reason}`,
        steps: [
          accepted,
          {
            kind: 'rule',
            state: 'stopped',
            text: `rule telemetry: ${reason}`,
            steps: [{ kind: 'where', state: 'stopped', text: reason }],
          },
        ],
      },
    ],
  };
}

function samples(fleet: FixtureFleet, sensorId: string, silenced: ReadonlySet<string>): unknown {
  const sensor = fleet.sensors.find((candidate) => candidate.sensor_id === sensorId);
  if (!sensor || silenced.has(sensorId)) return [];
  const now = Date.now();
  return Array.from({ length: 60 }, (_, index) => {
    const time = now - (60 - index) * 1000;
    return { time, value: readingAt(sensor, time), smoothed: null, direction: 0, sensor_id: sensorId };
  });
}

function statsOf(accepted: number, rate: number, startedMillis: number): unknown {
  const nowMillis = Date.now();
  const beat = Math.round(Math.sin(nowMillis / 4000) * rate * 0.04);
  return {
    nowMillis,
    uptimeSeconds: (nowMillis - startedMillis) / 1000,
    messagesPerSecond: rate + beat,
    connections: 51,
    rssBytes: 148_000_000 + beat * 40_000,
    lag: [
      { stage: 'stream readings', lagMillis: 14, backlog: 0 },
      { stage: 'function store-readings', lagMillis: 812, backlog: 203 },
    ],
    ledger: ledgerOf(accepted),
  };
}

function ledgerOf(accepted: number): unknown {
  const kept = accepted - 33;
  return {
    accepted,
    stages: [
      { stage: 'mqtt', in: accepted + 5, out: accepted, dropped: { 'too-large': 5 }, inFlight: 0 },
      {
        stage: 'rule telemetry',
        in: accepted,
        out: kept,
        dropped: { 'topic-depth': 21, 'not-json': 12 },
        inFlight: 0,
      },
      { stage: 'stream readings', in: kept, out: kept - 250, dropped: {}, inFlight: 250 },
      {
        stage: 'function store-readings',
        in: kept - 250,
        out: kept - 260,
        dropped: { 'wrong-type': 7, 'bad-utf8': 3 },
        inFlight: 0,
      },
    ],
    filtered: { 'topic-depth': 21 },
    late: 4,
    rejected: { 'not-json': 12, 'wrong-type': 7, 'bad-utf8': 3 },
    refused: { 'too-large': 5 },
  };
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function sendFile(response: ServerResponse, folder: string, path: string): Promise<void> {
  const file = join(folder, normalize(path === '/' ? '/index.html' : path));
  try {
    const bytes = await readFile(file);
    response.writeHead(200, {
      'content-type': contentTypes[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': contentSecurityPolicy,
    });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
