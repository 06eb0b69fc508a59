import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ledger } from '../../../src/local/ledger.ts';
import { DurableLog } from '../../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../../src/local/log/kinesis-stream.ts';
import { StreamingApplication } from '../../../src/local/streaming-application.ts';
import { compileApplication, type InputSchema } from '../../../src/streaming-sql/index.ts';
import { eventually, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const SHARDS = 4;
const BUSY = 0;
/** Gets one reading at the beginning. */
const ONCE = 1;
const sqlFolder = new URL('../../../analytics-sql/', import.meta.url);

export const scenario: FaultScenario = {
  name: 'idle-shards',
  what: 'three of four shards of the windows’ input get nothing any more, or never got anything',
  passMark: 'the windows of the shard that goes on close on time, and count everything once',
  async run({ folder, isLong }) {
    const minutes = isLong ? 600 : 10;
    let now = Date.UTC(2026, 0, 5, 12);
    const log = DurableLog.open({ folder, durability: 'process' });
    const open = (name: string, shardCount: number): KinesisStream =>
      KinesisStream.open(log, { name, shardCount, retentionHours: 240, nowMillis: () => now });
    const [input, output] = [open('in', SHARDS), open('out', 1)];
    const ledger = new Ledger();
    const application = startWindows({ log, ledger, input, output, nowMillis: () => now });
    try {
      put(input, ONCE, 1);
      let closed = 0;
      for (let minute = 0; minute < minutes; minute += 1) {
        for (let i = 0; i < 6; i += 1) {
          now += 10_000;
          put(input, BUSY, i);
          await log.durable();
        }
        closed = await eventually(
          'a window to close',
          () => windowsOfBusy(output),
          (rows) => rows >= minute,
          20,
        );
      }
      now += 120_000;
      await eventually(
        'the last windows',
        () => countOf(output),
        (count) => count >= minutes * 6 + 1,
        20,
      );
      const counted = countOf(output);
      must(counted === minutes * 6 + 1, `The windows count ${counted} of ${minutes * 6 + 1} readings`);
      return `${minutes} minutes, ${closed} windows closed while ${SHARDS - 1} shards were idle, ${counted} readings counted once`;
    } finally {
      await application.stop();
      await log.close();
    }
  },
};

interface Places {
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly input: KinesisStream;
  readonly output: KinesisStream;
  readonly nowMillis: () => number;
}

/** The application that is deployed, on a stream with more shards. */
function startWindows({ log, ledger, input, output, nowMillis }: Places): StreamingApplication {
  const schema = JSON.parse(
    readFileSync(fileURLToPath(new URL('weather-windows.input.json', sqlFolder)), 'utf8'),
  ) as InputSchema;
  const sql = readFileSync(fileURLToPath(new URL('weather-windows.sql', sqlFolder)), 'utf8');
  return new StreamingApplication({
    resource: {
      name: 'idle',
      file: '',
      inputStream: 'in',
      outputs: [{ from: 'DESTINATION_SQL_STREAM', stream: 'out', partitionKey: 'sensor_id' }],
      references: [],
    },
    plan: compileApplication(sql, { input: schema }),
    references: {},
    log,
    ledger,
    streams: new Map([input, output].map((stream) => [stream.name, stream])),
    nowMillis,
    report: () => {},
    putObject: async () => {},
  });
}

/** Puts a reading of a sensor on one shard, whatever its key says. */
function put(stream: KinesisStream, shard: number, value: number): void {
  const sensor = sensorOf(shard);
  const { startingHashKey } = stream.hashKeyRange(stream.shardIds[shard]!);
  stream.put(sensor, JSON.stringify(streamReadingOf(value, sensor)), startingHashKey);
}

function sensorOf(shard: number): string {
  return `sensor-${shard}`;
}

interface WindowRow {
  readonly sensor_id: string;
  readonly '60sec_number_of_msg': number;
}

function rowsOf(output: KinesisStream): WindowRow[] {
  const records = output.read(output.shardIds[0]!, undefined, { maxRecords: 100_000 });
  return records.map(({ data }) => JSON.parse(data.toString()) as WindowRow);
}

function windowsOfBusy(output: KinesisStream): number {
  return rowsOf(output).filter(({ sensor_id }) => sensor_id === sensorOf(BUSY)).length;
}

function countOf(output: KinesisStream): number {
  return rowsOf(output).reduce((sum, row) => sum + row['60sec_number_of_msg'], 0);
}
