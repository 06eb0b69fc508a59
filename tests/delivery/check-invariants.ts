import type { Event, History } from './history.ts';
import { identityOf, recomputeWindows, windowKey } from './recompute-windows.ts';
import type { LedgerStage, Sample, Stores, WindowResult } from './stores.ts';

/** What one invariant was checked on, and every violation. */
export interface Finding {
  readonly invariant: string;
  /** For people: what was compared, with numbers. */
  readonly numbers: string;
  readonly violations: readonly string[];
}

/** What is said of a run besides its stores. */
export interface CheckLimits {
  /** Within so many seconds after the last fault nothing may be in flight. */
  readonly quietSeconds: number;
}

/** Compares what clients did with what is stored: one finding for each invariant. */
export function checkInvariants(history: History, stores: Stores, limits: CheckLimits): readonly Finding[] {
  const seen = indexStores(stores);
  return [
    checkNoLoss(history, seen, stores),
    checkNoDouble(stores),
    checkNoPhantom(history, seen, stores),
    checkWindows(stores),
    checkOrder(history, stores),
    checkConservation(history, stores),
    checkLiveness(stores, limits),
  ];
}

interface StoreIndex {
  /** Identities by store. */
  readonly stream: ReadonlySet<string>;
  readonly archived: ReadonlySet<string>;
  readonly rejected: ReadonlyMap<string, ReadonlySet<string>>;
  readonly samples: ReadonlySet<string>;
}

function indexStores({ readings, archived, rejected, samples }: Stores): StoreIndex {
  const refusals = new Map<string, Set<string>>();
  for (const { by, bytes } of rejected) {
    const identity = identityOf(parse(bytes)) ?? '';
    refusals.set(identity, (refusals.get(identity) ?? new Set()).add(by));
  }
  return {
    stream: new Set(readings.flatMap(({ value }) => identityOf(value) ?? [])),
    archived: new Set(archived.map(decodeURIComponent)),
    rejected: refusals,
    samples: new Set(samples.map(sampleKey)),
  };
}

/** Every accepted event is in each place where its kind has to be, and in none of the others. */
function checkNoLoss({ events, accepted }: History, seen: StoreIndex, { ledger }: Stores): Finding {
  const counts = { stored: 0, filtered: 0, rejected: 0 };
  const violations: string[] = [];
  for (const id of accepted) {
    const event = events.get(id);
    if (!event) {
      violations.push(`${id} was acknowledged without having been sent`);
      continue;
    }
    counts[event.end] += 1;
    const missing = placesOf(seen, id, event)[event.end].filter(([, isThere]) => !isThere);
    for (const [place] of missing) violations.push(`${id} (${event.end}) is not ${place}`);
  }
  const filtered = sum(Object.values(ledger.filtered));
  if (filtered < counts.filtered)
    violations.push(`${counts.filtered} messages had to be filtered, the ledger counts ${filtered}`);
  const { stored, rejected } = counts;
  const numbers = `${accepted.size} accepted = ${stored} stored + ${counts.filtered} filtered + 0 late + ${rejected} rejected + 0 expired`;
  return { invariant: 'I1 no loss', numbers, violations };
}

type Place = readonly [place: string, isThere: boolean];

function placesOf(
  { stream, archived, rejected, samples }: StoreIndex,
  id: string,
  event: Event,
): Record<'stored' | 'filtered' | 'rejected', readonly Place[]> {
  return {
    stored: [
      ['on the stream', stream.has(id)],
      ['in its table', samples.has(sampleKey(event))],
      ['in the archive', archived.has(id)],
    ],
    filtered: [['kept off the stream', !stream.has(id)]],
    rejected: [
      // What comes as a whole body is decoded before the stream.
      ['where bad readings are found', event.via === 'http' ? !stream.has(id) : stream.has(id)],
      [
        'kept as rejected',
        rejected.get(id)?.has(event.via === 'http' ? 'ingest-http' : 'store-readings') === true,
      ],
      ['kept out of its table', !samples.has(sampleKey(event))],
    ],
  };
}

/**
 * However often an event was sent, read and written: each store has it once. Objects of the archive cannot be written
 * again, so an event that is on the stream twice may lie in two of them, and readers go by its event_id; in none of them
 * may it be without being on the stream as often.
 */
