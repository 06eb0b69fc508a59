import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MILLIS = 60_000;
const node24Folder = dirname(fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url)));

/**
 * MiniStack on a free port of this machine, over TLS and with IAM enforced: functions act with their own role, and
 * bucket policies that deny requests without TLS are obeyed. Functions run on the project's Node 24.
 */
export class Emulator {
  readonly endpoint: string;
  readonly certificate: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.endpoint = `https://127.0.0.1:${port}`;
    this.certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8');
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
  }

  static async start(tool: string): Promise<Emulator> {
    const folder = mkdtempSync(join(tmpdir(), 'mesonet-emulator-'));
    makeCertificate(folder);
    const port = await freePort();
    const child = spawn(tool, [], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: emulatorEnvironment(folder, port),
    });
    const emulator = new Emulator(folder, port, child);
    await emulator.#untilReady();
    return emulator;
  }

  /** What a deploy needs to reach it as the account's root. */
  get environment(): NodeJS.ProcessEnv {
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      NODE_EXTRA_CA_CERTS: join(this.#folder, 'certificate.pem'),
    };
  }

  /** What it printed, the output of the functions included. */
  get log(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      // The whole group, so that no worker of a function is left.
      process.kill(-this.#child.pid!, 'SIGTERM');
      const timer = setTimeout(() => process.kill(-this.#child.pid!, 'SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + START_MILLIS;
    while (!(await this.#isReady())) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        await this.stop();
        throw new Error(`Cannot start the emulator:\n${this.#log}`);
      }
      await sleep(200);
    }
  }

  #isReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const url = `${this.endpoint}/_ministack/health`;
      request(url, { ca: this.certificate, timeout: 2_000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      })
        .on('error', () => resolve(false))
        .end();
    });
  }
}

function emulatorEnvironment(folder: string, port: number): NodeJS.ProcessEnv {
  const certificate = join(folder, 'certificate.pem');
  return {
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    PATH: `${node24Folder}${delimiter}${process.env.PATH}`,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    AUTH: 'true',
    USE_SSL: '1',
    MINISTACK_SSL_CERT: certificate,
    MINISTACK_SSL_KEY: join(folder, 'key.pem'),
    IOT_MTLS_ENABLED: '0',
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
  };
}

function makeCertificate(folder: string): void {
  mkdirSync(join(folder, 'tmp'));
  const { status, stderr, error } = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
      ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`Cannot make a certificate with openssl: ${error?.message ?? stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
