import type { DurableLog } from '../log/durable-log.ts';

/** An alert as the page shows it; see functions/publish-windows.ts for what is published. */
export type Alert = Readonly<Record<string, unknown>>;

/** The newest messages of the alert topics, kept across restarts. */
export class AlertLog {
  readonly #log: DurableLog;
  readonly #listeners: ((alert: Alert) => void)[] = [];
  #alerts: Alert[];

  constructor(log: DurableLog) {
    this.#log = log;
    const kept = log.readState(STATE_KEY);
    this.#alerts = kept ? (JSON.parse(kept.toString()) as Alert[]) : [];
  }

  /** Takes the text of an SNS message; what is no JSON object is shown as its text. */
  add(message: string): void {
    const alert = parse(message);
    this.#alerts = [...this.#alerts, alert].slice(-MAX_ALERTS);
    this.#log.writeState(STATE_KEY, Buffer.from(JSON.stringify(this.#alerts)));
    for (const listener of this.#listeners) listener(alert);
  }

  /** Newest last. */
  newest(): readonly Alert[] {
    return this.#alerts;
  }

  onAlert(listener: (alert: Alert) => void): void {
    this.#listeners.push(listener);
  }
}

const STATE_KEY = 'alerts';
const MAX_ALERTS = 200;

function parse(message: string): Alert {
  try {
    const value: unknown = JSON.parse(message);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Alert;
  } catch {
    // Not JSON: shown as it is.
  }
  return { time: Date.now(), message };
}
