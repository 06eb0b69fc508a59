import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { HistoryWriter } from '../delivery/history.ts';
import { type LoadCounts, LoadDevice } from './load-device.ts';

/** What the parent says. Without a rate every device sends as fast as it is acknowledged; `finish` settles and ends. */
export type LoadOrder =
  | { readonly order: 'load'; readonly perSecond: number | 'most' }
  | { readonly order: 'storm' }
  | { readonly order: 'finish'; readonly withinMillis: number };

/** What a load process says of itself, each half second and when it ends. */
export interface LoadReport {
  readonly counts: LoadCounts;
  readonly unsettled: number;
  /** From a publish to its PUBACK, since the last report. */
  readonly waitP99Millis: number;
  readonly isLast: boolean;
}

const TICK_MILLIS = 10;
const REPORT_MILLIS = 500;

class LoadProcess {
  readonly #devices: readonly LoadDevice[];
  readonly #counts: LoadCounts = { offered: 0, held: 0, attempts: 0, acknowledged: 0, cut: 0 };
  readonly #waits: number[] = [];
  readonly #history: HistoryWriter | undefined;
  #perSecond: number | 'most' = 0;
  #due = 0;
  #turn = 0;

  constructor({
    port,
    name,
    devices,
    history,
  }: { port: number; name: number; devices: number; history?: string }) {
    this.#history = history === undefined ? undefined : new HistoryWriter(history);
    const to = { port, counts: this.#counts, waits: this.#waits, history: this.#history };
    this.#devices = Array.from(
      { length: devices },
      (_, at) => new LoadDevice(`load-${name}-${at}`, name * devices + at + 1, to),
    );
  }

  begin(): void {
    for (const device of this.#devices) device.connect();
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      this.#tick((now - last) / 1000);
      last = now;
    }, TICK_MILLIS);
    setInterval(() => this.#report(false), REPORT_MILLIS);
  }

  async obey(order: LoadOrder): Promise<void> {
    if (order.order === 'load') this.#perSecond = order.perSecond;
    else if (order.order === 'storm') for (const device of this.#devices) device.drop();
    else await this.#finish(order.withinMillis);
  }

  #tick(seconds: number): void {
    if (this.#perSecond === 'most') {
      for (const device of this.#devices) while (device.canSend) device.offer();
      return;
    }
    this.#due += this.#perSecond * seconds;
    for (; this.#due >= 1; this.#due--) this.#devices[this.#turn++ % this.#devices.length]!.offer();
  }

  async #finish(withinMillis: number): Promise<void> {
    this.#perSecond = 0;
    const deadline = performance.now() + withinMillis;
    while (this.#unsettled > 0 && performance.now() < deadline) await sleep(TICK_MILLIS);
    const unsettled = this.#unsettled;
    for (const device of this.#devices) device.end();
    await sleep(REPORT_MILLIS / 5);
    await this.#history?.close();
    this.#report(true, unsettled);
    process.disconnect();
    process.exit(0);
  }

  get #unsettled(): number {
    return this.#devices.reduce((total, device) => total + device.unsettled, 0);
  }

  #report(isLast: boolean, unsettled = this.#unsettled): void {
    const waits = this.#waits.splice(0).sort((a, b) => a - b);
    // The checker reads what is written; what is kept for others would only grow.
    this.#history?.takeAccepted();
    const waitP99Millis = waits[Math.floor(waits.length * 0.99)] ?? 0;
    const report: LoadReport = { counts: this.#counts, unsettled, waitP99Millis, isLast };
    process.send!(report);
  }
}

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    name: { type: 'string' },
    devices: { type: 'string' },
    history: { type: 'string' },
  },
});
const load = new LoadProcess({
  port: Number(values.port),
  name: Number(values.name),
  devices: Number(values.devices),
  ...(values.history !== undefined && { history: values.history }),
});
process.on('message', (order) => void load.obey(order as LoadOrder));
process.on('disconnect', () => process.exit(1));
load.begin();
