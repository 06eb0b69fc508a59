import type { DurableLog } from '../../log/durable-log.ts';

/** The state that a CloudwatchAlarm action set last. */
export interface AlarmState {
  readonly alarmName: string;
  readonly stateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly stateReason: string;
  readonly updatedMillis: number;
}

const STATE_KEY = 'alarms';
const MAX_ALARMS = 1000;

/** The states of alarms by name, kept across restarts. */
export class AlarmStates {
  readonly #log: DurableLog;
  readonly #states: Map<string, AlarmState>;

  constructor(log: DurableLog) {
    this.#log = log;
    const kept = log.readState(STATE_KEY);
    const states = kept ? (JSON.parse(kept.toString()) as AlarmState[]) : [];
    this.#states = new Map(states.map((state) => [state.alarmName, state]));
  }

  /** Joins the commit now gathering. Returns false when there is no room for one more name. */
  set(state: AlarmState): boolean {
    if (!this.#states.has(state.alarmName) && this.#states.size >= MAX_ALARMS) return false;
    this.#states.set(state.alarmName, state);
    this.#log.writeState(STATE_KEY, Buffer.from(JSON.stringify(this.list())));
    return true;
  }

  /** In the order in which the names were first seen. */
  list(): readonly AlarmState[] {
    return [...this.#states.values()];
  }
}
