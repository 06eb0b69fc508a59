import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** What `mesonet start --json` says of itself. */
export interface Ready {
  readonly mqtt: { readonly port: number };
  readonly http: string;
  readonly awsEndpoint: string;
  readonly token: string;
}

/** What makes one life unlike others. */
export interface RuntimeProcessOptions {
  /** A program that runs the runtime, with its arguments: `faketime`, say. */
  readonly runBy?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One life of the process, as a user starts it. */
export class RuntimeProcess {
  readonly #child: ChildProcess;
  #errors = '';
  /** Resolves with its line, or undefined when it ended before. */
  readonly ready: Promise<Ready | undefined>;
  /** Resolves with the signal or code it ended with. */
  readonly ended: Promise<string>;
  /** The same, undefined while it lives. */
  end: string | undefined;
  /** From the start of the process to its line. */
  readyMillis: number | undefined;

  /** @param failpoints what FAILPOINTS is to be */
  constructor(
    dataFolder: string,
    failpoints: string,
    { runBy = [], environment = {} }: RuntimeProcessOptions = {},
  ) {
    const start = performance.now();
    const main = join(projectFolder, 'src', 'cli', 'main.ts');
    const ports = ['--mqtt-port', '0', '--http-port', '0', '--insecure-local'];
    const command = [...runBy, process.execPath];
    const args = [
      ...command.slice(1),
      main,
      'start',
      '--json',
      '--simulate',
      '0',
      ...ports,
      '--data',
      dataFolder,
    ];
    this.#child = spawn(command[0]!, args, {
      // With a channel it ends when this process does, whatever way.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, FAILPOINTS: failpoints, ...environment },
    });
    this.ended = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        this.end = signal ?? `code ${code}`;
        resolve(this.end);
      }),
    );
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    const line = new Promise<Ready>((resolve) => {
      let text = '';
      this.#child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (!text.includes('\n') || this.readyMillis !== undefined) return;
        this.readyMillis = performance.now() - start;
        resolve(JSON.parse(text) as Ready);
      });
    });
    this.ready = Promise.race([line, this.ended.then(() => undefined)]);
  }

  /** Of the process, or of what runs it. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** The end of what it printed to its standard error. */
  get errors(): string {
    return this.#errors;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }
}
