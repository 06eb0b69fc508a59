import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  AttachPolicyCommand,
  CreateCertificateFromCsrCommand,
  CreatePolicyCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { compilePolicies, parsePolicyDocument } from '../src/iot-policy/index.ts';
import { signingRequestPair } from '../src/local/iot-core/tls/certificates.test-support.ts';
import { type ClientOptions, connectClient, publishPacket } from './device-clients.ts';

/**
 * What identity costs: `node bench/devices.bench.ts [--connections 1000] [--seconds 4] [--rate 10000]`. The runtime runs in a
 * process of its own; its CPU time is what is divided, so that the clients beside it do not count.
 */
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '10000' },
  },
});
const CONNECTIONS = Number(values.connections);
const SECONDS = Number(values.seconds);
const RATE = Number(values.rate);
const PUBLISHERS = 50;
const ROUNDS = 3;
const PLACE = 'arn:aws:iot:us-east-1:000000000000:';
const CLIENT_ID = '$' + '{iot:ClientId}';

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: `${PLACE}client/bench-*` },
    {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: ['', '$aws/rules/telemetry/', '$aws/rules/telemetry_batch/'].map(
        (prefix) => `${PLACE}topic/${prefix}weather/*/*/${CLIENT_ID}/*`,
      ),
    },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${PLACE}topicfilter/$aws/things/${CLIENT_ID}/*` },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: `${PLACE}topic/$aws/things/${CLIENT_ID}/*` },
  ],
});

interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly accepted: number;
}

interface Ready {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly caFile: string;
  readonly awsEndpoint: string;
}

async function run(): Promise<void> {
  measurePolicies();
  const file = fileURLToPath(new URL('device-runtime-process.ts', import.meta.url));
  // As `mesonet start` runs it (bin/mesonet.mjs).
  const runtime = fork(file, {
    execArgv: ['--expose-gc', '--max-semi-space-size=8'],
    env: { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' },
  });
  const [ready] = (await once(runtime, 'message')) as [Ready];
  const tls = { port: ready.tlsPort, tls: await makeCredentials(ready) };
  await measureConnections(runtime, tls);
  const plain = { port: ready.plainPort };
  await measureMessages(runtime, plain);
  // In turns, so that what the machine does beside this falls on both.
  const rounds: { plain: number; tls: number }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ plain: await measureMessages(runtime, plain), tls: await measureMessages(runtime, tls) });
  const plainMicros = median(rounds.map((round) => round.plain));
  const tlsMicros = median(rounds.map((round) => round.tls));
  print('CPU per message, plain', `${plainMicros.toFixed(1)} µs at ${RATE}/s`);
  print('CPU per message, TLS and policy', `${tlsMicros.toFixed(1)} µs`);
  print('TLS and policy over plain', `${((tlsMicros / plainMicros - 1) * 100).toFixed(0)} %`);
  runtime.disconnect();
  await once(runtime, 'exit');
}

function median(numbers: number[]): number {
  return numbers.sort((left, right) => left - right)[Math.floor(numbers.length / 2)]!;
}

function measurePolicies(): void {
  const policies = [{ name: 'bench', document: parsePolicyDocument(POLICY) }];
  const known = { 'iot:ClientId': 'bench-1' };
  const rounds = 20_000;
  let started = performance.now();
  for (let round = 0; round < rounds; round++)
    compilePolicies(policies, known).evaluate('iot:Publish', `${PLACE}topic/x`);
  print('compile and first evaluation', `${(((performance.now() - started) * 1000) / rounds).toFixed(1)} µs`);
  const compiled = compilePolicies(policies, known);
  const topics = Array.from(
    { length: 1000 },
    (_, index) => `weather/WA/Seattle/bench-1/temperature/s${index}`,
  );
  const prefix = `${PLACE}topic/`;
  let allowed = 0;
  started = performance.now();
  for (let round = 0; round < 1_000_000; round++)
    if (compiled.evaluate('iot:Publish', prefix + topics[round % 1000]).decision === 'allowed') allowed += 1;
  print('evaluation', `${(performance.now() - started).toFixed(0)} ns (${allowed} allowed of 1000000)`);
}

async function makeCredentials({ caFile, awsEndpoint }: Ready): Promise<NonNullable<ClientOptions['tls']>> {
  const iot = new IoTClient({
    endpoint: awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
  });
  const { request, key } = await signingRequestPair('CN=bench');
  const made = await iot.send(
    new CreateCertificateFromCsrCommand({ certificateSigningRequest: request, setAsActive: true }),
  );
  await iot.send(new CreatePolicyCommand({ policyName: 'bench', policyDocument: POLICY }));
  await iot.send(new AttachPolicyCommand({ policyName: 'bench', target: made.certificateArn! }));
  iot.destroy();
  return { ca: readFileSync(caFile, 'utf8'), cert: made.certificatePem!, key };
}

async function measureConnections(runtime: ChildProcess, options: ClientOptions): Promise<void> {
  for (const socket of await connectAll(100, 'bench-warm-', options)) socket.destroy();
  await setTimeout(500);
  await usageOf(runtime);
  const before = await usageOf(runtime);
  const started = performance.now();
  const sockets = await connectAll(CONNECTIONS, 'bench-held-', options);
  const seconds = (performance.now() - started) / 1000;
  const during = await usageOf(runtime);
  await setTimeout(1000);
  const after = await usageOf(runtime);
  const cpuSeconds = (during.cpuMicros - before.cpuMicros) / 1e6;
  print('handshakes with CONNACK', `${(CONNECTIONS / seconds).toFixed(0)}/s, clients beside`);
  print('per second of the runtime’s CPU', `${(CONNECTIONS / cpuSeconds).toFixed(0)}`);
  print('memory per held connection', `${kibibytes(after.rssBytes - before.rssBytes)} KiB resident`);
  print('of it on the heap and in buffers', `${kibibytes(after.heapBytes - before.heapBytes)} KiB`);
  for (const socket of sockets) socket.destroy();
  await setTimeout(500);
}

function kibibytes(bytes: number): string {
  return (bytes / CONNECTIONS / 1024).toFixed(1);
}

async function connectAll(count: number, prefix: string, options: ClientOptions): Promise<Socket[]> {
  const sockets: Socket[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) sockets.push(await connectClient(`${prefix}${next++}`, options));
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return sockets;
}

/** @returns microseconds of the runtime's CPU for each acknowledged message */
async function measureMessages(runtime: ChildProcess, options: ClientOptions): Promise<number> {
  const sockets = await connectAll(PUBLISHERS, 'bench-pub-', options);
  const payload = JSON.stringify({
    sensor_timestamp: Date.now(),
    sensor_value: 12.5,
    firmware: 'x'.repeat(120),
  });
  const publishers = sockets.map((socket, index) => {
    socket.resume();
    const topic = `weather/WA/Seattle/bench-pub-${index}/temperature/s${index}`;
    return { socket, id: 0, ...publishPacket(topic, payload) };
  });
  await publishFor(publishers, 1);
  const before = await usageOf(runtime);
  await publishFor(publishers, SECONDS);
  await setTimeout(300);
  const after = await usageOf(runtime);
  for (const socket of sockets) socket.destroy();
  await setTimeout(300);
  return (after.cpuMicros - before.cpuMicros) / (after.accepted - before.accepted);
}

interface Publisher {
  readonly socket: Socket;
  readonly packet: Buffer;
  readonly idAt: number;
  id: number;
}

/** By schedule, one message of each publisher after the other. */
async function publishFor(publishers: readonly Publisher[], seconds: number): Promise<void> {
  const started = performance.now();
  const total = RATE * seconds;
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, ((performance.now() - started) / 1000) * RATE);
    for (; sent < due; sent++) {
      const publisher = publishers[sent % publishers.length]!;
      publisher.id = (publisher.id % 65_535) + 1;
      const packet = Buffer.from(publisher.packet);
      packet.writeUInt16BE(publisher.id, publisher.idAt);
      publisher.socket.write(packet);
    }
    await setTimeout(2);
  }
}

async function usageOf(runtime: ChildProcess): Promise<Usage> {
  const answer = once(runtime, 'message');
  runtime.send('usage');
  return ((await answer) as [Usage])[0];
}

function print(what: string, value: string): void {
  console.log(`${what.padEnd(36)}${value}`);
}

await run();
