import { Command } from 'commander';
import { ConnectError, DeviceError, SimulatorOptionError } from '../../devices/device-error.ts';
import { decimal } from '../../devices/simulator/decimal.ts';
import { parseFaults } from '../../devices/simulator/faults.ts';
import { printProgressLine, printSummary } from '../../devices/simulator/print-summary.ts';
import {
  checkNumber,
  checkSimulatorOptions,
  DEFAULT_SIMULATOR_OPTIONS as DEFAULTS,
  SIMULATOR_OPTION_RANGES as RANGES,
  type Range,
  type SimulatorOptions,
} from '../../devices/simulator/simulator-options.ts';
import type { Simulator } from '../../devices/simulator/start-simulator.ts';
import type { SimulatorSummary } from '../../devices/simulator/tally.ts';
import { createProgressBar, REFRESHES_PER_SECOND } from './progress-bar.ts';
import type { OpenIdentities } from './simulate/open-identities.ts';

const EXAMPLES = `
Examples:
  mesonet simulate                                   50 stations × 5 sensors at 1 Hz until Ctrl-C
  mesonet simulate --stations 200 --duration 60      200 stations for a minute
  mesonet simulate --packed --gzip                   one compressed publish per station and second
  mesonet simulate --faults late:0.05:120,skew:0.1   5 % up to 2 minutes late, a tenth of the clocks off
  mesonet simulate --count 10000 --rate 20 --json    exactly 10,000 readings, then one line of JSON
  mesonet simulate --stations 10000 --rate 0.1 --packed --arrival 60 --churn 0.02 --storm 300
                                                     a fleet that comes, goes, and loses its broker
  mesonet simulate --faults drop,dup,garbage --duration 60 --ledger sent.jsonl --compare http://127.0.0.1:8080
                                                     what was sent, and whether the pipeline accounts for it

Each station is a device of its own: with a thing and a certificate, which it makes at the pipeline on this machine when it has
none, or with bundles of "mesonet provision". Only --url mqtt://… publishes without certificates.
The exit code is 0 when every reading was acknowledged, 1 when some were not or failed, or the comparison does not hold.`;

