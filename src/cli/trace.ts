import { Command, InvalidArgumentError } from 'commander';
import { fetchTrace, type TraceSubject } from './trace/fetch-trace.ts';
import { printTrace } from './trace/print-trace.ts';

const EXAMPLES = `
Examples:
  mesonet trace --sensor t1                          the last messages of a sensor, packed ones too
  mesonet trace --topic 'weather/WA/#' --last 20     all topics that a filter matches
  mesonet trace --event station-7/b3/1042            the message that brought one reading
  mesonet trace --sensor t1 --json                   the same as data

The runtime keeps the last messages of each topic in memory, so what it was sent before its last start it does not
know. The exit code is 0 when there is such a message, 1 when there is none, 2 when the question is wrong.`;

interface TraceFlags {
  readonly sensor?: string;
  readonly event?: string;
  readonly topic?: string;
  readonly last: number;
  readonly url: string;
  readonly json?: boolean;
}

const SUBJECTS = ['sensor', 'event', 'topic'] as const;
const MAX_MESSAGES = 50;

/** `mesonet trace`: where the last messages of a sensor or topic, or one event, went. */
export function traceCommand(): Command {
  const command = new Command('trace')
    .description('Ask the running pipeline where a message went, and where it stopped')
    .option('--sensor <id>', 'messages with readings of this sensor')
    .option('--event <id>', 'the message that brought this reading, by its event id')
    .option('--topic <topic>', 'messages on this topic, or on those that a filter with + and # matches')
    .option('--last <n>', `at most so many messages, 1 to ${MAX_MESSAGES}, the newest`, parseLast, 3)
    .option('--url <url>', 'the running pipeline', 'http://127.0.0.1:8080')
    .option('--json', 'print what the runtime answers')
    .addHelpText('after', EXAMPLES);
  return command.action((flags: TraceFlags) => run(flags, command));
}

async function run(flags: TraceFlags, command: Command): Promise<void> {
  const given = SUBJECTS.filter((name) => flags[name] !== undefined);
  if (given.length !== 1)
    command.error('error: give exactly one of --sensor, --event and --topic', { exitCode: 2 });
  const subject: TraceSubject = { by: given[0]!, value: flags[given[0]!]! };
  const report = await fetchTrace(flags.url, subject, flags.last);
  if (flags.json) console.log(JSON.stringify(report, null, 2));
  else if (report.messages.length > 0) console.log(printTrace(report.messages));
  else console.error(report.message);
  if (report.messages.length === 0) process.exitCode = 1;
}

function parseLast(text: string): number {
  const last = Number(text);
  if (!/^\d{1,3}$/.test(text) || last < 1 || last > MAX_MESSAGES)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${MAX_MESSAGES}`);
  return last;
}