function checkNoDouble({ readings, samples, archived, windows, storedWindows }: Stores): Finding {
  const onStream = countOfEach(readings.flatMap(({ value }) => identityOf(value) ?? []));
  const inArchive = countOfEach(archived.map(decodeURIComponent));
  const tooOften = [...inArchive].filter(([id, count]) => count > Math.max(1, onStream.get(id) ?? 0));
  const again = archived.length - inArchive.size;
  const violations = [
    ...repeated(samples.map(sampleKey), 'table'),
    ...tooOften.map(([id]) => `${id} is in the archive more often than on the stream`),
    ...repeated(
      windows.map((window) => `${windowKey(window)} revision ${window.revision}`),
      'windows stream',
    ),
    ...repeated(storedWindows.map(windowKey), 'windows table'),
  ];
  const numbers = `${samples.length} samples, ${inArchive.size} archived (${again} repeats of the stream again), ${windows.length} windows, each once`;
  return { invariant: 'I2 no double effect', numbers, violations };
}

function countOfEach(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Sent and not acknowledged may be there; what nobody sent may not. */
function checkNoPhantom({ events }: History, seen: StoreIndex, { samples }: Stores): Finding {
  const sent = new Set([...events.values()].map(sampleKey));
  const violations = [
    ...[...seen.stream].filter((id) => !events.has(id)).map((id) => `${id} is on the stream`),
    ...[...seen.archived].filter((id) => !events.has(id)).map((id) => `${id} is in the archive`),
    ...[...seen.rejected.keys()].filter((id) => !events.has(id)).map((id) => `'${id}' is kept as rejected`),
    ...samples
      .filter((sample) => !sent.has(sampleKey(sample)))
      .map((sample) => `${sampleKey(sample)} is in a table`),
  ];
  const checked = seen.stream.size + seen.archived.size + seen.rejected.size + samples.length;
  return {
    invariant: 'I3 no phantom',
    numbers: `${checked} stored things, all of them sent (${events.size} events)`,
    violations: violations.map((what) => `${what}, and nobody sent it`),
  };
}

/** The current result of each window is the one that a naive count gives. */
function checkWindows({ readings, windows, storedWindows, readMillis }: Stores): Finding {
  const expected = new Map(
    [...recomputeWindows(readings)].filter(([, { endMillis }]) => endMillis <= readMillis - SETTLED_MILLIS),
  );
  const isChecked = ({ endMillis }: WindowResult): boolean => endMillis <= readMillis - SETTLED_MILLIS;
  const violations = [
    ...compareWindows(expected, newest(windows.filter(isChecked)), 'on the stream'),
    ...compareWindows(expected, newest(storedWindows.filter(isChecked)), 'in the table'),
  ];
  const counted = sum([...expected.values()].map(({ count }) => count));
  const numbers = `${expected.size} windows of ${counted} readings equal a naive recomputation, on the stream and in the table`;
  return { invariant: 'I4 windows', numbers, violations };
}

/** Whatever closed this short before the reading may still be on its way. */
const SETTLED_MILLIS = 2000;

function newest(windows: readonly WindowResult[]): Map<string, WindowResult> {
  const current = new Map<string, WindowResult>();
  for (const window of windows) {
    const before = current.get(windowKey(window));
    if (!before || window.revision > before.revision) current.set(windowKey(window), window);
  }
  return current;
}

function compareWindows(
  expected: ReadonlyMap<string, WindowResult>,
  actual: ReadonlyMap<string, WindowResult>,
  place: string,
): string[] {
  const missing = [...expected.keys()].filter((key) => !actual.has(key));
  const wrong = [...actual].flatMap(([key, { count, sum: total, min, max }]) => {
    const wanted = expected.get(key);
    if (!wanted) return [`window ${key} ${place} has no readings`];
    const isSame = wanted.count === count && wanted.sum === total && wanted.min === min && wanted.max === max;
    return isSame
      ? []
      : [
          `window ${key} ${place} has ${count} readings with sum ${total}, not ${wanted.count} with ${wanted.sum}`,
        ];
  });
  return [...missing.map((key) => `window ${key} is not ${place}`), ...wrong];
}

/** The latest value of a sensor is the one measured last, by time and then by sequence, whatever came last. */
function checkOrder({ events }: History, { samples, latest }: Stores): Finding {
  const sequences = new Map([...events.values()].map((event) => [sampleKey(event), sequenceOf(event.id)]));
  const newestOf = new Map<string, Sample>();
  const isNewer = (a: Sample, b: Sample): boolean =>
    a.timeMillis > b.timeMillis ||
    (a.timeMillis === b.timeMillis &&
      (sequences.get(sampleKey(a)) ?? -1) > (sequences.get(sampleKey(b)) ?? -1));
  for (const sample of samples) {
    const before = newestOf.get(sample.sensor);
    if (!before || isNewer(sample, before)) newestOf.set(sample.sensor, sample);
  }
  const shown = new Map(latest.map((sample) => [sample.sensor, sample]));
  const violations = [...newestOf].flatMap(([sensor, wanted]) => {
    const found = shown.get(sensor);
    if (found && sampleKey(found) === sampleKey(wanted)) return [];
    return [`the latest of ${sensor} is ${found ? sampleKey(found) : 'missing'}, not ${sampleKey(wanted)}`];
  });
  return { invariant: 'I5 order', numbers: `${newestOf.size} latest values are the newest`, violations };
}

function sequenceOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}

