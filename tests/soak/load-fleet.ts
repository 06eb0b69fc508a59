import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadCounts } from './load-device.ts';
import type { LoadOrder, LoadReport } from './load-process.ts';

const MAIN = fileURLToPath(new URL('load-process.ts', import.meta.url));
const DEVICES_PER_PROCESS = 40;
const NOTHING: LoadCounts = { offered: 0, held: 0, attempts: 0, acknowledged: 0, cut: 0 };

export interface FleetOptions {
  readonly port: number;
  readonly processes: number;
  /** Folder for histories; without it none are written. */
  readonly historyFolder?: string;
}

/** Client processes that publish together. */
export class LoadFleet {
  readonly #children: readonly ChildProcess[];
  readonly #reports: (LoadReport | undefined)[];
  readonly historyFiles: readonly string[];

  constructor({ port, processes, historyFolder }: FleetOptions) {
    const fileOf = (at: number): string[] =>
      historyFolder === undefined ? [] : [join(historyFolder, `history-${at}.jsonl`)];
    this.historyFiles = Array.from({ length: processes }, (_, at) => fileOf(at)).flat();
    this.#reports = Array.from({ length: processes });
    this.#children = Array.from({ length: processes }, (_, at) => {
      const history = fileOf(at).flatMap((file) => ['--history', file]);
      const args = [
        '--port',
        `${port}`,
        '--name',
        `${at}`,
        '--devices',
        `${DEVICES_PER_PROCESS}`,
        ...history,
      ];
      const child = fork(MAIN, args);
      child.on('message', (report) => {
        this.#reports[at] = report as LoadReport;
      });
      return child;
    });
  }

  /** @param perSecond readings a second of all processes together, or as many as are acknowledged */
  load(perSecond: number | 'most'): void {
    const share = perSecond === 'most' ? perSecond : perSecond / this.#children.length;
    this.#order({ order: 'load', perSecond: share });
  }

  /** Every connection is cut, and comes back within a second. */
  storm(): void {
    this.#order({ order: 'storm' });
  }

  /** Publishes no more, waits for what was sent, and ends. Resolves with how many publishes were never acknowledged. */
  async finish(withinMillis: number): Promise<number> {
    const ended = this.#children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    this.#order({ order: 'finish', withinMillis });
    await Promise.all(ended);
    return this.#reports.reduce((total, report) => total + (report?.unsettled ?? 0), 0);
  }

  /** Whatever happens to the one who has it, nothing goes on. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  get counts(): Readonly<LoadCounts> {
    const names = Object.keys(NOTHING) as (keyof LoadCounts)[];
    const sumOf = (name: keyof LoadCounts): number =>
      this.#reports.reduce((total, report) => total + (report?.counts[name] ?? 0), 0);
    return Object.fromEntries(names.map((name) => [name, sumOf(name)])) as unknown as LoadCounts;
  }

  /** The longest of the processes, in the last half second. */
  get waitP99Millis(): number {
    return Math.max(0, ...this.#reports.map((report) => report?.waitP99Millis ?? 0));
  }

  #order(order: LoadOrder): void {
    for (const child of this.#children) if (child.connected) child.send(order);
  }
}
