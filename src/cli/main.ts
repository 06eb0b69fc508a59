import { readFileSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';

/** The subcommands. Each is loaded only when it is asked for, so that `--help` is instant. */
const COMMANDS: readonly { name: string; summary: string; load: () => Promise<Command> }[] = [
  {
    name: 'start',
    summary: 'run the whole pipeline on this machine',
    load: async () => (await import('./start.ts')).startCommand(),
  },
  {
    name: 'simulate',
    summary: 'publish plausible weather from many stations',
    load: async () => (await import('./simulate.ts')).simulateCommand(),
  },
  {
    name: 'provision',
    summary: 'make things and certificates for devices; list, revoke, rotate',
    load: async () => (await import('./provision.ts')).provisionCommand(),
  },
  {
    name: 'doctor',
    summary: 'find the broken link between a device and its record',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  {
    name: 'trace',
    summary: 'ask the running pipeline where a message went',
    load: async () => (await import('./trace.ts')).traceCommand(),
  },
  {
    name: 'replay',
    summary: 'read kept messages back through the pipeline',
    load: async () => (await import('./replay.ts')).replayCommand(),
  },
  {
    name: 'rule',
    summary: 'test topic rules, and explain what they make of a message',
    load: async () => (await import('./rule.ts')).ruleCommand(),
  },
  {
    name: 'sql',
    summary: 'report on, run, import streaming SQL applications, or print them as Flink SQL',
    load: async () => (await import('./sql.ts')).sqlCommand(),
  },
  {
    name: 'cost',
    summary: 'price the stack on AWS for a load',
    load: async () => (await import('./cost.ts')).costCommand(),
  },
];

const EXIT_CODES = `
Exit codes: 0 done, and nothing is wrong; 1 something is, or it could not be done; 2 the command line is wrong.`;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('mesonet')
    .description('An IoT streaming pipeline that deploys to AWS and runs whole on a laptop')
    .version(version, '-V, --version')
    .showHelpAfterError('(mesonet --help shows what there is)')
    .addHelpText('after', EXIT_CODES);
  for (const { name, summary, load } of COMMANDS) {
    const command = argv.includes(name) ? await load() : new Command(name);
    program.addCommand(command.name(name).summary(summary));
  }
  return throwing(program);
}

/** Commander would end the process by itself. */
function throwing(command: Command): Command {
  command.commands.forEach(throwing);
  return command.exitOverride();
}

/** What commander finds is a wrong command line; a command that has looked further says itself how it ends. */
function exitCodeOf({ code, exitCode }: CommanderError): number {
  return exitCode === 0 || code === 'commander.error' ? exitCode : WRONG_COMMAND_LINE;
}

/** 1 says that the command found something, or could not do what was asked. */
const WRONG_COMMAND_LINE = 2;

/** A process whose parent was killed must not live on: the pipe between them is closed by the kernel in any case. */
function endWithParent(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}

/** Whoever reads our output may stop reading (`mesonet --help | head`). */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** What was compiled is kept, which halves the time to start; a process that runs on must ask for it to be written. */
enableCompileCache(fileURLToPath(new URL('../../.mesonet/compiled', import.meta.url)));

try {
  endWithParent();
  await (await createProgram(process.argv.slice(2))).parseAsync();
  flushCompileCache();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = exitCodeOf(error);
  else {
    console.error(error instanceof Error && !process.env.MESONET_DEBUG ? error.message : error);
    process.exit(1);
  }
}
