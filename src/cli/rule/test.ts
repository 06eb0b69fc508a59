import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { type RuleTestReport, testRules } from '../../topic-rules/test-rules.ts';
import { TopicRuleError } from '../../topic-rules/topic-rule-error.ts';
import { printJunit } from './print-junit.ts';
import { printTestReport } from './print-test-report.ts';
import { projectOption } from './project-folder.ts';
import { watchFolder } from './watch-folder.ts';

const NOTES = `
Cases lie beside the rules as rules/<rule>.cases.json; docs/iot-sql.md has their form.

Examples:
  mesonet rule test                                  every rule
  mesonet rule test telemetry --watch                one rule, again after every change
  mesonet rule test --junit .mesonet/rules.xml       a report for CI

The exit code is 0 when every case passed, 1 when one failed, 2 when the command line is wrong.`;

interface TestFlags {
  readonly watch?: boolean;
  readonly junit?: string;
  readonly json?: boolean;
  readonly project: string;
}

/** `mesonet rule test`: runs the files of cases. */
export function testCommand(): Command {
  const command = new Command('test')
    .summary("run the rules' cases, and say what they do not reach")
    .description(
      'Run the cases of the rules (rules/<rule>.cases.json), and say which conditions no case reaches',
    )
    .argument('[rule...]', 'names of rules; all when there is none')
    .option('--watch', 'run again whenever a file in rules/ changes, until Ctrl-C')
    .option('--junit <file>', 'write a JUnit XML report too')
    .option('--json', 'print one line of JSON instead')
    .addOption(projectOption())
    .addHelpText('after', NOTES);
  return command.action((names: string[], flags: TestFlags) =>
    flags.watch ? watch(command, names, flags) : runOnce(command, names, flags),
  );
}

async function runOnce(command: Command, names: readonly string[], flags: TestFlags): Promise<void> {
  try {
    const report = await run(names, flags);
    if (report.failed > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof TopicRuleError)) throw error;
    command.error(`error: ${error.message}`, { exitCode: 2 });
  }
}

async function run(names: readonly string[], { junit, json, project }: TestFlags): Promise<RuleTestReport> {
  const report = await testRules(project, names);
  if (junit !== undefined) writeReport(junit, printJunit(report));
  process.stdout.write(
    json
      ? `${JSON.stringify(report, (name, value: unknown) => (name === 'taken' ? undefined : value))}\n`
      : printTestReport(report),
  );
  return report;
}

/** @throws TopicRuleError when the file cannot be written */
function writeReport(file: string, xml: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, xml);
  } catch (cause) {
    throw new TopicRuleError(`Cannot write report '${file}': ${(cause as Error).message}`, { cause });
  }
}

/** Runs until Ctrl-C; what is wrong is printed and may be mended meanwhile. */
async function watch(command: Command, names: readonly string[], flags: TestFlags): Promise<void> {
  await runOnce(command, names, flags);
  const again = async (): Promise<void> => {
    if (process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
    try {
      await run(names, flags);
    } catch (error) {
      if (!(error instanceof TopicRuleError)) throw error;
      console.error(`error: ${error.message}`);
    }
    if (!flags.json) console.log(WATCHING);
  };
  if (!flags.json) console.log(WATCHING);
  const watching = watchFolder(join(flags.project, 'rules'), again);
  const stop = () => {
    watching.stop();
    setTimeout(() => process.exit(0), SECOND_SIGNAL_MILLIS);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
}

/** Ctrl-C in a terminal arrives twice: from the terminal, and from the process that started this one. */
const SECOND_SIGNAL_MILLIS = 100;

const WATCHING = 'watching rules/ for changes, Ctrl-C stops';
