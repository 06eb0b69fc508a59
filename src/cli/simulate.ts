import { Command } from 'commander';
import { ConnectError, DeviceError, SimulatorOptionError } from '../../devices/device-error.ts';
import { printProgressLine, printSummary } from '../../devices/simulator/print-summary.ts';
import {
  checkNumber,
  DEFAULT_SIMULATOR_OPTIONS as DEFAULTS,
  decimal,
  parseFault,
  SIMULATOR_OPTION_RANGES as RANGES,
  type Range,
  type SimulatorOptions,
} from '../../devices/simulator/simulator-options.ts';
import type { Simulator } from '../../devices/simulator/start-simulator.ts';
import type { SimulatorSummary } from '../../devices/simulator/tally.ts';
import { createProgressBar, REFRESHES_PER_SECOND } from './progress-bar.ts';

const EXAMPLES = `
Examples:
  mesonet simulate                                   50 stations × 5 sensors at 1 Hz until Ctrl-C
  mesonet simulate --stations 200 --duration 60      200 stations for a minute
  mesonet simulate --packed --gzip                   one compressed publish per station and second
  mesonet simulate --late 0.05:120 --skew 0.1        5 % up to 2 minutes late, a tenth of the clocks off
  mesonet simulate --count 10000 --rate 20 --json    exactly 10,000 readings, then one line of JSON

The exit code is 0 when every reading was acknowledged, 1 when some were not or failed.`;

/** The options as commander hands them over: texts and flags. */
interface SimulateFlags {
  readonly url: string;
  readonly stations: string;
  readonly rate: string;
  readonly seed: string;
  readonly connections?: string;
  readonly qos: string;
  readonly mqttVersion: string;
  readonly packed?: boolean;
  readonly gzip?: boolean;
  readonly basicIngest?: boolean;
  readonly late: string;
  readonly skew: string;
  readonly identity?: boolean;
  readonly duration?: string;
  readonly count?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly exitWithParent?: boolean;
}

/** `mesonet simulate`: publishes the weather of a simulated network to an MQTT broker. */
export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('Publish simulated weather, fed from NOAA observations, to an MQTT broker')
    .option('--url <url>', 'broker: mqtt://HOST:PORT or mqtts://HOST:PORT', DEFAULTS.url)
    .option('--stations <n>', 'weather stations, each with 5 sensors', String(DEFAULTS.stations))
    .option('--rate <hz>', 'readings per second of each sensor', String(DEFAULTS.rate))
    .option('--seed <n>', 'the same seed gives the same stations, sensors and weather', String(DEFAULTS.seed))
    .option('--duration <seconds>', 'stop after so long (default: when stopped)')
    .option('--count <n>', 'stop after so many readings')
    .option('--packed', 'one publish per station and second, on …/batch')
    .option('--gzip', 'compress packed publishes')
    .option(
      '--basic-ingest',
      'publish straight to the rules ($aws/rules/…): no message charge, no subscribers',
    )
    .option(
      '--late <fraction[:seconds]>',
      `hold back a share of the readings and send them up to so much later (default seconds: ${DEFAULTS.late.maxSeconds})`,
      '0',
    )
    .option(
      '--skew <fraction[:seconds]>',
      `a share of the stations has a clock off by up to so much (default seconds: ${DEFAULTS.skew.maxSeconds})`,
      '0',
    )
    .option('--identity', 'add device_id, boot_id and sequence to each reading')
    .option(
      '--connections <n>',
      'MQTT connections that share the stations (default: one per station, at most 50)',
    )
    .option('--qos <0|1>', 'MQTT quality of service', String(DEFAULTS.qos))
    .option('--mqtt-version <4|5>', '4 is MQTT 3.1.1', String(DEFAULTS.mqttVersion))
    .option('--json', 'print the summary as one line of JSON on stdout')
    .option('--quiet', 'print no progress')
    .option('--exit-with-parent', 'stop when the parent process ends (its IPC channel, else stdin, closes)')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
  return command.action((flags: SimulateFlags) => simulate(command, flags));
}

