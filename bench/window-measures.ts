import { readFileSync } from 'node:fs';
import { createEngine, type Engine } from '../src/streaming-sql/engine/index.ts';
import {
  type ApplicationPlan,
  compileApplication,
  type InputSchema,
  type TimeOptions,
} from '../src/streaming-sql/index.ts';
import { HandWritten, makeTexts, parseAll, type Reading, START, WINDOW_MILLIS } from './window-rows.ts';

const PASSES = 9;
/** Records parsed at once where they are not kept: what a batch of the runtime brings. */
const BLOCK = 500;
/** Records parsed before they are handed on: see `src/local/streaming-application.ts`. */
const PARSED_AHEAD = 32;

const folder = new URL('../analytics-sql/', import.meta.url);
const sql = readFileSync(new URL('weather-windows.sql', folder), 'utf8');
const input = JSON.parse(readFileSync(new URL('weather-windows.input.json', folder), 'utf8')) as InputSchema;

/** The shipped application; with `time`, by the readings' own time. */
export function shippedPlan(time?: Omit<TimeOptions, 'source' | 'column'>): ApplicationPlan {
  const byColumn = { source: 'column', column: 'sensor_timestamp', ...time } as const;
  return compileApplication(sql, { input, ...(time && { time: byColumn }) });
}

function start(plan: ApplicationPlan): Engine {
  return createEngine(plan, { onRow: () => {} });
}

export interface Speed {
  readonly engineNanos: number;
  readonly handWrittenNanos: number;
}

/** Nanoseconds for each parsed row, all groups open; the rows are kept, and given again and again. */
export function measureParsedRows(keys: number): Speed {
  const rows = parseAll(makeTexts(keys, Math.max(keys, 10_000), () => START));
  const engine = start(shippedPlan());
  const byHand = new HandWritten();
  const rounds = Math.ceil(400_000 / rows.length);
  const [engineNanos, handWrittenNanos] = compare(rows.length * rounds, [
    () => {
      for (let round = 0; round < rounds; round++)
        for (const row of rows) engine.acceptRecord(row, { arrivalMillis: START });
    },
    () => {
      for (let round = 0; round < rounds; round++) for (const row of rows) byHand.add(row);
    },
  ]);
  return { engineNanos: engineNanos!, handWrittenNanos: handWrittenNanos! };
}

/** Nanoseconds for each record from its bytes: parsing alone, parsing into the engine, parsing into a Map. */
export function measureBytes(keys: number): Speed & { readonly parseNanos: number } {
  const records = makeTexts(keys, 100_000, () => START).map((text) => Buffer.from(text));
  const engine = start(shippedPlan());
  const byHand = new HandWritten();
  let parsed = 0;
  const [parseNanos, engineNanos, handWrittenNanos] = compare(records.length, [
    () => {
      for (const record of records) parsed += parse(record).sensor_value;
    },
    () => parseSome(records, (row) => engine.acceptRecord(row, { arrivalMillis: START })),
    () => parseSome(records, (row) => byHand.add(row)),
  ]);
  if (Number.isNaN(parsed)) throw new Error('Cannot measure: a record has no value');
  return { parseNanos: parseNanos!, engineNanos: engineNanos!, handWrittenNanos: handWrittenNanos! };
}

function parse(record: Buffer): Reading {
  return JSON.parse(record.toString()) as Reading;
}

/** Some at a time, as the runtime does. */
function parseSome(records: readonly Buffer[], take: (row: Reading) => void): void {
  for (let first = 0; first < records.length; first += PARSED_AHEAD)
    for (const row of records.slice(first, first + PARSED_AHEAD).map(parse)) take(row);
}

/** Bytes for each open (sensor, window), the text of the keys included: the records themselves are let go. */
export function measureMemory(keys: number, windows: number, messages: number): number {
  const engine = start(shippedPlan({ outOfOrderMillis: 2 * windows * WINDOW_MILLIS }));
  const before = liveBytes();
  eachBlock(keys, keys * windows * messages, windowOf(keys, windows), (rows) => feed(engine, rows));
  const { openKeys } = engine.stats();
  if (openKeys !== keys * windows) throw new Error(`Cannot measure: ${openKeys} groups are open`);
  const bytes = (liveBytes() - before) / openKeys;
  // Keeps the engine alive until here.
  engine.stats();
  return bytes;
}

/** Bytes for each key of the Map written by hand. */
export function measureHandWrittenMemory(keys: number): number {
  const byHand = new HandWritten();
  const before = liveBytes();
  eachBlock(
    keys,
    keys,
    () => START,
    (rows) => {
      for (const row of rows) byHand.add(row);
    },
  );
  return (liveBytes() - before) / byHand.groups.size;
}

