import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ReplaySourceName } from '../replay/replay-source.ts';
import type { ReplayReport } from '../replay/replay-tally.ts';
import type { ReplayOptions } from '../replay/run-replay.ts';
import { createProgressBar, REFRESHES_PER_SECOND } from './progress-bar.ts';

const EXAMPLES = `
Examples:
  mesonet replay --from 2026-11-21T04:00Z --to 2026-11-21T06:00Z --dry-run
                                                 what of two hours is stored, new, refused
  mesonet replay --from 2026-11-20 --to 2026-11-21 --source failed
                                                 what functions and rules gave up on that day
  mesonet replay --from … --to … --after raw/2026/11/21/04/…
                                                 goes on behind the last object of an earlier run

Without --url it asks AWS_ENDPOINT_URL, else AWS where the environment has credentials, else this machine.
Only what is not stored yet is put on the stream. --all puts everything: tables overwrite it with the same, but windows by
arrival count it again. The exit code is 0 when every object was read. docs/replay.md says more.`;

const SOURCES: readonly ReplaySourceName[] = ['raw', 'curated', 'rejected', 'late', 'failed'];
/** Half of what a shard takes beside what arrives anyway. */
const DEFAULT_RATE = 500;

interface ReplayFlags {
  readonly from: number;
  readonly to: number;
  readonly source: ReplaySourceName;
  readonly sensor?: string;
  readonly rate: number;
  readonly after?: string;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly url?: string;
  readonly stage: string;
  readonly bucket?: string;
  readonly project: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** `mesonet replay`: reads kept messages back through the pipeline. */
export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Read kept messages back through the pipeline, and say what of them is stored')
    .requiredOption('--from <time>', 'first instant, ISO 8601', parseInstant)
    .requiredOption('--to <time>', 'first instant behind it, ISO 8601', parseInstant)
    .addOption(new Option('--source <kind>', 'which objects').choices(SOURCES).default('raw'))
    .option('--sensor <id>', 'only messages of this sensor')
    .option('--rate <messages/s>', 'so many a second at most', parseRate, DEFAULT_RATE)
    .option('--after <key>', 'go on behind this object')
    .option('--dry-run', 'put nothing on the stream')
    .option('--all', 'put messages on the stream that are stored already, too')
    .option('--url <endpoint>', 'the AWS endpoint of a running pipeline')
    .option('--stage <stage>', 'whose stack', 'dev')
    .option('--bucket <name>', 'read from this bucket instead of the one of the stack')
    .option('--project <folder>', 'the folder of serverless.yml', projectFolder)
    .option('--json', 'print the report as one line of JSON on stdout')
    .option('--quiet', 'print no progress')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
  return command.action((flags: ReplayFlags) => run(command, flags));
}

async function run(command: Command, flags: ReplayFlags): Promise<void> {
  if (flags.from >= flags.to) command.error('error: --from must lie before --to', { exitCode: 2 });
  const options = await prepare(flags);
  const { runReplay } = await import('../replay/run-replay.ts');
  const progress = flags.quiet ? undefined : await startProgress();
  let last: (() => ReplayReport) | undefined;
  try {
    const report = await runReplay({
      ...options,
      signal: stopOnSignals(),
      onProgress: (of, objects) => {
        last = of;
        progress?.show(of, objects);
      },
    }).finally(() => progress?.stop());
    await print(report, flags);
    if (report.objectsLeft > 0) sayWhereToGoOn(report);
    if (report.unreadable.length + report.objectsLeft > 0) process.exitCode = 1;
  } catch (error) {
    if (last) sayWhereToGoOn(last());
    throw error;
  } finally {
    (await import('../stores/aws-clients.ts')).closeClients();
  }
}

/** With the same range: an object that was begun is read again from its beginning. */
function sayWhereToGoOn({ lastKey, objectsLeft }: ReplayReport): void {
  const goOn = lastKey === undefined ? 'begin again' : `go on with --after ${lastKey}`;
  console.error(`Stopped with ${objectsLeft} objects left: ${goOn}`);
}

async function prepare(flags: ReplayFlags): Promise<ReplayOptions> {
  const { chooseTarget, findBucket, readPlaces } = await import('./replay/replay-places.ts');
  const { REPLAY_SOURCES } = await import('../replay/replay-source.ts');
  const target = chooseTarget(flags.url, process.env);
  const { bucketPrefixes, ...places } = await readPlaces(resolve(flags.project), flags.stage);
  const source = REPLAY_SOURCES[flags.source];
  const bucketName = flags.bucket ?? (await findBucket(bucketPrefixes[source.bucket], target));
  if (!flags.quiet)
    console.error(
      `From ${source.prefixes.map((prefix) => `s3://${bucketName}/${prefix}`).join(' and ')} to stream ${places.streamName} at ${target.name}
${new Date(flags.from).toISOString()} to ${new Date(flags.to).toISOString()}: ${source.timeMeans}`,
    );
  return {
    ...places,
    source,
    bucketName,
    range: { fromMillis: flags.from, toMillis: flags.to },
    ...(flags.sensor !== undefined && { sensorId: flags.sensor }),
    ...(flags.after !== undefined && { after: flags.after }),
    nowMillis: Date.now(),
    ratePerSecond: flags.rate,
    dryRun: flags.dryRun ?? false,
    all: flags.all ?? false,
  };
}

async function print(report: ReplayReport, { json, dryRun = false }: ReplayFlags): Promise<void> {
  const { printReplay } = await import('./replay/print-replay.ts');
  console.log(json ? JSON.stringify(report) : printReplay(report, { dryRun }));
}

/** The first signal ends it after the object under way, so that the report says where to go on; a second one at once. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

interface Progress {
  show(report: () => ReplayReport, objects: { done: number; total: number }): void;
  stop(): void;
}

async function startProgress(): Promise<Progress> {
  const { printReplayLine } = await import('./replay/print-replay.ts');
  const bar = await createProgressBar();
  let shownMillis = Number.NEGATIVE_INFINITY;
  let pending: (() => void) | undefined;
  return {
    show(report, objects) {
      pending = () => {
        const progress = { line: printReplayLine(report(), objects) };
        if (shownMillis < 0) bar.start(objects.total, objects.done, progress);
        else bar.update(objects.done, progress);
      };
      // A report adds up all sensors: not after each of thousands of objects.
      if (performance.now() - shownMillis < 1000 / REFRESHES_PER_SECOND) return;
      pending();
      shownMillis = performance.now();
    },
    stop() {
      pending?.();
      if (shownMillis >= 0) bar.stop();
    },
  };
}

/** A time without a zone is UTC, as a date without a time is. */
function parseInstant(text: string): number {
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const instant = text.includes('T') && !hasZone ? `${text}Z` : text;
  const millis = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(instant) : Number.NaN;
  if (Number.isNaN(millis)) throw new InvalidArgumentError('expected a time such as 2026-11-21T04:00Z');
  return millis;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!/^\d{1,7}(\.\d+)?$/.test(text) || rate <= 0)
    throw new InvalidArgumentError('expected a number of messages a second above 0');
  return rate;
}