async function simulate(command: Command, flags: SimulateFlags): Promise<void> {
  try {
    const options = readOptions(flags);
    const { startSimulator } = await import('../../devices/simulator/start-simulator.ts');
    const simulator = startSimulator(options);
    stopOnSignals(simulator, flags.exitWithParent);
    const progress = flags.quiet ? undefined : await startProgress(simulator, options);
    const summary = await simulator.finished.finally(() => progress?.stop());
    process.stdout.write(`${flags.json ? JSON.stringify(summary) : printSummary(summary)}\n`);
    if (summary.unacknowledged || summary.failed) process.exitCode = 1;
    releaseParent(flags.exitWithParent);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    command.error(`error: ${error.message}${hint(error, flags.url)}`, { exitCode: 1 });
  }
}

function readOptions(flags: SimulateFlags): Partial<SimulatorOptions> {
  return {
    url: flags.url,
    stations: readNumber('--stations', flags.stations, RANGES.stations),
    rate: readNumber('--rate', flags.rate, RANGES.rate),
    seed: readNumber('--seed', flags.seed, RANGES.seed),
    connections: readOptional('--connections', flags.connections, RANGES.connections),
    durationSeconds: readOptional('--duration', flags.duration, RANGES.durationSeconds),
    count: readOptional('--count', flags.count, RANGES.count),
    packed: flags.packed ?? false,
    gzip: flags.gzip ?? false,
    basicIngest: flags.basicIngest ?? false,
    identity: flags.identity ?? false,
    late: parseFault('--late', flags.late, DEFAULTS.late),
    skew: parseFault('--skew', flags.skew, DEFAULTS.skew),
    qos: choose('--qos', flags.qos, { 0: 0, 1: 1 }),
    mqttVersion: choose('--mqtt-version', flags.mqttVersion, { 4: 4, 5: 5 }),
  };
}

function readNumber(option: string, text: string, range: Range): number {
  return checkNumber(option, decimal(text), range, text);
}

function readOptional(option: string, text: string | undefined, range: Range): number | undefined {
  return text === undefined ? undefined : readNumber(option, text, range);
}

function choose<Value>(option: string, text: string, choices: Readonly<Record<string, Value>>): Value {
  const value = Object.hasOwn(choices, text) ? choices[text] : undefined;
  if (value !== undefined) return value;
  throw new SimulatorOptionError(
    `Cannot use ${option} "${text}": expected ${Object.keys(choices).join(' or ')}`,
  );
}

/** On one's own machine a refused connection mostly means that nothing was started. */
function hint(error: DeviceError, url: string): string {
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(URL.parse(url)?.hostname ?? '');
  return error instanceof ConnectError && local && error.message.endsWith('connection refused')
    ? '; is the runtime started with "mesonet start"?'
    : '';
}

/** The first signal stops in order; a second one, with no listener left, ends the process at once. */
function stopOnSignals(simulator: Simulator, exitWithParent = false): void {
  const stop = () => {
    // A connection that never came about is reported through `finished`.
    simulator.stop().catch(() => {});
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (!exitWithParent) return;
  // A parent that died reads no more; what is printed then is for nobody.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  if (process.connected) {
    process.once('disconnect', stop);
    return;
  }
  process.stdin.once('close', stop).once('end', stop).resume();
}

/** What is listened to for the parent's sake must not keep the process alive once the work is done. */
function releaseParent(exitWithParent = false): void {
  if (!exitWithParent) return;
  if (process.connected) process.channel?.unref();
  else process.stdin.destroy();
}

async function startProgress(
  simulator: Simulator,
  options: Partial<SimulatorOptions>,
): Promise<{ stop(): void }> {
  const goal = goalOf(options);
  const bar = await createProgressBar(`${goal === undefined ? '' : '{bar} {percentage}%  '}{line}`);
  let started = false;
  const show = () => {
    const summary = simulator.summary();
    if (summary.connections === 0) return;
    const progress = { line: printProgressLine(summary) };
    if (!started) bar.start(goal?.total ?? 1, 0, progress);
    started = true;
    bar.update(goal === undefined ? 0 : Math.min(goal.total, goal.reached(summary)), progress);
  };
  const timer = setInterval(show, 1000 / REFRESHES_PER_SECOND);
  return {
    stop: () => {
      clearInterval(timer);
      show();
      if (started) bar.stop();
    },
  };
}

interface Goal {
  readonly total: number;
  readonly reached: (summary: SimulatorSummary) => number;
}

function goalOf({ count, durationSeconds }: Partial<SimulatorOptions>): Goal | undefined {
  if (count !== undefined) return { total: count, reached: (summary) => summary.sent };
  if (durationSeconds !== undefined)
    return { total: durationSeconds, reached: (summary) => Math.floor(summary.elapsedSeconds) };
  return undefined;
}
