import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Finding } from './doctor/finding.ts';
import type { RegistryFlags } from './provision/open-registry.ts';

const NOTES = `
Examples:
  mesonet doctor --device roof-0001
  mesonet doctor --device roof-0001 --bundle /media/sd/roof-0001 --json
  mesonet doctor --device roof-0001 --aws
  mesonet doctor --fleet --days 60                 certificates that have expired, soon will, are shared or belong to nothing

It connects under the device's name, which pushes off a device that is connected; that one comes back by itself. The test
message is a reading of a sensor of its own, doctor-<device>, with sensor type doctor. The exit code is 0 when no link is
broken.`;

interface DoctorFlags extends RegistryFlags {
  readonly device?: string;
  readonly fleet?: boolean;
  readonly days: number;
  readonly bundle?: string;
  readonly out: string;
  readonly topic?: string;
  readonly traceUrl: string;
  readonly wait: number;
  readonly json?: boolean;
}

const MARKS: Readonly<Record<Finding['state'], string>> = { ok: '✓', broken: '✗', skipped: '–' };
const MAX_WAIT_SECONDS = 600;
const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** `mesonet doctor`: which link between a device and its record is broken. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('Walk the chain from a device to its record, and say which link is broken and what to do')
    .option('--device <name>', 'the thing')
    .option('--fleet', 'look at the certificates of all devices instead')
    .option('--days <n>', 'with --fleet: name certificates that end within so many days', parseDays, 30)
    .option('--policy <name>', 'with --fleet: the policy of the devices (default: the one of the stack)')
    .option('--bundle <folder>', 'the folder of its bundle (default: its folder below --out)')
    .option('--out <folder>', 'where "mesonet provision" wrote the bundles', '.mesonet/devices')
    .option('--topic <topic>', 'where the test message goes (default: a sensor of its own)')
    .option('--stage <stage>', 'the stage of the stack', 'dev')
    .addOption(
      new Option('--project <folder>', 'the folder of serverless.yml').default(projectFolder, 'this project'),
    )
    .option('--aws', 'the device belongs to AWS, with the credentials and region of the environment')
    .option('--url <url>', 'the AWS endpoint of a running pipeline (default: http://127.0.0.1:4566)')
    .option('--trace-url <url>', 'the page of the running pipeline', 'http://127.0.0.1:8080')
    .option('--wait <seconds>', 'how long the record may take to arrive', parseSeconds, 15)
    .option('--json', 'print one line of JSON')
    .addHelpText('after', NOTES)
    .allowExcessArguments(false);
  return command.action(async (flags: DoctorFlags) => {
    const { device, fleet = false } = flags;
    if ((device !== undefined) === fleet)
      command.error('error: give exactly one of --device and --fleet', { exitCode: 2 });
    if (device === undefined) await runFleet(flags);
    else await runDevice(device, flags);
  });
}

async function runFleet(flags: DoctorFlags): Promise<void> {
  const { openRegistry, policyNameOf } = await import('./provision/open-registry.ts');
  const { examineFleet } = await import('./doctor/examine-fleet.ts');
  const registry = openRegistry(flags);
  try {
    const policyName = await policyNameOf(flags);
    const { days } = flags;
    const { certificates, findings } = await examineFleet({
      registry,
      policyName,
      days,
      nowMillis: Date.now(),
    });
    if (flags.json) console.log(JSON.stringify({ policy: policyName, certificates, findings }));
    else {
      findings.forEach(print);
      console.log(`${certificates} certificates have policy '${policyName}', ${findings.length} problems`);
    }
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    registry.close();
  }
}

async function runDevice(device: string, flags: DoctorFlags): Promise<void> {
  const { openRegistry, stackOf } = await import('./provision/open-registry.ts');
  const { examineDevice } = await import('./doctor/examine-device.ts');
  const registry = openRegistry(flags);
  const findings: Finding[] = [];
  try {
    for await (const finding of examineDevice({
      thingName: device,
      folder: flags.bundle ?? join(flags.out, device),
      registry,
      isLocal: !flags.aws,
      stack: () => stackOf(flags.project, flags.stage),
      traceUrl: flags.aws ? undefined : flags.traceUrl,
      topic: flags.topic,
      waitMillis: flags.wait * 1000,
      nowMillis: Date.now(),
    })) {
      findings.push(finding);
      if (!flags.json) print(finding);
      if (finding.state === 'broken') break;
    }
  } finally {
    registry.close();
  }
  const isHealthy = findings.every(({ state }) => state !== 'broken');
  if (flags.json) console.log(JSON.stringify({ device, healthy: isHealthy, steps: findings }));
  if (!isHealthy) process.exitCode = 1;
}

function print({ step, state, text, advice }: Finding): void {
  console.log(`${MARKS[state]} ${step.padEnd(9)} ${text}`);
  if (advice !== undefined) console.log(`  ${' '.repeat(9)} → ${advice}`);
}

function parseDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('expected whole days from 0 to 99999');
  return Number(text);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > MAX_WAIT_SECONDS)
    throw new InvalidArgumentError(`expected whole seconds from 0 to ${MAX_WAIT_SECONDS}`);
  return seconds;
}
