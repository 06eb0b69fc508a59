/** Numbers first, first + step, … last: each of them was seen. */
interface Progression {
  first: number;
  last: number;
  step: number;
}

/** What was seen of one sensor under one boot of its device. */
interface SeenSequences {
  readonly device: string;
  readonly boot: string;
  /** The newest last. */
  readonly progressions: Progression[];
  lastMillis: number;
}

/** `[sensor, device, boot, lastMillis, first, last, step, …]` */
type Kept = readonly [string, string, string, number, ...number[]];

/** How far back a repeat is known: as long as its device is not silent for longer. */
export const HORIZON_MILLIS = 3_600_000;
/** And among the last so many runs of evenly growing numbers of a sensor; a device that loses nothing makes one. */
export const MAX_PROGRESSIONS = 64;
/** The sensor that came first is forgotten beyond these, so that hostile input cannot make it grow. */
const MAX_SENSORS = 500_000;
/** Boots of one sensor's device that are remembered. */
const MAX_BOOTS = 4;

/**
 * Knows readings again that were sent, or put on the stream, a second time: a sensor's reading with the `device_id`, `boot_id` and
 * `sequence` of one before is the same event. What is counted once is never dropped; a repeat older than the horizon, or without these
 * three fields, is not known. Devices count upwards in even steps, so what was seen is a few numbers for each sensor.
 */
export class RepeatedReadings {
  readonly #sensors = new Map<string, SeenSequences[]>();

  /** @param kept what `encode` gave */
  constructor(kept: readonly unknown[] = []) {
    for (const entry of kept as readonly Kept[]) {
      const [sensor, device, boot, lastMillis, ...numbers] = entry;
      const progressions: Progression[] = [];
      for (let at = 0; at + 2 < numbers.length; at += 3)
        progressions.push({ first: numbers[at]!, last: numbers[at + 1]!, step: numbers[at + 2]! });
      this.#seenOf(sensor).push({ device, boot, lastMillis, progressions });
    }
  }

  /** Whether this is a repeat; remembers it when it is not. @param arrivalMillis since the epoch, by the stream */
  isRepeat(value: unknown, arrivalMillis: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const { device_id, boot_id, sequence, sensor_id } = value as Readonly<Record<string, unknown>>;
    if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return false;
    if (typeof device_id !== 'string' || typeof boot_id !== 'string' || typeof sensor_id !== 'string')
      return false;
    const seen = this.#bootOf(this.#seenOf(sensor_id), device_id, boot_id);
    seen.lastMillis = arrivalMillis;
    if (isSeen(seen.progressions, sequence)) return true;
    remember(seen.progressions, sequence);
    return false;
  }

  /** Forgets the devices that were silent for longer than the horizon; returns what is to be kept. */
  encode(nowMillis: number): Kept[] {
    const kept: Kept[] = [];
    for (const [sensor, boots] of this.#sensors) {
      const recent = boots.filter(({ lastMillis }) => lastMillis > nowMillis - HORIZON_MILLIS);
      if (recent.length === 0) this.#sensors.delete(sensor);
      else this.#sensors.set(sensor, recent);
      for (const { device, boot, lastMillis, progressions } of recent)
        kept.push([
          sensor,
          device,
          boot,
          lastMillis,
          ...progressions.flatMap(({ first, last, step }) => [first, last, step]),
        ]);
    }
    return kept;
  }

  #seenOf(sensor: string): SeenSequences[] {
    let seen = this.#sensors.get(sensor);
    if (!seen) {
      seen = [];
      this.#sensors.set(sensor, seen);
      if (this.#sensors.size > MAX_SENSORS) this.#sensors.delete(this.#sensors.keys().next().value!);
    }
    return seen;
  }

  #bootOf(boots: SeenSequences[], device: string, boot: string): SeenSequences {
    for (const seen of boots) if (seen.boot === boot && seen.device === device) return seen;
    const fresh = { device, boot, lastMillis: 0, progressions: [] };
    boots.push(fresh);
    if (boots.length > MAX_BOOTS) boots.shift();
    return fresh;
  }
}

function isSeen(progressions: readonly Progression[], sequence: number): boolean {
  for (let at = progressions.length - 1; at >= 0; at -= 1) {
    const { first, last, step } = progressions[at]!;
    if (sequence === last) return true;
    if (sequence >= first && sequence < last && (sequence - first) % step === 0) return true;
  }
  return false;
}

/** What comes late, between others, is a run of its own before the newest. */
function remember(progressions: Progression[], sequence: number): void {
  const newest = progressions.at(-1);
  if (newest && sequence > newest.last) {
    const step = sequence - newest.last;
    if (newest.first === newest.last) newest.step = step;
    if (step === newest.step) {
      newest.last = sequence;
      return;
    }
  }
  const fresh = { first: sequence, last: sequence, step: 1 };
  if (newest && sequence < newest.last) progressions.splice(-1, 0, fresh);
  else progressions.push(fresh);
  if (progressions.length > MAX_PROGRESSIONS) progressions.shift();
}
