import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ledger } from '../../../src/local/ledger.ts';
import { DurableLog } from '../../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../../src/local/log/kinesis-stream.ts';
import { StreamingApplication } from '../../../src/local/streaming-application.ts';
import { compileApplication, type InputSchema } from '../../../src/streaming-sql/index.ts';
import { seededRandom } from '../../delivery/kill-plan.ts';
import { recomputeWindows, windowKey } from '../../delivery/recompute-windows.ts';
import { findTool } from '../../tools/find-tool.test-support.ts';
import { FakeClock } from '../fake-clock.ts';
import { eventually, publish, RuntimeClient, readingOf, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';
import { type SkewedReading, skewedReadings } from '../skewed-readings.ts';

const sqlFolder = new URL('../../../analytics-sql/', import.meta.url);
const MINUTE = 60_000;
const TIME = {
  column: 'sensor_timestamp',
  outOfOrderMillis: 5000,
  allowedLatenessMillis: MINUTE,
  maxAheadMillis: 5 * MINUTE,
  idleMillis: 10 * MINUTE,
};

interface WindowRow {
  readonly sensor_id: string;
  readonly record_timestamp: string;
  readonly '60sec_number_of_msg': number;
  readonly '60sec_sum_of_sensor_value': number;
  readonly revision?: number;
}

interface Sum {
  readonly count: number;
  readonly sum: number;
}

export const scenario: FaultScenario = {
  name: 'late-and-skewed',
  what: '10 % of readings up to 55 s late, 1 % an hour late, some a day ahead, from clocks that begin with 1970, or in seconds; windows by the time of devices, then the deployed ones',
  passMark:
    'windows equal a naive recomputation; more than 5 min ahead does not move the watermark; what is late or ahead is counted, each once; of the deployed pipeline every reading is stored, or kept as rejected',
  cannotRun: () =>
    findTool('faketime', 'Debian package faketime') ? undefined : 'faketime is not installed',
  async run({ folder, isLong }) {
    const byDeviceTime = await runByDeviceTime(join(folder, 'log'), isLong ? 40_000 : 4000);
    const deployed = await runDeployed(folder, isLong ? 1000 : 200);
    return `${byDeviceTime}; ${deployed}`;
  },
};

/** The deployed SQL, its windows by the time that devices say. */
async function runByDeviceTime(folder: string, count: number): Promise<string> {
  const firstMillis = Date.UTC(2026, 0, 5, 12);
  let now = firstMillis;
  const log = DurableLog.open({ folder, durability: 'process' });
  const open = (name: string): KinesisStream =>
    KinesisStream.open(log, { name, shardCount: 1, retentionHours: 240, nowMillis: () => now });
  const [input, output] = [open('in'), open('out')];
  const ledger = new Ledger();
  const application = startWindows({ log, ledger, input, output, nowMillis: () => now });
  try {
    const readings = skewedReadings({
      count,
      sensors: 5,
      firstMillis,
      everyMillis: 1000,
      random: seededRandom(count),
    });
    for (const [at, reading] of readings.entries()) {
      now = reading.arrivalMillis;
      const { sensor, value, timeMillis } = reading;
      input.put(sensor, JSON.stringify({ ...streamReadingOf(value, sensor), sensor_timestamp: timeMillis }));
      if (at % 500 === 0) await log.durable();
    }
    await log.durable();
    await eventually(
      'all to be read',
      () => application.lag().backlog,
      (left) => left === 0,
    );
    const { watermarkMillis } = application.stats();
    must(watermarkMillis <= now, `The watermark is ${watermarkMillis - now} ms ahead of the clock`);
    now += 2 * 3_600_000;
    const wanted = recompute(readings);
    const rows = await eventually(
      'the windows of all that was in time',
      () => newestOf(output),
      (found) => countOf(found) >= countOf(wanted.windows),
    );
    mustEqual(rows, wanted.windows);
    const { late, ahead, corrections } = application.stats();
    must(late === wanted.late, `${late} rows are counted as late instead of ${wanted.late}`);
    must(ahead === wanted.ahead, `${ahead} rows are counted as ahead instead of ${wanted.ahead}`);
    const stage = ledger
      .report([], { others: [], order: [] })
      .stages.find((each) => each.stage === 'rows skewed');
    must(stage?.dropped.late === wanted.late, `The ledger says ${JSON.stringify(stage?.dropped)}`);
    return `${count} readings by their own time: ${rows.size} windows, ${corrections} corrections, ${late} late, ${ahead} ahead, all as recomputed`;
  } finally {
    await application.stop();
    await log.close();
  }
}

interface Places {
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly input: KinesisStream;
  readonly output: KinesisStream;
  readonly nowMillis: () => number;
}

function startWindows({ log, ledger, input, output, nowMillis }: Places): StreamingApplication {
  const schema = JSON.parse(
    readFileSync(new URL('weather-windows.input.json', sqlFolder), 'utf8'),
  ) as InputSchema;
  const sql = readFileSync(new URL('weather-windows.sql', sqlFolder), 'utf8');
  return new StreamingApplication({
    resource: {
      name: 'skewed',
      file: '',
      inputStream: 'in',
      outputs: [{ from: 'DESTINATION_SQL_STREAM', stream: 'out', partitionKey: 'sensor_id' }],
      references: [],
    },
    plan: compileApplication(sql, { input: schema, time: { source: 'column', ...TIME } }),
    references: {},
    log,
    ledger,
    streams: new Map([input, output].map((stream) => [stream.name, stream])),
    nowMillis,
    report: () => {},
    putObject: async () => {},
  });
}

/** One reading after the other: the watermark is the newest honest time less the slack. */
function recompute(readings: readonly SkewedReading[]): {
  windows: Map<string, Sum>;
  late: number;
  ahead: number;
} {
  const windows = new Map<string, Sum>();
  let [late, ahead, newestMillis] = [0, 0, Number.NEGATIVE_INFINITY];
  for (const { sensor, value, arrivalMillis, timeMillis } of readings) {
    if (timeMillis > arrivalMillis + TIME.maxAheadMillis) {
      ahead += 1;
      continue;
    }
    newestMillis = Math.max(newestMillis, timeMillis);
    const endMillis = (Math.floor(timeMillis / MINUTE) + 1) * MINUTE;
    if (endMillis + TIME.allowedLatenessMillis <= newestMillis - TIME.outOfOrderMillis) {
      late += 1;
      continue;
    }
    const key = windowKey({ sensor, endMillis });
    const before = windows.get(key) ?? { count: 0, sum: 0 };
    windows.set(key, { count: before.count + 1, sum: before.sum + value });
  }
  return { windows, late, ahead };
}

/** The newest revision of each window. @throws Error when a revision is there twice */
function newestOf(output: KinesisStream): Map<string, Sum> {
  const records = output.read(output.shardIds[0]!, undefined, { maxRecords: 1_000_000 });
  return newestRevisions(records.map(({ data }) => JSON.parse(data.toString()) as WindowRow));
}

function newestRevisions(rows: readonly WindowRow[]): Map<string, Sum> {
  const revisions = new Map<string, number>();
  const newest = new Map<string, Sum>();
  for (const row of rows) {
    const endMillis = Date.parse(`${row.record_timestamp.replace(' ', 'T')}Z`);
    const key = windowKey({ sensor: row.sensor_id, endMillis });
    const revision = row.revision ?? 1;
    must(
      revision > (revisions.get(key) ?? 0),
      `Window ${key} has revision ${revision} twice, or out of order`,
    );
    revisions.set(key, revision);
    newest.set(key, { count: row['60sec_number_of_msg'], sum: row['60sec_sum_of_sensor_value'] });
  }
  return newest;
}

function countOf(windows: ReadonlyMap<string, Sum>): number {
  return [...windows.values()].reduce((sum, { count }) => sum + count, 0);
}

function mustEqual(found: ReadonlyMap<string, Sum>, wanted: ReadonlyMap<string, Sum>): void {
  must(found.size === wanted.size, `${found.size} windows instead of ${wanted.size}`);
  for (const [key, { count, sum }] of wanted) {
    const row = found.get(key);
    must(
      row?.count === count && Math.abs(row.sum - sum) < 1e-6 * Math.max(1, sum),
      `Window ${key} is ${JSON.stringify(row)} instead of ${JSON.stringify({ count, sum })}`,
    );
  }
}

/** The process as it is deployed: its windows go by arrival, its tables by the time of devices. */
async function runDeployed(folder: string, count: number): Promise<string> {
  const clock = new FakeClock(folder);
  const client = await RuntimeClient.start(join(folder, 'data'), { environment: clock.environment });
  try {
    const mqtt = await client.connect();
    const firstMillis = Date.now() - count * 10;
    const readings = skewedReadings({
      count,
      sensors: 1,
      firstMillis,
      everyMillis: 10,
      random: seededRandom(count),
    });
    for (const { value, timeMillis, sensor } of readings)
      await publish(mqtt, readingOf(value, { sensor_timestamp: timeMillis }), sensor);
    const isFar = ({ skew }: SkewedReading): boolean => skew === 'bootClock' || skew === 'seconds';
    const far = readings.filter(isFar).length;
    const samples = await eventually(
      'all readings of this time in the tables',
      () => client.samples('skew-0'),
      (found) => found.length >= count - far,
    );
    must(new Set(samples).size === count - far, `${new Set(samples).size} of ${count - far} are stored`);
    const rejected = await eventually(
      'the readings of 1970 to be kept as rejected',
      async () =>
        Object.values((await client.stage('rejected')).dropped).reduce((sum, each) => sum + each, 0),
      (found) => found >= far,
    );
    must(rejected === far, `${rejected} are rejected instead of ${far}`);
    await clock.set(120);
    const wanted = recomputeWindows(await client.arrivals('readings'));
    const rows = await eventually(
      'windows of all',
      async () => newestRevisions(await client.stream<WindowRow>('windows')),
      (found) => countOf(found) >= count,
    );
    mustEqual(rows, wanted);
    return `${count} through the deployed pipeline: ${samples.length} stored, ${rejected} of 1970 rejected, ${rows.size} windows by arrival`;
  } finally {
    await client.kill();
  }
}
