/** What is wrong with the clock, or the way, of a reading. */
export type Skew = 'honest' | 'late' | 'hourLate' | 'dayAhead' | 'bootClock' | 'seconds';

export interface SkewedReading {
  readonly skew: Skew;
  readonly sensor: string;
  readonly value: number;
  readonly arrivalMillis: number;
  /** What the device says. */
  readonly timeMillis: number;
}

const [SECOND, HOUR, DAY] = [1000, 3_600_000, 86_400_000];
const HONEST_FIRST = 20;
/** Share of each kind; all else is honest. */
const SHARES: readonly (readonly [Skew, number])[] = [
  ['late', 0.1],
  ['hourLate', 0.01],
  ['dayAhead', 0.002],
  ['bootClock', 0.005],
  ['seconds', 0.005],
];

const TIMES: Readonly<Record<Skew, (arrivalMillis: number, random: () => number) => number>> = {
  honest: (arrival, random) => arrival - Math.floor(random() * 2 * SECOND),
  late: (arrival, random) => arrival - Math.floor(random() * 55 * SECOND),
  hourLate: (arrival) => arrival - HOUR,
  dayAhead: (arrival) => arrival + DAY,
  /** Counts from its start, for nobody has told it the time. */
  bootClock: (_, random) => Math.floor(random() * HOUR),
  seconds: (arrival) => Math.floor(arrival / SECOND),
};

/** Readings in the order in which they arrive, evenly, each kind at least twice. */
export function skewedReadings(options: {
  readonly count: number;
  readonly sensors: number;
  readonly firstMillis: number;
  readonly everyMillis: number;
  readonly random: () => number;
}): SkewedReading[] {
  const { count, sensors, firstMillis, everyMillis, random } = options;
  return Array.from({ length: count }, (_, at) => {
    const skew = skewOf(at, random());
    const arrivalMillis = firstMillis + at * everyMillis;
    const timeMillis = TIMES[skew](arrivalMillis, random);
    return { skew, sensor: `skew-${at % sensors}`, value: at + 1, arrivalMillis, timeMillis };
  });
}

/** Behind the first honest ones, each kind in turn, twice. */
function skewOf(at: number, drawn: number): Skew {
  if (at < HONEST_FIRST) return 'honest';
  if (at < HONEST_FIRST + 2 * SHARES.length) return SHARES[(at - HONEST_FIRST) % SHARES.length]![0];
  let sum = 0;
  for (const [skew, share] of SHARES) {
    sum += share;
    if (drawn < sum) return skew;
  }
  return 'honest';
}
