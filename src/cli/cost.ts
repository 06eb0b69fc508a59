import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Load } from '../cost/load.ts';
import type { CostReport } from '../cost/price-stack.ts';
import type { Template } from '../stack/template.ts';

const EXAMPLES = `
Examples:
  mesonet cost                                   200-byte readings, 100 a second from 1,000 devices
  mesonet cost --pack 6                          each device publishes 6 readings at a time
  mesonet cost --rate 5000 --devices 50000       a larger fleet
  mesonet cost --trace load.jsonl                a recorded load, a line per publish:
                                                 {"timestampMillis":…,"topic":"weather/…","bytes":200}
  mesonet cost --windows flink                   the same stack with Managed Service for Apache Flink
  mesonet cost --budget 250 --json               exit code 1 when a month costs more
  mesonet cost --scale --pack 24                 100 to 10,000,000 readings/s: shards, units, limits, costs

docs/cost.md explains the model, its assumptions and where the prices come from, docs/scale.md what --scale sizes.`;

/** The options as they are after parsing. */
interface CostFlags {
  readonly rate?: number;
  readonly devices?: number;
  readonly pack?: number;
  readonly trace?: string;
  readonly basicIngest: boolean;
  readonly storageMonths: number;
  readonly scale?: boolean;
  readonly budget?: number;
  readonly json?: boolean;
  readonly project: string;
  readonly stage: string;
  readonly template?: string;
  readonly windows?: string;
}

const DEFAULTS = { rate: 100, devices: 1000, pack: 1 };
const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** `mesonet cost`: what the stack of a project costs on AWS under a load. */
export function costCommand(): Command {
  const command = new Command('cost')
    .description('Price the stack on AWS for a load: line by line, per million readings and per month')
    .option(
      '--rate <readings/s>',
      `readings per second of all devices (default: ${DEFAULTS.rate})`,
      parseAmount,
    )
    .option('--devices <n>', `devices connected all the time (default: ${DEFAULTS.devices})`, parseCount)
    .option('--pack <n>', `readings of a device in one publish (default: ${DEFAULTS.pack})`, parseCount)
    .option('--trace <file>', 'price a recorded load: JSON lines, one per publish')
    .option('--no-basic-ingest', 'devices publish through the message broker, not to $aws/rules/…')
    .option('--storage-months <n>', 'months of what is stored that are counted, at most', parseAmount, 1)
    .option('--scale', 'size and price the stack for 100 to 10,000,000 readings/s')
    .option('--budget <usd>', 'fail when a month costs more', parseAmount)
    .option('--json', 'print one line of JSON on stdout')
    .option('--project <folder>', 'the folder of serverless.yml', projectFolder)
    .option('--stage <stage>', 'the stage whose parameters count', 'prod')
    .addOption(
      new Option('--windows <back-end>', 'what runs the streaming SQL, if not what the stage says').choices([
        'lambda',
        'flink',
      ]),
    )
    .option(
      '--template <file>',
      'price this compiled CloudFormation template instead of compiling serverless.yml',
    )
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
  return command.action((flags: CostFlags) => run(command, flags));
}

async function run(command: Command, flags: CostFlags): Promise<void> {
  if (flags.scale) return runScale(command, flags);
  const { priceStack } = await import('../cost/price-stack.ts');
  const { readDeployment } = await import('../cost/deployment.ts');
  const { US_EAST_1 } = await import('../cost/price-sheet.ts');
  const load = await readLoad(command, flags);
  const deployment = readDeployment(await readTemplate(command, flags), resolve(flags.project));
  const report = priceStack(deployment, load, { sheet: US_EAST_1, storageMonths: flags.storageMonths });
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ ...report, priceSheet: sheetName(US_EAST_1) })}\n`);
  else {
    const { printCost } = await import('../cost/print-cost.ts');
    process.stdout.write(`${printCost(report, US_EAST_1)}\n`);
  }
  checkBudget(command, flags.budget, report);
}

/** `--scale`: one line for each power of ten. */
async function runScale(command: Command, flags: CostFlags): Promise<void> {
  for (const option of ['rate', 'devices', 'trace', 'budget'] as const)
    if (flags[option] !== undefined)
      command.error(`error: Cannot use --${option} with --scale: it goes through the rates by itself`, {
        exitCode: 2,
      });
  const { planScale } = await import('../cost/scale/plan-scale.ts');
  const { readDeployment } = await import('../cost/deployment.ts');
  const { US_EAST_1 } = await import('../cost/price-sheet.ts');
  const deployment = readDeployment(await readTemplate(command, flags), resolve(flags.project));
  const { basicIngest, pack = DEFAULTS.pack, storageMonths } = flags;
  const steps = planScale(deployment, { basicIngest, pack }, { sheet: US_EAST_1, storageMonths });
  if (flags.json) process.stdout.write(`${JSON.stringify({ steps, priceSheet: sheetName(US_EAST_1) })}\n`);
  else process.stdout.write(`${(await import('../cost/scale/print-scale.ts')).printScale(steps)}\n`);
}

function sheetName({ region, date }: { region: string; date: string }): object {
  return { region, date };
}

async function readLoad(command: Command, flags: CostFlags): Promise<Load> {
  const { rate, devices, pack, trace, basicIngest } = flags;
  if (trace === undefined) {
    const { steadyLoad } = await import('../cost/load.ts');
    return steadyLoad({
      rate: rate ?? DEFAULTS.rate,
      devices: devices ?? DEFAULTS.devices,
      pack: pack ?? DEFAULTS.pack,
      basicIngest,
    });
  }
  for (const option of ['rate', 'pack'] as const)
    if (flags[option] !== undefined)
      command.error(`error: Cannot use --${option} with --trace: the trace says what is published`, {
        exitCode: 2,
      });
  if (!basicIngest)
    command.error('error: Cannot use --no-basic-ingest with --trace: the trace says the topics', {
      exitCode: 2,
    });
  const { readTrace } = await import('../cost/trace.ts');
  const load = readTrace(readText(command, '--trace', trace));
  return devices === undefined ? load : { ...load, devices };
}

async function readTemplate(command: Command, flags: CostFlags): Promise<Template> {
  const { project, stage, template, windows } = flags;
  if (template !== undefined) {
    if (windows !== undefined)
      command.error('error: Cannot use --windows with --template: the template says what runs them');
    const text = readText(command, '--template', template);
    try {
      return JSON.parse(text) as Template;
    } catch (cause) {
      command.error(`error: Cannot read --template "${template}": ${(cause as Error).message}`);
    }
  }
  const folder = resolve(project);
  if (!existsSync(join(folder, 'serverless.yml')))
    command.error(`error: Cannot price --project "${project}": the folder has no serverless.yml`);
  const { compileStack } = await import('../stack/compile-stack.ts');
  const cacheFolder = join(folder, '.mesonet', 'stack');
  return compileStack({
    projectFolder: folder,
    cacheFolder,
    stage,
    ...(windows && { parameters: { windows } }),
  });
}

function readText(command: Command, option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    return command.error(`error: Cannot read ${option} "${file}": ${(cause as Error).message}`);
  }
}

function checkBudget(command: Command, budget: number | undefined, { perMonthUsd }: CostReport): void {
  if (budget === undefined || perMonthUsd <= budget) return;
  const [wanted, actual, over] = [budget, perMonthUsd, perMonthUsd - budget].map((usd) => usd.toFixed(2));
  command.error(
    `error: Cannot stay within the budget of ${wanted} USD per month: this load costs ${actual} USD, ${over} USD too much`,
  );
}

function parseAmount(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)) || text.trim() === '')
    throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value > 0))
    throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}
