/*
 * The shipped windows (analytics-sql/weather-windows.sql) from the same bytes in the embedded engine and on a Flink cluster of
 * parallelism 1, in turns in one run: readings for each second of CPU. Needs a JDK 17 and Maven.
 * node bench/flink.bench.ts [--millions 4] [--rounds 2] [--per-second 10000] [--state hashmap|rocksdb]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  flinkClassPath,
  type Load,
  runEngine,
  runFlink,
  type SideRun,
  type StateBackend,
} from './flink-sides.ts';
import { makeTexts, START } from './window-rows.ts';

const KEYS = 10_000;
const FILE_LINES = 200_000;
const WARM_UP = 1_000_000;
const STATES: readonly StateBackend[] = ['hashmap', 'rocksdb'];

const { values: flags } = parseArgs({
  options: {
    millions: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '2' },
    'per-second': { type: 'string', default: '10000' },
    state: { type: 'string' },
  },
});

interface Measured {
  readonly name: string;
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly cores: number;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');

function rateOf(name: string, { cpuMillis, wallMillis }: SideRun, { count, warmUp }: Load): Measured {
  const readings = count - warmUp;
  return {
    name,
    perCpuSecond: (readings * 1000) / cpuMillis,
    perSecond: (readings * 1000) / wallMillis,
    cores: cpuMillis / wallMillis,
  };
}

async function measureRound(classPath: string, given: Load, folder: string): Promise<Measured[]> {
  const engine = runEngine(given);
  const measured = [rateOf('engine', engine, given)];
  for (const state of STATES) {
    if (flags.state !== undefined && flags.state !== state) continue;
    const flink = await runFlink(classPath, given, state, folder);
    if (flink.lines !== engine.lines)
      throw new Error(`Cannot compare: the engine gave ${engine.lines} windows, Flink ${flink.lines}`);
    measured.push(rateOf(`Flink, ${state}`, flink, given));
  }
  console.log(`${whole(engine.lines)} windows on each side; load average ${load()}`);
  return measured;
}

function print(measured: readonly Measured[]): void {
  const engine = measured[0]!.perCpuSecond;
  console.log(
    '\n| | readings per CPU second | readings/s | cores busy | engine : it |\n|---|---|---|---|---|',
  );
  for (const { name, perCpuSecond, perSecond, cores } of measured)
    console.log(
      `| ${name} | ${whole(perCpuSecond)} | ${whole(perSecond)} | ${cores.toFixed(2)} | ${(engine / perCpuSecond).toFixed(2)} |`,
    );
}

const folder = mkdtempSync(join(tmpdir(), 'mesonet-flink-bench-'));
try {
  const classPath = await flinkClassPath();
  const file = join(folder, 'readings.jsonl');
  writeFileSync(file, `${makeTexts(KEYS, FILE_LINES, (i) => START + i).join('\n')}\n`);
  const given = {
    file,
    count: WARM_UP + Number(flags.millions) * 1_000_000,
    warmUp: WARM_UP,
    perSecond: Number(flags['per-second']),
  };
  console.log(`node bench/flink.bench.ts ${process.argv.slice(2).join(' ')}`);
  console.log(`${whole(KEYS)} sensors, ${whole(given.perSecond)} readings in a second of arrival time`);
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load average ${load()}`);
  for (let round = 0; round < Number(flags.rounds); round++)
    print(await measureRound(classPath, given, folder));
} finally {
  rmSync(folder, { recursive: true });
}
