import { type ChildProcess, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { memoryArgs, memoryEnvironment } from '../bin/install.mjs';
import type { LoadOptions, LoadResult } from './mqtt-load.ts';

/**
 * From socket to window state: QoS 1, 199-byte messages, 10,000 sensors, the runtime, the baseline and the load tool each
 * in a process of their own, one after the other in this run. `node bench/pipeline.bench.ts [seconds]`
 */
interface Measure {
  readonly counted: number;
  readonly rssBytes: number;
  readonly cpuMicros: number;
}

const seconds = Number(process.argv[2] ?? 10);
const SENSORS = 10_000;
const batched = { connections: 10, inFlight: 100, sensors: SENSORS, warmUpSeconds: 3, seconds };
const unbatched = { connections: 500, inFlight: 1, sensors: SENSORS, warmUpSeconds: 3, seconds };

interface Row extends LoadResult, Measure {
  readonly name: string;
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function message<Value>(child: ChildProcess): Promise<Value> {
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as Value));
    child.once('exit', (code) =>
      reject(new Error(`Cannot go on: a process of the bench ended with ${code}`)),
    );
  });
}

async function load(options: LoadOptions): Promise<LoadResult> {
  const child = fork(fileOf('mqtt-load.ts'));
  child.send(options);
  return message<LoadResult>(child);
}

async function measure(child: ChildProcess): Promise<Measure> {
  child.send('measure');
  return message<Measure>(child);
}

/** Everything that was acknowledged must have reached the windows. */
async function countedAll(child: ChildProcess, acknowledged: number): Promise<Measure> {
  for (let tries = 0; tries < 100; tries += 1) {
    const now = await measure(child);
    if (now.counted >= acknowledged) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `Cannot trust this run: ${acknowledged} were acknowledged, ${(await measure(child)).counted} counted`,
  );
}

interface Contender {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
}

async function run(
  contender: Contender,
  shapes: Readonly<Record<string, Omit<LoadOptions, 'port'>>>,
): Promise<Row[]> {
  const child = fork(fileOf(contender.file), contender.args ?? [], {
    execArgv: memoryArgs,
    env: { ...process.env, ...memoryEnvironment },
  });
  const { port } = await message<{ port: number }>(child);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const idle = await measure(child);
  console.log(`${contender.name}: idle ${megabytes(idle.rssBytes)} MB`);
  const rows: Row[] = [];
  let acknowledged = 0;
  let cpuMicros = idle.cpuMicros;
  for (const [name, shape] of Object.entries(shapes)) {
    const result = await load({ port, ...shape });
    acknowledged += result.acknowledged;
    const after = await countedAll(child, acknowledged);
    rows.push({ name, ...result, ...after, cpuMicros: (after.cpuMicros - cpuMicros) / result.acknowledged });
    cpuMicros = after.cpuMicros;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await ended;
  return rows;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function print(name: string, rows: readonly Row[]): void {
  for (const row of rows) {
    const { p50, p99, max } = row.latencyMillis;
    console.log(
      `${name.padEnd(34)} ${row.name.padEnd(24)} ${Math.round(row.messagesPerSecond).toLocaleString('en').padStart(9)} msg/s` +
        `  ${row.cpuMicros.toFixed(1).padStart(5)} µs CPU/msg  p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} max ${max.toFixed(0)} ms  ${megabytes(row.rssBytes)} MB`,
    );
  }
}

const shapes = { '10 × 100 in flight': batched, '500 × 1 in flight': unbatched };
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}, ${seconds} s each\n`,
);
const baseline = await run({ name: 'aedes + JSON.parse + Map', file: 'baseline-broker.ts' }, shapes);
const ours = await run({ name: 'mesonet, power', file: 'runtime-process.ts', args: ['power'] }, shapes);
const half = Math.round(ours[0]!.messagesPerSecond / 2);
const paced = await run(
  { name: 'mesonet, power, at half load', file: 'runtime-process.ts', args: ['power'] },
  { [`${half} msg/s offered`]: { ...batched, rate: half } },
);
const whole = await run(
  { name: 'mesonet, power, with functions', file: 'runtime-process.ts', args: ['power', 'with-functions'] },
  { '10 × 100 in flight': batched },
);
console.log();
print('aedes + JSON.parse + Map, no log', baseline);
print('mesonet, fsync before PUBACK', ours);
print('the same at half load', paced);
print('the same with all functions', whole);
console.log();
for (const [index, row] of ours.entries()) {
  const ratio = row.messagesPerSecond / baseline[index]!.messagesPerSecond;
  console.log(`${row.name}: ${ratio.toFixed(2)}× the baseline that keeps no log`);
}
