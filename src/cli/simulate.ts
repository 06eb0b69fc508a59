import type { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { ConnectError, DeviceError, SimulatorOptionError } from '../../devices/device-error.ts';
import {
  DEFAULT_SIMULATOR_OPTIONS as DEFAULTS,
  decimal,
  parseFault,
  type SimulatorOptions,
} from '../../devices/simulator/simulator-options.ts';
import type { Simulator } from '../../devices/simulator/start-simulator.ts';
import type { SimulatorSummary } from '../../devices/simulator/tally.ts';

const EXAMPLES = `
Examples:
  mesonet simulate                                   50 stations × 5 sensors at 1 Hz until Ctrl-C
  mesonet simulate --stations 200 --duration 60      200 stations for a minute
  mesonet simulate --packed --gzip                   one compressed publish per station and second
  mesonet simulate --late 0.05:120 --skew 0.1        5 % up to 2 minutes late, a tenth of the clocks off
  mesonet simulate --count 10000 --rate 20 --json    exactly 10,000 readings, then one line of JSON

The exit code is 0 when every reading was acknowledged, 1 when some were not or failed.`;

/** How often a line is printed where a line cannot be refreshed. */
const PLAIN_LINE_MILLIS = 10_000;
const REFRESHES_PER_SECOND = 2;

/** The options as commander hands them over: texts and flags. */
interface SimulateFlags {
  readonly url: string;
  readonly stations: string;
  readonly rate: string;
  readonly seed: string;
  readonly connections?: string;
  readonly qos: string;
  readonly mqttVersion: string;
  readonly packed: boolean;
  readonly gzip: boolean;
  readonly late: string;
  readonly skew: string;
  readonly identity: boolean;
  readonly duration?: string;
  readonly count?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly exitWithParent: boolean;
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
    .option('--packed', 'one publish per station and second, on …/batch', false)
    .option('--gzip', 'compress packed publishes', false)
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
    .option('--identity', 'add device_id, boot_id and sequence to each reading', false)
    .option(
      '--connections <n>',
      'MQTT connections that share the stations (default: one per station, at most 50)',
    )
    .option('--qos <0|1>', 'MQTT quality of service', String(DEFAULTS.qos))
    .option('--mqtt-version <4|5>', '4 is MQTT 3.1.1', String(DEFAULTS.mqttVersion))
    .option('--json', 'print the summary as one line of JSON on stdout', false)
    .option('--quiet', 'print no progress', false)
    .option(
      '--exit-with-parent',
      'stop when the parent process ends (its IPC channel, else stdin, closes)',
      false,
    )
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
    stations: readNumber('--stations', flags.stations),
    rate: readNumber('--rate', flags.rate),
    seed: readNumber('--seed', flags.seed),
    connections: optional('--connections', flags.connections),
    durationSeconds: optional('--duration', flags.duration),
    count: optional('--count', flags.count),
    packed: flags.packed,
    gzip: flags.gzip,
    identity: flags.identity,
    late: parseFault('late', flags.late),
    skew: parseFault('skew', flags.skew),
    qos: choose('--qos', flags.qos, { 0: 0, 1: 1 }),
    mqttVersion: choose('--mqtt-version', flags.mqttVersion, { 4: 4, 5: 5 }),
  };
}

function optional(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : readNumber(option, text);
}

/** Ranges are checked where the options are used; here a text only becomes a number. */
function readNumber(option: string, text: string): number {
  const value = decimal(text);
  if (Number.isNaN(value))
    throw new SimulatorOptionError(`Cannot use ${option} "${text}": expected a number`);
  return value;
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
function stopOnSignals(simulator: Simulator, exitWithParent: boolean): void {
  const stop = () => {
    // A connection that never came about is reported through `finished`.
    simulator.stop().catch(() => {});
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (!exitWithParent) return;
  if (process.connected) {
    process.once('disconnect', stop);
    return;
  }
  process.stdin.once('close', stop).once('end', stop).resume();
}

/** What is listened to for the parent's sake must not keep the process alive once the work is done. */
function releaseParent(exitWithParent: boolean): void {
  if (!exitWithParent) return;
  if (process.connected) process.disconnect();
  else process.stdin.destroy();
}

async function startProgress(
  simulator: Simulator,
  options: Partial<SimulatorOptions>,
): Promise<{ stop(): void }> {
  const { SingleBar } = await import('cli-progress');
  const goal = goalOf(options);
  const bar = new SingleBar({
    format: `${goal === undefined ? '' : '{bar} {percentage}%  '}{line}`,
    fps: REFRESHES_PER_SECOND,
    barsize: 20,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_LINE_MILLIS,
    gracefulExit: false,
    linewrap: null,
  });
  const show = () => showProgress(bar, simulator.summary(), goal);
  bar.start(goal?.total ?? 1, 0, { line: 'connecting' });
  const timer = setInterval(show, 1000 / REFRESHES_PER_SECOND);
  return {
    stop: () => {
      clearInterval(timer);
      show();
      bar.stop();
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

function showProgress(bar: SingleBar, summary: SimulatorSummary, goal: Goal | undefined): void {
  bar.update(goal === undefined ? 0 : Math.min(goal.total, goal.reached(summary)), {
    line: progressLine(summary),
  });
}

function progressLine(summary: SimulatorSummary): string {
  const parts = [
    `${count(summary.sent)} sent`,
    summary.unacknowledged === null ? '' : `${count(summary.unacknowledged)} unacknowledged`,
    `${count(summary.lastSecond)}/s`,
    ...faults(summary),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Only what happened is worth a word. */
function faults(summary: SimulatorSummary): string[] {
  const kinds = ['late', 'held', 'skewed', 'missed', 'failed', 'reconnects'] as const;
  return kinds.filter((kind) => summary[kind] > 0).map((kind) => `${count(summary[kind])} ${kind}`);
}

function printSummary(summary: SimulatorSummary): string {
  const { acknowledged, unacknowledged, ackMillisP50, ackMillisP99 } = summary;
  const lines = [
    `${count(summary.sent)} readings in ${count(summary.publishes)} publishes over ${summary.connections} connections, ${summary.elapsedSeconds} s, ${count(Math.round(summary.readingsPerSecond))} readings/s`,
    acknowledged === null
      ? 'QoS 0: no acknowledgements'
      : `${count(acknowledged)} acknowledged, ${count(unacknowledged ?? 0)} unacknowledged`,
    ackMillisP50 === null ? '' : `acknowledged within ${ackMillisP50} ms (p50), ${ackMillisP99} ms (p99)`,
    faults(summary).join(', '),
    summary.lastFailure ?? '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
