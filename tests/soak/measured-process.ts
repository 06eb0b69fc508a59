import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ready } from '../delivery/runtime-process.ts';
import type { LoopDelay } from './report-loop-delay.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const KIBIBYTE = 1024;

/** What the operating system says of the process at one moment. */
export interface Gauge {
  readonly atMillis: number;
  /** All that is in memory, with the pages of the files that it has mapped. */
  readonly rssBytes: number;
  /** What of it the kernel cannot take back: heap, buffers, stacks. */
  readonly ownBytes: number;
  readonly files: number;
  readonly sockets: number;
}

/** `mesonet start` on a data folder, as a user starts it, with a look at what it costs. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  #errors = '';
  /** Of each second since the start. */
  readonly loopDelays: LoopDelay[] = [];
  readonly ended: Promise<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`)),
    );
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    child.on('message', (delay) => void this.loopDelays.push(delay as LoopDelay));
  }

  /** @throws Error when it ends before it serves */
  static async start(dataFolder: string): Promise<{ process: MeasuredProcess; ready: Ready }> {
    const preloads = ['report-loop-delay.ts', 'collect-garbage.ts'].flatMap((file) => [
      '--import',
      new URL(file, import.meta.url).href,
    ]);
    const ports = ['--mqtt-port', '0', '--http-port', '0', '--insecure-local', '--no-device-quotas'];
    const main = join(projectFolder, 'src', 'cli', 'main.ts');
    const args = [...preloads, main, 'start', '--json', '--simulate', '0', ...ports];
    const child = spawn(process.execPath, [...args, '--data', dataFolder], {
      // With a channel it ends when this process does, whatever way.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const measured = new MeasuredProcess(child);
    let text = '';
    const line = new Promise<string>((resolve) => {
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
      });
    });
    const first = await Promise.race([line, measured.ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`The process did not start: ${measured.errors}`);
    return { process: measured, ready: JSON.parse(first) as Ready };
  }

  /** The end of what it printed to its standard error. */
  get errors(): string {
    return this.#errors;
  }

  gauge(): Gauge {
    const { pid } = this.#child;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytesOf = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * KIBIBYTE;
    const targets = readdirSync(`/proc/${pid}/fd`).map((name) => targetOf(`/proc/${pid}/fd/${name}`));
    const sockets = targets.filter((target) => target.startsWith('socket:')).length;
    return {
      atMillis: performance.now(),
      rssBytes: bytesOf('VmRSS'),
      ownBytes: bytesOf('RssAnon'),
      files: targets.length - sockets,
      sockets,
    };
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}

/** A file that was closed since it was listed has none. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