/** The options as commander hands them over: texts and flags. */
interface SimulateFlags {
  readonly url?: string;
  readonly bundles?: string;
  readonly awsEndpoint?: string;
  readonly data: string;
  readonly policy?: string;
  readonly stations?: string;
  readonly rate: string;
  readonly seed: string;
  readonly connections?: string;
  readonly qos: string;
  readonly mqttVersion: string;
  readonly packed?: boolean;
  readonly gzip?: boolean;
  readonly basicIngest?: boolean;
  readonly faults: string;
  readonly arrival: string;
  readonly churn: string;
  readonly storm?: string;
  readonly ledger?: string;
  readonly compare?: string;
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
    .option(
      '--url <url>',
      'broker: mqtts://HOST:PORT (default: where the registry says), or mqtt://HOST:PORT',
    )
    .option('--bundles <folder>', 'devices that "mesonet provision" made, here or in AWS')
    .option(
      '--aws-endpoint <url>',
      'AWS endpoint of the pipeline to be provisioned at (default: http://127.0.0.1:4566)',
    )
    .option('--data <folder>', "the pipeline's data folder, where the certificates are kept", '.mesonet/data')
    .option('--policy <name>', 'the policy of their certificates (default: the one of the stack)')
    .option(
      '--stations <n>',
      `weather stations, each with 5 sensors (default: ${DEFAULTS.stations}, or as many as there are bundles)`,
    )
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
    .option('--arrival <seconds>', 'the stations come up over so long', String(DEFAULTS.arrivalSeconds))
    .option('--churn <share>', 'this share leaves within each minute, and comes back', String(DEFAULTS.churn))
    .option('--storm <seconds>', 'all lose their connections at once, each time after so long')
    .option(
      '--faults <list>',
      'name[:share[:seconds]], comma between: drop, dup, garbage (of publishes), late (of readings), skew (of stations)',
      '',
    )
    .option('--ledger <file>', 'write what was sent, acknowledged, refused and unknown, for each device')
    .option(
      '--compare <url>',
      "compare with the ledger of the pipeline's page, for example http://127.0.0.1:8080",
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
  const stopping = new AbortController();
  stopOnSignals(stopping, flags.exitWithParent);
  let identities: OpenIdentities | undefined;
  try {
    const options = readOptions(flags);
    // Before anything is made at the registry.
    checkSimulatorOptions(options);
    identities = await identitiesOf(flags, options, stopping.signal);
    if (!stopping.signal.aborted) await run(flags, withIdentities(options, identities), stopping.signal);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    command.error(`error: ${error.message}${hint(error, flags.url)}`, { exitCode: 1 });
  } finally {
    await identities?.close();
    releaseParent(flags.exitWithParent);
  }
}

async function run(
  flags: SimulateFlags,
  options: Partial<SimulatorOptions>,
  stopping: AbortSignal,
): Promise<void> {
  const { startSimulator } = await import('../../devices/simulator/start-simulator.ts');
  const comparison = flags.compare === undefined ? undefined : await beginComparison(flags.compare);
  const simulator = startSimulator(options);
  // A connection that never came about is reported through `finished`.
  stopping.addEventListener('abort', () => simulator.stop().catch(() => {}));
  if (stopping.aborted) simulator.stop().catch(() => {});
  const ledger = await keepLedger(flags, options, simulator);
  const progress = flags.quiet ? undefined : await startProgress(simulator, options);
  const summary = await simulator.finished.finally(() => {
    progress?.stop();
    ledger?.stop();
  });
  const compared = await comparison?.(simulator.ledger().total);
  const text = flags.json
    ? JSON.stringify({ ...summary, ...(compared && { comparison: compared }) })
    : [printSummary(summary), ...(compared?.lines ?? [])].join('\n');
  process.stdout.write(`${text}\n`);
  if (summary.unacknowledged || summary.failed || compared?.holds === false) process.exitCode = 1;
}

/** Without certificates only where plain MQTT was asked for. */
async function identitiesOf(
  flags: SimulateFlags,
  { stations, seed = DEFAULTS.seed }: Partial<SimulatorOptions>,
  signal: AbortSignal,
): Promise<OpenIdentities | undefined> {
  if (flags.url?.startsWith('mqtt:')) return undefined;
  const { url, bundles, awsEndpoint, data, policy, quiet = false } = flags;
  const { openIdentities } = await import('./simulate/open-identities.ts');
  return openIdentities({ url, bundles, awsEndpoint, data, policy, stations, seed, quiet }, signal);
}

function withIdentities(
  options: Partial<SimulatorOptions>,
  opened: OpenIdentities | undefined,
): Partial<SimulatorOptions> {
  if (!opened) return options;
  const { identities } = opened;
  return { ...options, identities, stations: identities.length };
}

async function beginComparison(url: string) {
  return (await import('./simulate/compare-with-runtime.ts')).beginComparison(url);
}

async function keepLedger(flags: SimulateFlags, options: Partial<SimulatorOptions>, simulator: Simulator) {
  if (flags.ledger === undefined) return undefined;
  const { keepLedgerFile } = await import('./simulate/ledger-file.ts');
  const { identities: _, ...about } = options;
  return keepLedgerFile(flags.ledger, simulator, about);
}

function readOptions(flags: SimulateFlags): Partial<SimulatorOptions> {
  const stations = readOptional('--stations', flags.stations, RANGES.stations);
  return {
    ...(flags.url !== undefined && { url: flags.url }),
    ...(stations !== undefined && { stations }),
    rate: readNumber('--rate', flags.rate, RANGES.rate),
    seed: readNumber('--seed', flags.seed, RANGES.seed),
    connections: readOptional('--connections', flags.connections, RANGES.connections),
    durationSeconds: readOptional('--duration', flags.duration, RANGES.durationSeconds),
    count: readOptional('--count', flags.count, RANGES.count),
    arrivalSeconds: readNumber('--arrival', flags.arrival, RANGES.arrivalSeconds),
    churn: readNumber('--churn', flags.churn, RANGES.churn),
    stormSeconds: readOptional('--storm', flags.storm, RANGES.stormSeconds),
    packed: flags.packed ?? false,
    gzip: flags.gzip ?? false,
    basicIngest: flags.basicIngest ?? false,
    identity: flags.identity ?? false,
    faults: parseFaults(flags.faults),
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
function hint(error: DeviceError, url = ''): string {
  const { hostname = '', protocol } = URL.parse(url) ?? {};
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (!(error instanceof ConnectError) || !local || !error.message.endsWith('connection refused')) return '';
  const flag = protocol === 'mqtt:' ? ' --insecure-local' : '';
  return `; is the runtime started with "mesonet start${flag}"?`;
}

/** The first signal stops in order; a second one, with no listener left, ends the process at once. */
function stopOnSignals(stopping: AbortController, exitWithParent = false): void {
  const stop = () => stopping.abort();
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