/** At every stage in = out + dropped + in flight, and what reads a stream has counted what is on it. */
function checkConservation({ events, accepted, attempts }: History, { ledger, readings }: Stores): Finding {
  const violations = ledger.stages.flatMap((stage) => {
    const dropped = sum(Object.values(stage.dropped));
    const isExact = stage.in === stage.out + dropped + stage.inFlight && stage.balanced;
    return isExact ? [] : [`stage '${stage.stage}' does not balance: ${JSON.stringify(stage)}`];
  });
  for (const stage of ledger.stages.filter(readsReadings))
    if (stage.in !== readings.length)
      violations.push(
        `stage '${stage.stage}' counts ${stage.in} of ${readings.length} readings on the stream`,
      );
  violations.push(...streamBoundary(ledger.stages));
  const attempted = sum([...attempts.values()]);
  if (ledger.accepted < acceptedMessages(events, accepted) || ledger.accepted > attempted)
    violations.push(
      `the ledger counts ${ledger.accepted} accepted messages, of ${attempted} attempts ${accepted.size} were acknowledged`,
    );
  const numbers = `${ledger.stages.length} stages balance; each reader of the stream counts its ${readings.length} records`;
  return { invariant: 'I6 conservation', numbers, violations };
}

/** What rules and functions put on the stream of the readings is what is on it. */
function streamBoundary(stages: readonly LedgerStage[]): string[] {
  const outOf = (pattern: RegExp): number =>
    sum(stages.filter(({ stage }) => pattern.test(stage)).map(({ out }) => out));
  const put = outOf(/^action telemetry\.Kinesis$/) + outOf(/^producers .*-readings$/);
  const taken = outOf(/^stream .*-readings$/);
  return put === taken ? [] : [`${put} records were put on the stream of the readings, ${taken} are on it`];
}

/** At least so many messages; over HTTP one may carry several events. */
function acceptedMessages(events: History['events'], accepted: ReadonlySet<string>): number {
  return [...accepted].filter((id) => events.get(id)?.via === 'mqtt').length;
}

function readsReadings({ stage }: LedgerStage): boolean {
  return /^(function (store|archive)-readings|windows .*weather-windows|windows .*weatherWindows|delivery .*raw.*)$/i.test(
    stage,
  );
}

function checkLiveness({ quietSeconds, failed }: Stores, limits: CheckLimits): Finding {
  const violations = failed.map((key) => `a batch was given up: ${key}`);
  if (quietSeconds === undefined || quietSeconds > limits.quietSeconds)
    violations.push(`after ${limits.quietSeconds} s something was still in flight`);
  const numbers = `nothing in flight ${quietSeconds?.toFixed(0) ?? 'never'} s after the last fault, no batch given up`;
  return { invariant: 'I7 liveness', numbers, violations };
}

function repeated(keys: readonly string[], place: string): string[] {
  const seen = new Set<string>();
  return keys.flatMap((key) => {
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated ? [`${key} is in the ${place} more than once`] : [];
  });
}

function sampleKey({ sensor, timeMillis, value }: Pick<Sample, 'sensor' | 'timeMillis' | 'value'>): string {
  return `${sensor} ${timeMillis} ${value}`;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
