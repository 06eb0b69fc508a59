import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Durability } from '../local/log/durable-log.ts';
import type { Mesonet, WindowsBackEnd } from '../local/start-mesonet.ts';

interface StartFlags {
  readonly mqttPort: number;
  readonly mqttsPort?: number;
  readonly insecureLocal: boolean;
  readonly deviceHttpsPort?: number;
  readonly httpPort: number;
  readonly awsPort?: number;
  readonly data: string;
  readonly simulate: number;
  readonly durability: Durability;
  readonly windows: WindowsBackEnd;
  readonly deviceQuotas: boolean;
  readonly strict?: boolean;
  readonly allowHttp?: readonly string[];
  readonly json?: boolean;
}

const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** `mesonet start`: the whole pipeline on this machine, until it is stopped. */
export function startCommand(): Command {
  return new Command('start')
    .description(
      'Run the whole pipeline on this machine: broker, rules, streams, windows, functions, stores, API and page',
    )
    .option('--mqtt-port <n>', 'MQTT without TLS, if it is open; 0 takes any free port', parsePort, 1883)
    .option(
      '--mqtts-port <n>',
      'MQTT with device certificates (default: 8883, or any free port with --mqtt-port 0)',
      parsePort,
    )
    .option('--insecure-local', 'let programs on this machine publish without a certificate', false)
    .option(
      '--device-https-port <n>',
      'HTTPS and WebSocket for devices (default: 8443, or any free port with --mqtt-port 0)',
      parsePort,
    )
    .option('--http-port <n>', 'page and API; 0 takes any free port', parsePort, 8080)
    .option(
      '--aws-port <n>',
      'endpoint for AWS clients (default: 4566, or any free port with --http-port 0)',
      parsePort,
    )
    .option('--data <folder>', 'where everything is kept', '.mesonet/data')
    .option(
      '--simulate <stations>',
      'simulated weather stations to start with it; 0 for none',
      parseCount,
      50,
    )
    .addOption(
      new Option(
        '--durability <level>',
        'what an acknowledged message survives: a power cut, kill -9, or neither',
      )
        .choices(['power', 'process', 'memory'])
        .default('power'),
    )
    .addOption(
      new Option(
        '--windows <back-end>',
        'what runs the streaming SQL: the engine in this process, or the functions that run it on AWS',
      )
        .argParser(parseWindows)
        .default('embedded'),
    )
    .option('--no-device-quotas', 'take more than 100 publishes and 512 KiB a second of one device')
    .option('--strict', 'functions reach streams through HTTP and the SDK serialisers too')
    .option(
      '--allow-http <host[:port]...>',
      'hosts that Http actions of rules may post to; none unless named here',
      addHost,
    )
    .option('--json', 'print one line of JSON when ready, nothing else')
    .action(run);
}

async function run(flags: StartFlags): Promise<void> {
  const started = performance.now();
  const say = flags.json ? console.error : console.log;
  if (!flags.json) say('Starting …');
  const { startMesonet } = await import('../local/start-mesonet.ts');
  const mesonet = await startMesonet({
    ...flags,
    projectFolder,
    dataFolder: resolve(flags.data),
    version: versionOf(),
    allowedHttpHosts: flags.allowHttp ?? [],
    awsPort: flags.awsPort ?? (flags.httpPort === 0 ? 0 : 4566),
    report: (text) => say(text),
  });
  stopOnSignals(mesonet, startSimulator(flags, mesonet), say);
  if (flags.json) console.log(JSON.stringify(readyLine(mesonet)));
  else printReady(mesonet, (performance.now() - started) / 1000, flags);
}

/** What scripts wait for. */
function readyLine(mesonet: Mesonet): object {
  const { mqtt, mqtts, deviceHttps, caFile, http, awsEndpoint, dashboard, token } = mesonet;
  const plain = mqtt.port ? { mqtt } : {};
  return { ready: true, ...plain, mqtts, deviceHttps, caFile, http, awsEndpoint, dashboard, token };
}

