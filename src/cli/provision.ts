import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { DeviceSpec } from '../../devices/provisioning/device-list.ts';
import type { IotRegistry } from '../../devices/provisioning/iot-registry.ts';
import type { Manifest } from '../../devices/provisioning/manifest.ts';
import type { ProvisioningPlace } from '../../devices/provisioning/provision-device.ts';
import type { FleetSummary } from '../../devices/provisioning/provision-fleet.ts';
import { createProgressBar } from './progress-bar.ts';
import { allowCommand, claimCommand } from './provision/claim-command.ts';
import type { RegistryFlags } from './provision/open-registry.ts';

const EXAMPLES = `
Examples:
  mesonet provision --count 20 --prefix roof         roof-0001 to roof-0020, on the running pipeline
  mesonet provision --csv fleet.csv --aws            things, types and attributes of a table, on AWS
  mesonet provision --count 20 --dry-run             what that would do
  mesonet provision list                             certificates with their status and expiry
  mesonet provision revoke roof-0003                 shut a device out at once
  mesonet provision allow roof-0005                  a device that comes by claim may have a certificate
  mesonet provision claim roof-0005                  what such a device does
  mesonet provision rotate roof-0004 --keep-old      a new certificate; rotate again revokes the old one

The same command again goes on where it was cut off, verifies what is done, and makes nothing twice. Without --aws the
registry is AWS_ENDPOINT_URL, or the pipeline on this machine. The exit code is 1 when a device failed or was not reached.`;

interface ProvisionFlags extends RegistryFlags {
  readonly count?: number;
  readonly prefix: string;
  readonly csv?: string;
  readonly out: string;
  readonly parallel: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly now?: boolean;
  readonly keepOld?: boolean;
}

const MAX_COUNT = 100_000;
const MAX_PARALLEL = 64;
const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** `mesonet provision`: things, certificates and bundles for devices, and what happens to them later. */
export function provisionCommand(): Command {
  const command = new Command('provision')
    .description('Make things, certificates and policies for devices, and write a bundle for each')
    .option('--count <n>', 'so many devices, named by --prefix and a number', parseCount)
    .option('--prefix <name>', 'what their names begin with', 'station')
    .option('--csv <file>', 'devices of a table: columns thing_name, type, and attributes')
    .option('--out <folder>', 'where the bundles are, one folder each', '.mesonet/devices')
    .option('--policy <name>', 'the policy of their certificates (default: the one of the stack)')
    .option('--stage <stage>', 'the stage of the stack', 'dev')
    .addOption(
      new Option('--project <folder>', 'the folder of serverless.yml').default(projectFolder, 'this project'),
    )
    .option('--aws', 'provision in AWS, with the credentials and region of the environment')
    .option('--url <url>', 'the AWS endpoint of a running pipeline (default: http://127.0.0.1:4566)')
    .option('--ca <file>', 'the authority that devices verify the endpoint by')
    .option('--parallel <n>', 'devices at the same time', parseParallel, 8)
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print one line of JSON on stdout')
    .option('--quiet', 'print no progress')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
  command
    .command('list')
    .description('List devices with the status and expiry of their certificates')
    .action((_, own: Command) => list(own.optsWithGlobals()));
  command
    .command('revoke')
    .description('Shut devices out: their certificates are revoked and detached, connections are cut')
    .argument('<names...>', 'things')
    .action((names: string[], _, own: Command) => revoke(names, own.optsWithGlobals()));
  command
    .command('rotate')
    .description('Give devices a new certificate, and revoke the old one once the new one let in')
    .argument('<names...>', 'things')
    .option('--now', 'revoke the old one without trying the new one')
    .option('--keep-old', 'leave the old one active; rotating again then revokes it')
    .action((names: string[], _, own: Command) => rotate(names, own.optsWithGlobals()));
  command.addCommand(claimCommand()).addCommand(allowCommand());
  return command.action((flags: ProvisionFlags) => provision(command, flags));
}

async function provision(command: Command, flags: ProvisionFlags): Promise<void> {
  const specs = await specsOf(command, flags);
  await withRegistry(flags, async (registry) => {
    if (flags.dryRun) return plan(specs, registry, flags);
    await withPlace(registry, flags, async (place) => {
      const { provisionFleet } = await import('../../devices/provisioning/provision-fleet.ts');
      const { printSummary } = await import('./provision/print-provision.ts');
      const progress = flags.quiet ? undefined : await startProgress(specs.length);
      const began = performance.now();
      const { parallel } = flags;
      const onProgress = progress?.show;
      const summary = await provisionFleet(specs, place, {
        parallel,
        signal: stopOnSignals(),
        ...(onProgress && { onProgress }),
      }).finally(() => progress?.stop());
      const { policyName, deviceUrl: endpoint } = place;
      const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
      const out = resolve(flags.out);
      print(flags, { ...summary, out, policyName, endpoint, seconds }, () =>
        printSummary(summary, flags.out),
      );
      if (summary.failed.length + summary.notReached > 0) process.exitCode = 1;
    });
  });
}

