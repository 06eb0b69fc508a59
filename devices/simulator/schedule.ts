import type { Clock } from './clock.ts';
import type { SimulatorOptions } from './simulator-options.ts';

/**
 * When stations publish. Time is cut into equal slots; station i publishes in every `slotsPerPeriod`-th slot, so that the fleet's
 * load is spread over the period as a real fleet's is.
 */
export interface Schedule {
  readonly slotMillis: number;
  readonly slotsPerPeriod: number;
  /** Time between two samples of one sensor. */
  readonly sampleMillis: number;
  /** Samples of each sensor that one turn of a station covers: more than one only when packing. */
  readonly samplesPerTurn: number;
}

/** One turn of the stations of one slot. */
export interface Turn {
  readonly dueMillis: number;
  /** Which stations: those whose index modulo slotsPerPeriod is this. */
  readonly slot: number;
  /** The turn comes too late to be taken: the simulator or the broker did not keep up. */
  readonly missed: boolean;
}

/** Finer than a timer can be, and coarser than any window: one slot holds the stations of 1/20 s at 1 Hz. */
const MIN_SLOT_MILLIS = 20;
const MAX_SLOTS = 50;
const PACKING_MILLIS = 1000;

export function planSchedule({
  rate,
  packed,
  stations,
}: Pick<SimulatorOptions, 'rate' | 'packed' | 'stations'>): Schedule {
  const sampleMillis = 1000 / rate;
  const samplesPerTurn = packed ? Math.max(1, Math.round(PACKING_MILLIS / sampleMillis)) : 1;
  const periodMillis = sampleMillis * samplesPerTurn;
  const slotsPerPeriod = Math.max(
    1,
    Math.min(MAX_SLOTS, stations, Math.floor(periodMillis / MIN_SLOT_MILLIS)),
  );
  return { slotMillis: periodMillis / slotsPerPeriod, slotsPerPeriod, sampleMillis, samplesPerTurn };
}

/** The instants that a turn samples, earliest first, the last one being the turn's own; whole milliseconds. */
export function sampleTimes({ sampleMillis, samplesPerTurn }: Schedule, dueMillis: number): number[] {
  return Array.from({ length: samplesPerTurn }, (_, index) =>
    Math.round(dueMillis - (samplesPerTurn - 1 - index) * sampleMillis),
  );
}

export interface TurnLimits {
  /** When turn 0 is due. */
  readonly startMillis: number;
  readonly maxLagMillis: number;
  readonly signal: AbortSignal;
}

/**
 * Yields each turn when it is due, until the signal aborts. Turn k is due at start + k × slotMillis whatever happened before, so an
 * overslept timer never shifts the rest. Turns behind by more than `maxLagMillis` are yielded as missed.
 */
export async function* takeTurns(
  schedule: Schedule,
  clock: Clock,
  { startMillis, maxLagMillis, signal }: TurnLimits,
): AsyncGenerator<Turn> {
  for (let index = 0; !signal.aborted; index++) {
    const dueMillis = startMillis + index * schedule.slotMillis;
    const aheadMillis = dueMillis - clock.now();
    const missed = aheadMillis < -maxLagMillis;
    if (!missed) await clock.sleep(Math.max(0, aheadMillis), signal);
    if (signal.aborted) return;
    yield { dueMillis, slot: index % schedule.slotsPerPeriod, missed };
  }
}
