import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MqttClient } from 'mqtt';
import { seededRandom } from '../../delivery/kill-plan.ts';
import { type EdgeFault, type EdgeService, FaultyEdge } from '../faulty-edge.ts';
import { eventually, publish, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const SENSORS = 20;
const PUBLISH_MILLIS = 50;
/**
 * Requests of an outage, whatever its length: a batch is halved at most 13 times (2,500 records), each half asks once for each
 * sensor, an SDK client has 100 retries to spend (retry quota of 500, five a throttled retry), then single records come back
 * after a wait that doubles.
 */
const MAX_REQUESTS = 100 + SENSORS * 14 + 200;
const DRAIN_SECONDS = 90;
const MAX_GAP_MILLIS = 5000;

const error = (name: string, status = 400): EdgeFault => ({ kind: 'error', name, status });
/** What each service says when it has had enough, and when it fails. */
const FAULTS: Readonly<Record<EdgeService, readonly EdgeFault[]>> = {
  dynamodb: [error('ProvisionedThroughputExceededException')],
  s3: [error('SlowDown', 503), error('InternalError', 500)],
  sns: [error('Throttled', 429), error('InternalFailure', 500)],
  kinesis: [],
};

interface Outage {
  readonly services: readonly EdgeService[];
  readonly rate: number;
  readonly seconds: number;
}

const SHORT: readonly Outage[] = [
  { services: ['dynamodb'], rate: 1, seconds: 10 },
  { services: ['s3', 'sns'], rate: 1, seconds: 5 },
];
const LONG: readonly Outage[] = [0.05, 0.3, 1].flatMap((rate) => [
  { services: ['dynamodb'], rate, seconds: rate === 1 ? 60 : 10 },
  { services: ['s3', 'sns'], rate, seconds: rate === 1 ? 60 : 10 },
]);

export const scenario: FaultScenario = {
  name: 'sink-outage',
  what: 'DynamoDB answers every request of functions with ProvisionedThroughputExceededException, then S3 with SlowDown and 500, SNS with Throttled and 500',
  passMark: `publishes are acknowledged all the while, health shows the lag, at most ${MAX_REQUESTS} requests an outage, all is worked off within ${DRAIN_SECONDS} s: what was given up is kept and comes back by a replay, each reading once`,
  async run({ folder, isLong }) {
    const edge = await FaultyEdge.start();
    const preload = new URL('../sinks-through-edge.ts', import.meta.url).href;
    const client = await RuntimeClient.start(join(folder, 'data'), {
      environment: { NODE_OPTIONS: `--import ${preload}`, SINK_EDGE: edge.url },
    });
    edge.aim(client.ready.awsEndpoint);
    try {
      const load = new OutageLoad(client, edge);
      const lines: string[] = [];
      for (const outage of isLong ? LONG : SHORT) lines.push(await load.during(outage));
      return `${lines.join('; ')}; ${await load.checkAll()}`;
    } finally {
      await client.kill();
      await edge.stop();
    }
  },
};

/** A device that goes on, and what must be where in the end. */
class OutageLoad {
  readonly #client: RuntimeClient;
  readonly #edge: FaultyEdge;
  readonly #alerts: string[] = [];
  #stored = 0;
  #refused = 0;
  #windows = 0;
  #maxGapMillis = 0;

  constructor(client: RuntimeClient, edge: FaultyEdge) {
    this.#client = client;
    this.#edge = edge;
    edge.onPassed = (operation, body) => {
      if (operation === 'Publish') this.#alerts.push(alertIdOf(body));
    };
  }

  async during({ services, rate, seconds }: Outage): Promise<string> {
    const mqtt = await this.#client.connect();
    await publish(mqtt, readingOf(++this.#stored), sensorOf(this.#stored));
    let requests = 0;
    const random = seededRandom(seconds + rate * 100);
    this.#edge.choose = (_, service) => {
      const faults = FAULTS[service];
      if (!services.includes(service)) return undefined;
      requests += 1;
      return random() < rate ? faults[requests % faults.length] : undefined;
    };
    const lag = await this.#publishFor(mqtt, seconds * 1000);
    this.#edge.choose = () => undefined;
    mqtt.end(true);
    if (rate === 1) {
      must(lag > 0, `Health shows no backlog while ${services.join(' and ')} is away`);
      must(requests > 0, `No request was made to ${services.join(' and ')}`);
      must(
        requests <= MAX_REQUESTS,
        `${requests} requests in ${seconds} s without ${services.join(' and ')}`,
      );
    }
    const drainSeconds = await this.#drain();
    const how = `${services.join(' and ')} at ${rate * 100} % for ${seconds} s`;
    return `${how}: ${requests} requests, backlog ${lag}, worked off in ${drainSeconds.toFixed(1)} s`;
  }

  /** Returns the greatest backlog that health showed. */
  async #publishFor(mqtt: MqttClient, millis: number): Promise<number> {
    let backlog = 0;
    const end = performance.now() + millis;
    for (let turn = 0; performance.now() < end; turn += 1) {
      const start = performance.now();
      const isRefused = turn % 10 === 7;
      const value = isRefused ? ++this.#refused : ++this.#stored;
      const ahead = isRefused ? { sensor_timestamp: Date.now() + 20 * 86_400_000 } : {};
      await publish(mqtt, readingOf(value, ahead), isRefused ? 'ahead' : sensorOf(value));
      if (turn % 20 === 3) await this.#client.putRecords([this.#hotWindow()], 'windows');
      this.#maxGapMillis = Math.max(this.#maxGapMillis, performance.now() - start);
      if (turn % 10 === 0) backlog = Math.max(backlog, await this.#backlog());
      await sleep(PUBLISH_MILLIS);
    }
    return Math.max(backlog, await this.#backlog());
  }

  /** A window of a sensor that had none: above the limit, so that an alert is due. */
  #hotWindow(): string {
    const end = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
    this.#windows += 1;
    return JSON.stringify({
      sensor_id: `hot-${this.#windows}`,
      sensor: 'temperature',
      station_id: 'stA',
      sensor_avg_value: 50,
      '60sec_number_of_msg': 1,
      record_timestamp: end.replace('T', ' ').replace('Z', ''),
    });
  }

  async #backlog(): Promise<number> {
    const { lag } = await this.#client.get<{ lag: { stage: string; backlog: number }[] }>('/v1/health');
    const of = (name: string): number => lag.find(({ stage }) => stage === name)?.backlog ?? 0;
    return of('function store-readings') + of('function publish-windows');
  }

  /** Returns after how many seconds nothing waits any more. */
  async #drain(): Promise<number> {
    const start = performance.now();
    await eventually(
      'the backlog to be worked off',
      () => this.#backlog(),
      (left) => left === 0,
      DRAIN_SECONDS,
    );
    return (performance.now() - start) / 1000;
  }

  async checkAll(): Promise<string> {
    must(this.#maxGapMillis < MAX_GAP_MILLIS, `A publish took ${Math.round(this.#maxGapMillis)} ms`);
    const [givenUp, windowsGivenUp] = [
      await this.#givenUp('store-readings'),
      await this.#givenUp('publish-windows'),
    ];
    const replayed = givenUp > 0 ? await replayFailed(this.#client.ready.awsEndpoint) : 0;
    if (givenUp > 0) await this.#drain();
    const samples = await this.#samples();
    must(samples.length === this.#stored, `${samples.length} samples of ${this.#stored} readings`);
    must(new Set(samples).size === samples.length, 'A reading is stored twice');
    const refused = await this.#rejectedValues();
    must(
      new Set(refused).size === this.#refused,
      `${new Set(refused).size} of ${this.#refused} refused are kept`,
    );
    const alerts = new Set(this.#alerts).size;
    must(windowsGivenUp === 0, `${windowsGivenUp} windows are given up`);
    must(alerts === this.#windows, `${alerts} of ${this.#windows} alerts are sent`);
    const kept = `${givenUp} readings given up and ${replayed} replayed`;
    return `${samples.length} stored once, ${this.#refused} refused kept, ${alerts} alerts in ${this.#alerts.length} requests, ${kept}, slowest publish ${Math.round(this.#maxGapMillis)} ms`;
  }

  async #samples(): Promise<number[]> {
    const sensors = Array.from({ length: SENSORS }, (_, at) => sensorOf(at));
    return (await Promise.all(sensors.map((sensor) => this.#client.samples(sensor)))).flat();
  }

  async #givenUp(name: string): Promise<number> {
    return (await this.#client.stage(`function ${name}`)).dropped['retries-exhausted'] ?? 0;
  }

  /** The values of refused readings whose bytes `store-readings` has kept. */
  async #rejectedValues(): Promise<number[]> {
    const rejected = await this.#client.rejected();
    return rejected
      .filter(({ by }) => by === 'store-readings')
      .map(({ bytes }) => (JSON.parse(bytes) as { sensor_value: number }).sensor_value);
  }
}

/** As somebody does who finds batches that were given up. */
async function replayFailed(endpoint: string): Promise<number> {
  const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
  const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  const range = ['--from', from!, '--to', to!];
  const args = [main, 'replay', '--source', 'failed', ...range, '--url', endpoint, '--json', '--quiet'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return (JSON.parse(stdout) as { sent: number }).sent;
}

function alertIdOf(body: Buffer): string {
  const message = new URLSearchParams(body.toString()).get('Message') ?? '{}';
  return String((JSON.parse(message) as { alert_id?: string }).alert_id);
}

function sensorOf(value: number): string {
  return `s${value % SENSORS}`;
}
