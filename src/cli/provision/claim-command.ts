import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { RegistryFlags } from './open-registry.ts';

interface ClaimFlags extends RegistryFlags {
  readonly out: string;
  readonly json?: boolean;
  readonly template?: string;
  readonly claimCert?: string;
  readonly claimKey?: string;
  readonly endpoint?: string;
  readonly keys: 'device' | 'service';
}

const CLAIM_EXAMPLES = `
Examples:
  mesonet provision allow roof-0001                  put a serial number on the list of those that may claim
  mesonet provision claim roof-0001                  get its certificate, as a trusted user would on the running pipeline
  mesonet provision claim roof-0001 --claim-cert claim.pem --claim-key claim.key
                                                     the same with a claim certificate, as a device of a batch would

The same command again goes on where it was cut off. On AWS, --aws with the environment's credentials; a device without
credentials names --template, --endpoint, --claim-cert and --claim-key.`;

/** `mesonet provision claim`: what a device does that gets its certificate by claim. */
export function claimCommand(): Command {
  return new Command('claim')
    .description('Get a certificate by claim, as a device does, and write its bundle')
    .argument('<serial>', 'the serial number of the device')
    .option('--template <name>', 'the provisioning template (default: the one of the stack)')
    .option('--claim-cert <file>', 'the claim certificate (default: one of a trusted user, for five minutes)')
    .option('--claim-key <file>', 'its private key')
    .option('--endpoint <url>', 'where devices connect, mqtts://host:port (default: what the registry says)')
    .addOption(
      new Option('--keys <where>', 'where the private key is made')
        .choices(['device', 'service'])
        .default('device'),
    )
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', CLAIM_EXAMPLES)
    .action((serial: string, _, own: Command) => claim(own, serial, own.optsWithGlobals()));
}

/** `mesonet provision allow`: whom the pre-provisioning hook lets claim. */
export function allowCommand(): Command {
  return new Command('allow')
    .description(
      'Put serial numbers on the list of those that may claim a certificate, for the first time or again',
    )
    .argument('<serials...>', 'serial numbers')
    .configureHelp({ showGlobalOptions: true })
    .action((serials: string[], _, own: Command) => allow(serials, own.optsWithGlobals()));
}

async function claim(command: Command, serialNumber: string, flags: ClaimFlags): Promise<void> {
  if ((flags.claimCert === undefined) !== (flags.claimKey === undefined))
    command.error('error: give both of --claim-cert and --claim-key, or none');
  const { claimDevice } = await import('../../../devices/provisioning/claim-device.ts');
  const { connectWithMqtt } = await import('../../../devices/client/connect-with-mqtt.ts');
  const templateName = flags.template ?? (await templateNameOf(flags));
  const { deviceUrl: url, caPem: ca } = await endpointOf(flags);
  const folder = join(resolve(flags.out), serialNumber);
  const { outcome, bundle, deviceConfiguration } = await claimDevice({
    endpoint: { url, tls: { ca, ...(await credentialsOf(templateName, flags)) } },
    templateName,
    serialNumber,
    folder,
    transport: connectWithMqtt,
    keys: flags.keys,
  });
  const { thingName, certificateId } = bundle.config;
  if (flags.json)
    console.log(JSON.stringify({ outcome, thingName, certificateId, folder, deviceConfiguration }));
  else if (outcome === 'known') console.log(`${thingName} has its certificate already, in ${folder}`);
  else console.log(`${thingName} has certificate ${certificateId.slice(0, 12)}… now, in ${folder}`);
}

async function allow(serials: readonly string[], flags: ClaimFlags): Promise<void> {
  const { stackOf } = await import('./open-registry.ts');
  const { LOCAL_ENDPOINT } = await import('../../../devices/provisioning/iot-registry.ts');
  const { ProvisioningError } = await import('../../../devices/provisioning/provisioning-error.ts');
  const { tables } = await stackOf(flags.project, flags.stage);
  const table = tables.find(({ logicalId }) => logicalId === 'DevicesTable');
  if (!table)
    throw new ProvisioningError(`Cannot allow devices: the stack of '${flags.project}' has no DevicesTable`);
  if (!flags.aws)
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: flags.url ?? (process.env.AWS_ENDPOINT_URL || LOCAL_ENDPOINT),
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
  const { allowDevice } = await import('../../stores/devices-table.ts');
  const { closeClients } = await import('../../stores/aws-clients.ts');
  try {
    for (const serial of serials) {
      await allowDevice(table.name, serial, Date.now());
      if (!flags.json) console.log(`${serial} may claim a certificate`);
    }
    if (flags.json) console.log(JSON.stringify({ allowed: serials }));
  } catch (cause) {
    throw new ProvisioningError(
      `Cannot allow devices in table '${table.name}': ${(cause as Error).message}`,
      {
        cause,
      },
    );
  } finally {
    closeClients();
  }
}

async function templateNameOf({ project, stage }: ClaimFlags): Promise<string> {
  const { stackOf } = await import('./open-registry.ts');
  const { ProvisioningError } = await import('../../../devices/provisioning/provisioning-error.ts');
  const { provisioningTemplates } = await stackOf(project, stage);
  const forClaims = provisioningTemplates.filter(({ type }) => type === 'FLEET_PROVISIONING');
  if (forClaims.length === 1) return forClaims[0]!.name;
  throw new ProvisioningError(
    `Cannot choose a provisioning template: the stack of '${project}' has ${forClaims.length} for claims; name one with --template`,
  );
}

/** Where devices connect; the registry is asked only for what was not said. */
async function endpointOf(flags: ClaimFlags): Promise<{ deviceUrl: string; caPem: string }> {
  const { openRegistry, authorityOf } = await import('./open-registry.ts');
  if (flags.endpoint !== undefined)
    return { deviceUrl: flags.endpoint, caPem: await authorityOf(flags.endpoint, flags) };
  const registry = openRegistry(flags);
  try {
    const deviceUrl = await registry.deviceUrl();
    return { deviceUrl, caPem: await authorityOf(deviceUrl, flags) };
  } finally {
    registry.close();
  }
}

async function credentialsOf(
  templateName: string,
  { claimCert, claimKey, aws, url }: ClaimFlags,
): Promise<{ cert: string; key: string }> {
  if (claimCert !== undefined && claimKey !== undefined)
    return { cert: await read(claimCert), key: await read(claimKey) };
  const { requestClaim } = await import('../../../devices/provisioning/request-claim.ts');
  const { LOCAL_ENDPOINT } = await import('../../../devices/provisioning/iot-registry.ts');
  const local = url ?? (process.env.AWS_ENDPOINT_URL || LOCAL_ENDPOINT);
  return requestClaim(templateName, aws ? undefined : local);
}

async function read(file: string): Promise<string> {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { ProvisioningError } = await import('../../../devices/provisioning/provisioning-error.ts');
    throw new ProvisioningError(`Cannot read '${file}': ${(cause as Error).message}`, { cause });
  }
}
