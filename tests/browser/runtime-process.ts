import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What `mesonet start --json` says when it is ready. */
export interface ReadyLine {
  readonly mqtt: { readonly host: string; readonly port: number };
  readonly http: string;
  readonly dashboard: string;
}

export interface RuntimeProcess {
  readonly ready: ReadyLine;
  /** Ends it like a power cut. */
  kill(): Promise<void>;
  /** Ends it like Ctrl-C. */
  stop(): Promise<void>;
}

/** Starts the real runtime in a process of its own, on loopback; it ends with this process in any case. */
export async function startRuntime(options: {
  readonly data: string;
  readonly stations: number;
  readonly httpPort?: number;
  readonly mqttPort?: number;
}): Promise<RuntimeProcess> {
  const { data, stations, httpPort = 0, mqttPort = 0 } = options;
  const child = spawn(
    `${root}node_modules/.bin/node`,
    [
      `${root}src/cli/main.ts`,
      'start',
      '--json',
      '--insecure-local',
      ...['--simulate', String(stations)],
      ...['--http-port', String(httpPort)],
      ...['--mqtt-port', String(mqttPort)],
      ...['--data', data],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  const complaints: string[] = [];
  let isAskedToEnd = false;
  child.stderr?.on('data', (bytes: Buffer) => complaints.push(bytes.toString()));
  child.once('exit', (code, signal) => {
    if (isAskedToEnd) return;
    process.stderr.write(`The runtime ended by itself (${code ?? signal})\n${complaints.join('')}\n`);
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    isAskedToEnd = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    ready: await readyLine(child, complaints),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

async function readyLine(child: ChildProcess, complaints: readonly string[]): Promise<ReadyLine> {
  if (!child.stdout) throw new Error('Cannot read the output of the runtime: it has none');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"ready":true')) return JSON.parse(line) as ReadyLine;
  }
  throw new Error(`Cannot start the runtime: it ended before it was ready\n${complaints.join('')}`);
}