/** Nanoseconds for each parsed row when rows go round so many open windows. */
export function measureOpenWindows(keys: number, windows: number): number {
  const engine = start(shippedPlan({ outOfOrderMillis: 2 * windows * WINDOW_MILLIS }));
  const rows = parseAll(makeTexts(keys, keys * windows, windowOf(keys, windows)));
  const rounds = Math.ceil(600_000 / rows.length);
  return compare(rows.length * rounds, [
    () => {
      for (let round = 0; round < rounds; round++) feed(engine, rows);
    },
  ])[0]!;
}

/** Milliseconds to close a window of so many keys, row by row out: the median of several windows. */
export function measureClose(keys: number): number {
  const engine = start(shippedPlan());
  const millis: number[] = [];
  for (let window = 0; window < PASSES; window++) {
    const arrivalMillis = START + window * WINDOW_MILLIS;
    eachBlock(
      keys,
      keys,
      () => START,
      (rows) => {
        for (const row of rows) engine.acceptRecord(row, { arrivalMillis });
      },
    );
    const begin = performance.now();
    engine.advance(arrivalMillis + WINDOW_MILLIS);
    millis.push(performance.now() - begin);
  }
  return median(millis);
}

export interface Disorder {
  readonly name: string;
  readonly nanos: number;
  readonly late: number;
  readonly corrections: number;
}

/** Ten windows of event time, 30 rows a key: in order, and with rows that come late. */
export function measureDisorder(keys: number): Disorder[] {
  const count = keys * 30;
  const time = (i: number): number => START + Math.floor((i / count) * 10 * WINDOW_MILLIS);
  const isTenth = (i: number): boolean => (i * 2_654_435_761) % 1000 < 100;
  const isHundredth = (i: number): boolean => (i * 2_654_435_761) % 1000 >= 990;
  const outOfOrder = (i: number): number => (isTenth(i) ? time(i) - (i % 90_000) : time(i));
  const slack = { outOfOrderMillis: 90_000 };
  const cases = [
    { name: 'in order', time: slack, timeOf: time },
    { name: '10 % out of order', time: slack, timeOf: outOfOrder },
    {
      name: '10 % out of order, 1 % late',
      time: slack,
      timeOf: (i: number) => (isHundredth(i) ? time(i) - 240_000 : outOfOrder(i)),
    },
    {
      name: '10 % out of order, 1 % correct a closed window',
      time: { ...slack, allowedLatenessMillis: 300_000 },
      timeOf: (i: number) => (isHundredth(i) ? Math.max(START, time(i) - 240_000) : outOfOrder(i)),
    },
  ];
  const prepared = cases.map(({ name, time: options, timeOf }) => {
    const plan = shippedPlan(options);
    return { name, plan, rows: parseAll(makeTexts(keys, count, timeOf)), engine: start(plan) };
  });
  const nanos = compare(
    count,
    prepared.map((given) => () => {
      given.engine = start(given.plan);
      feed(given.engine, given.rows);
    }),
  );
  return prepared.map(({ name, engine }, i) => {
    const { late, corrections } = engine.stats();
    return { name, nanos: nanos[i]!, late, corrections };
  });
}

/** Every row lies in another window than the one before; after all rounds each key has been in each window. */
function windowOf(keys: number, windows: number): (i: number) => number {
  return (i) => START + ((i + Math.floor(i / keys)) % windows) * WINDOW_MILLIS;
}

/** Event time; all records arrive when the newest is due. */
function feed(engine: Engine, rows: readonly Reading[]): void {
  for (const row of rows) engine.acceptRecord(row, { arrivalMillis: START + 61 * WINDOW_MILLIS });
}

function eachBlock(
  keys: number,
  count: number,
  timeOf: (i: number) => number,
  take: (rows: Reading[]) => void,
): void {
  for (let first = 0; first < count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first);
    take(parseAll(makeTexts(keys, size, (i) => timeOf(first + i), first)));
  }
}

/** Runs each in turn, several times; nanoseconds for each of `count` rows, the median. */
function compare(count: number, runs: readonly (() => void)[]): number[] {
  const nanos = runs.map((): number[] => []);
  for (let pass = 0; pass < PASSES + 2; pass++) {
    runs.forEach((run, i) => {
      const begin = performance.now();
      run();
      if (pass >= 2) nanos[i]!.push(((performance.now() - begin) * 1e6) / count);
    });
  }
  return nanos.map(median);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function liveBytes(): number {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