function printReady(mesonet: Mesonet, seconds: number, flags: StartFlags): void {
  const { stack, mqtt, mqtts, deviceHttps } = mesonet;
  const plain = mqtt.port
    ? `mqtt://${mqtt.host}:${mqtt.port}, open to any program here`
    : 'closed (--insecure-local opens it)';
  console.log(`Ready in ${seconds.toFixed(1)} s

  page          ${mesonet.dashboard}
  API           ${mesonet.http}/v1/sensors
  devices       mqtts://${mqtts.host}:${mqtts.port} (CA ${mesonet.caFile})
                https://${deviceHttps.host}:${deviceHttps.port}, wss://${deviceHttps.host}:${deviceHttps.port}/mqtt
  plain MQTT    ${plain}
  AWS endpoint  ${mesonet.awsEndpoint}
  token         ${mesonet.token}
  data          ${flags.data} (durability ${flags.durability})

  ${stack.topicRules.length} rules, ${stack.streams.length} streams, ${stack.applications.length} streaming SQL applications, ${stack.functions.length} functions, ${stack.tables.length} tables, ${stack.buckets.length} buckets`);
  for (const line of notEmulatedLines(stack.notEmulated)) console.log(`  not emulated: ${line}`);
  console.log(
    flags.simulate
      ? `\n${flags.simulate} simulated stations publish, each with its certificate; Ctrl-C stops`
      : '\nCtrl-C stops',
  );
}

/** One line for the resources of one type that share a reason. */
function notEmulatedLines(parts: Mesonet['stack']['notEmulated']): string[] {
  const groups = Map.groupBy(parts, ({ type, reason }) => `${type}: ${reason}`);
  return [...groups].map(
    ([what, members]) => `${what} (${members.map(({ logicalId }) => logicalId).join(', ')})`,
  );
}

/** The simulator is a fleet like any other: a process of its own that speaks MQTT with certificates, which it sees to itself. */
function startSimulator({ simulate, data }: StartFlags, mesonet: Mesonet): (() => void) | undefined {
  if (simulate === 0) return undefined;
  const { mqtts, awsEndpoint, stack } = mesonet;
  const policy = stack.iotPolicies.length === 1 ? ['--policy', stack.iotPolicies[0]!.name] : [];
  const args = [
    join(projectFolder, 'src', 'cli', 'main.ts'),
    'simulate',
    ...['--url', `mqtts://${mqtts.host}:${mqtts.port}`],
    ...['--aws-endpoint', awsEndpoint],
    ...['--data', resolve(data)],
    ...['--stations', String(simulate)],
    ...policy,
    '--exit-with-parent',
    '--quiet',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return () => child.kill('SIGTERM');
}

function stopOnSignals(
  mesonet: Mesonet,
  stopSimulator: (() => void) | undefined,
  say: (text: string) => void,
): void {
  let stopping: number | undefined;
  const stop = async (): Promise<void> => {
    if (stopping !== undefined) {
      // Ctrl-C in a terminal arrives twice: from the terminal, and from the process that started this one.
      if (performance.now() - stopping > 1000) process.exit(1);
      return;
    }
    stopping = performance.now();
    say('Stopping …');
    stopSimulator?.();
    await mesonet.stop().catch((error: Error) => {
      console.error(`Stopped, but not all could be written: ${error.message}`);
      process.exit(1);
    });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string })
    .version;
}

function parseWindows(text: string): WindowsBackEnd {
  if (text === 'embedded' || text === 'lambda') return text;
  if (text === 'flink')
    throw new InvalidArgumentError(
      'Flink runs on AWS only (sls deploy --param windows=flink); embedded runs the same SQL here.',
    );
  throw new InvalidArgumentError('Allowed choices are embedded, lambda.');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('expected a port from 0 to 65535');
  return port;
}

function addHost(text: string, hosts: readonly string[] = []): readonly string[] {
  if (!/^(\[[\da-f:]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text))
    throw new InvalidArgumentError('expected a host, or a host and a port such as localhost:9000');
  return [...hosts, text.toLowerCase()];
}

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 to 999999');
  return Number(text);
}