async function plan(specs: DeviceSpec[], registry: IotRegistry, flags: ProvisionFlags): Promise<void> {
  const { planFleet } = await import('../../devices/provisioning/provision-fleet.ts');
  const { Manifest } = await import('../../devices/provisioning/manifest.ts');
  const { policyNameOf } = await import('./provision/open-registry.ts');
  const { printPlan } = await import('./provision/print-provision.ts');
  const policyName = await policyNameOf(flags);
  const planned = await planFleet(specs, { registry, manifest: Manifest.read(flags.out) }, flags.parallel);
  print(flags, { dryRun: true, ...planned, policyName }, () => printPlan(planned, policyName));
}

async function list(flags: ProvisionFlags): Promise<void> {
  await withRegistry(flags, async (registry) => {
    const { listDevices } = await import('../../devices/provisioning/list-devices.ts');
    const { Manifest } = await import('../../devices/provisioning/manifest.ts');
    const { policyNameOf } = await import('./provision/open-registry.ts');
    const { printList } = await import('./provision/print-provision.ts');
    const policyName = await policyNameOf(flags);
    const manifest = Manifest.read(flags.out);
    const devices = await listDevices({ registry, manifest, policyName }, flags.parallel);
    print(flags, { policyName, devices }, () => printList(devices));
  });
}

async function revoke(names: readonly string[], flags: ProvisionFlags): Promise<void> {
  await withRegistry(flags, async (registry) => {
    const { revokeDevice } = await import('../../devices/provisioning/revoke-device.ts');
    const { Manifest } = await import('../../devices/provisioning/manifest.ts');
    const { printRevocation } = await import('./provision/print-provision.ts');
    const manifest = Manifest.read(flags.out);
    const revoked = [];
    for (const name of names) {
      const revocation = await revokeDevice(name, { registry, manifest });
      if (!flags.json) console.log(printRevocation(revocation));
      revoked.push(revocation);
    }
    if (flags.json) console.log(JSON.stringify({ revoked }));
  });
}

async function rotate(names: readonly string[], flags: ProvisionFlags): Promise<void> {
  await withRegistry(flags, (registry) =>
    withPlace(registry, flags, async (place) => {
      const { rotateDevice } = await import('../../devices/provisioning/rotate-device.ts');
      const { connectWithMqtt: transport } = await import('../../devices/client/connect-with-mqtt.ts');
      const { printRotation } = await import('./provision/print-provision.ts');
      const { now = false, keepOld = false } = flags;
      const rotated = [];
      for (const name of names) {
        const rotation = await rotateDevice(name, place, { transport, now, keepOld });
        if (!flags.json) console.log(printRotation(rotation));
        rotated.push(rotation);
      }
      if (flags.json) console.log(JSON.stringify({ rotated }));
    }),
  );
}

async function withRegistry(
  flags: ProvisionFlags,
  work: (registry: IotRegistry) => Promise<void>,
): Promise<void> {
  const { openRegistry } = await import('./provision/open-registry.ts');
  const registry = openRegistry(flags, flags.parallel);
  try {
    await work(registry);
  } finally {
    registry.close();
  }
}

async function withPlace(
  registry: IotRegistry,
  flags: ProvisionFlags,
  work: (place: ProvisioningPlace) => Promise<void>,
): Promise<void> {
  const { placeOf } = await import('./provision/open-registry.ts');
  const { Manifest } = await import('../../devices/provisioning/manifest.ts');
  const { place, ...common } = await placeOf(registry, flags);
  const manifest: Manifest = await Manifest.open(flags.out, place);
  try {
    await work({ ...common, registry, manifest });
  } finally {
    await manifest.close();
  }
}

async function specsOf(command: Command, { count, prefix, csv }: ProvisionFlags): Promise<DeviceSpec[]> {
  if ((count === undefined) === (csv === undefined))
    command.error(
      'error: give exactly one of --count and --csv, or one of list, revoke, rotate, claim and allow',
    );
  const { numberedDevices, parseDeviceList } = await import('../../devices/provisioning/device-list.ts');
  if (csv === undefined) return numberedDevices(count!, prefix);
  let text: string;
  try {
    text = readFileSync(csv, 'utf8');
  } catch (cause) {
    return command.error(`error: Cannot read --csv '${csv}': ${(cause as Error).message}`);
  }
  return parseDeviceList(text, csv);
}

function print({ json }: ProvisionFlags, data: object, text: () => string): void {
  console.log(json ? JSON.stringify(data) : text());
}

/** The first signal ends it after the devices under way; a second one at once. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

async function startProgress(total: number) {
  const { printProgressLine } = await import('./provision/print-provision.ts');
  const bar = await createProgressBar();
  bar.start(total, 0, { line: '' });
  return {
    show: (summary: FleetSummary, done: number): void =>
      bar.update(done, { line: printProgressLine(summary, done) }),
    stop: (): void => bar.stop(),
  };
}

function parseCount(text: string): number {
  return parseWhole(text, MAX_COUNT);
}

function parseParallel(text: string): number {
  return parseWhole(text, MAX_PARALLEL);
}

function parseWhole(text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${max}`);
  return value;
}
