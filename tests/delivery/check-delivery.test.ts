import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInvariants } from './check-invariants.ts';
import { collectHistory, type Event, type HistoryLine } from './history.ts';
import type { Ledger, LedgerStage, Stores, StreamReading, WindowResult } from './stores.ts';

const START = Date.UTC(2026, 10, 21, 4);
const READINGS = 40;

/** Forty readings of two sensors, every tenth filtered, every tenth rejected, one sent twice, one never acknowledged. */
function eventOf(sequence: number): Event {
  const end = sequence % 10 === 3 ? 'filtered' : sequence % 10 === 7 ? 'rejected' : 'stored';
  const sensor = `s${sequence % 2}`;
  return {
    id: `d/b/${sequence}`,
    via: 'mqtt',
    end,
    sensor,
    value: sequence,
    timeMillis: START + sequence * 1000,
  };
}

const events = Array.from({ length: READINGS }, (_, sequence) => eventOf(sequence));
const UNSURE = 12;

function linesOf(): HistoryLine[] {
  const lines = events.flatMap((event): HistoryLine[] => [
    { type: 'invoke', atMillis: event.timeMillis, ...event },
    { type: event.id === `d/b/${UNSURE}` ? 'unknown' : 'ok', id: event.id, atMillis: event.timeMillis + 5 },
  ]);
  return [...lines, { type: 'invoke', atMillis: START, ...events[4]! }];
}

function readingOf({ id, sensor, value, timeMillis }: Event): StreamReading {
  const [device_id, boot_id, sequence] = id.split('/');
  const fields = { sensor_id: sensor, sensor_value: value, sensor_timestamp: timeMillis };
  return {
    arrivalMillis: timeMillis + 10,
    value: { ...fields, device_id, boot_id, sequence: Number(sequence) },
  };
}

/** Counted by hand here: two sensors, all within one minute, those that no rule took left out. */
function windowsOf(passed: readonly Event[]): WindowResult[] {
  return ['s0', 's1'].map((sensor) => {
    const values = passed.filter((event) => event.sensor === sensor).map(({ value }) => value);
    const sum = values.reduce((total, value) => total + value, 0);
    const [min, max] = [Math.min(...values), Math.max(...values)];
    return { sensor, endMillis: START + 60_000, count: values.length, sum, min, max, revision: 0 };
  });
}

function stage(name: string, count: number, change: Partial<LedgerStage> = {}): LedgerStage {
  return { stage: name, in: count, out: count, dropped: {}, inFlight: 0, balanced: true, ...change };
}

function storesOf(): Stores {
  const passed = events.filter(({ end }) => end !== 'filtered');
  const stored = events.filter(({ end }) => end === 'stored');
  const readings = [...passed, events[4]!].map(readingOf);
  const ledger: Ledger = {
    accepted: READINGS + 1,
    filtered: { 'telemetry: WHERE is false': READINGS - passed.length },
    stages: [
      stage('mqtt', READINGS + 1),
      stage('action telemetry.Kinesis', readings.length),
      stage('producers mesonet-dev-readings', 0),
      stage('stream mesonet-dev-readings', readings.length),
      stage('function store-readings', readings.length),
      stage('function archive-readings', readings.length),
      stage('windows weather-windows', readings.length, {
        out: readings.length - 1,
        dropped: { duplicate: 1 },
      }),
    ],
  };
  return {
    readings,
    windows: windowsOf(passed),
    storedWindows: windowsOf(passed),
    samples: stored,
    latest: [events[38]!, events[39]!],
    archived: stored.map(({ id }) => id),
    rejected: events
      .filter(({ end }) => end === 'rejected')
      .map((event) => ({
        by: 'store-readings',
        reason: 'timestamp-ahead',
        bytes: JSON.stringify(readingOf(event).value),
      })),
    failed: [],
    ledger,
    quietSeconds: 3,
    readMillis: START + 120_000,
  };
}

function violated(stores: Stores, lines: readonly HistoryLine[] = linesOf()): string[] {
  return checkInvariants(collectHistory(lines), stores, { quietSeconds: 60 })
    .filter(({ violations }) => violations.length > 0)
    .map(({ invariant }) => invariant.slice(0, 2));
}

function withStage(name: string, change: Partial<LedgerStage>): Stores {
  const stores = storesOf();
  const stages = stores.ledger.stages.map((each) => (each.stage === name ? { ...each, ...change } : each));
  return { ...stores, ledger: { ...stores.ledger, stages } };
}

function without<Row>(rows: readonly Row[], at: number): Row[] {
  return rows.filter((_, index) => index !== at);
}

describe('the checker of the delivery', () => {
  it('finds nothing where nothing is wrong, an event that was sent twice included', () => {
    expect(violated(storesOf())).toEqual([]);
  });

  it.each<[invariant: string, what: string, change: (stores: Stores) => Stores]>([
    ['I1', 'a reading is not in its table', (s) => ({ ...s, samples: without(s.samples, 5) })],
    ['I1', 'a reading is not in the archive', (s) => ({ ...s, archived: without(s.archived, 5) })],
    ['I1', 'a rejected message was not kept', (s) => ({ ...s, rejected: without(s.rejected, 0) })],
    [
      'I1',
      'fewer were filtered than had to be',
      (s) => ({ ...s, ledger: { ...s.ledger, filtered: { 'telemetry: WHERE is false': 1 } } }),
    ],
    ['I2', 'a table has a reading twice', (s) => ({ ...s, samples: [...s.samples, s.samples[0]!] })],
    ['I2', 'the archive has a reading twice', (s) => ({ ...s, archived: [...s.archived, s.archived[0]!] })],
    ['I2', 'a window was put out twice', (s) => ({ ...s, windows: [...s.windows, s.windows[0]!] })],
    ['I3', 'the archive has what nobody sent', (s) => ({ ...s, archived: [...s.archived, 'd/b/999'] })],
    [
      'I3',
      'a table has what nobody sent',
      (s) => ({ ...s, samples: [...s.samples, { sensor: 's0', timeMillis: START, value: 4711 }] }),
    ],
    [
      'I4',
      'a window counts one too few',
      (s) => ({ ...s, windows: s.windows.map((w, at) => (at ? w : { ...w, count: w.count - 1 })) }),
    ],
    [
      'I4',
      'a window in the table has another sum',
      (s) => ({ ...s, storedWindows: s.storedWindows.map((w, at) => (at ? w : { ...w, sum: w.sum + 1 })) }),
    ],
    ['I4', 'a window is missing', (s) => ({ ...s, storedWindows: without(s.storedWindows, 0) })],
    [
      'I4',
      'a window has no readings',
      (s) => ({ ...s, windows: [...s.windows, { ...s.windows[0]!, sensor: 'nobody' }] }),
    ],
    ['I5', 'the latest value is an older one', (s) => ({ ...s, latest: [events[36]!, s.latest[1]!] })],
    ['I5', 'a latest value is missing', (s) => ({ ...s, latest: without(s.latest, 1) })],
    ['I6', 'a stage does not add up', () => withStage('mqtt', { out: READINGS })],
    ['I6', 'a stage says so itself', () => withStage('mqtt', { balanced: false })],
    [
      'I6',
      'a reader did not count what it read',
      () => withStage('function store-readings', { in: 1, out: 1 }),
    ],
    [
      'I6',
      'a stream has more than was put on it',
      () => withStage('action telemetry.Kinesis', { in: 1, out: 1 }),
    ],
    [
      'I6',
      'fewer were accepted than acknowledged',
      (s) => ({ ...s, ledger: { ...s.ledger, accepted: READINGS - 2 } }),
    ],
    ['I7', 'it never came to rest', (s) => ({ ...s, quietSeconds: undefined })],
    ['I7', 'it took too long', (s) => ({ ...s, quietSeconds: 61 })],
    ['I7', 'a batch was given up', (s) => ({ ...s, failed: ['aws/lambda/x'] })],
  ])('finds %s violated when %s', (invariant, _, change) => {
    expect(violated(change(storesOf()))).toEqual([invariant]);
  });

  it('finds loss where the stream has lost a reading, and with it the windows and counts', () => {
    const stores = storesOf();
    expect(violated({ ...stores, readings: without(stores.readings, 5) })).toEqual(['I1', 'I4', 'I6']);
  });

  it('lets what was cut be there or not', () => {
    const lines = linesOf().filter((line) => line.type !== 'unknown');
    const stores = storesOf();
    const samples = stores.samples.filter(({ value }) => value !== UNSURE);
    const archived = stores.archived.filter((id) => id !== `d/b/${UNSURE}`);
    expect(violated({ ...stores, samples, archived }, lines)).toEqual([]);
  });
});

describe('check-delivery.ts', () => {
  let folder: string;
  const checker = fileURLToPath(new URL('check-delivery.ts', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [checker, ...args], { encoding: 'utf8' });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mesonet-check-'));
    writeFileSync(
      join(folder, 'history'),
      `${linesOf()
        .map((line) => JSON.stringify(line))
        .join('\n')}\n{"type":"inv`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends with 0 and a line for each invariant, or with 1', { timeout: 60_000 }, () => {
    const [history, good, bad] = ['history', 'good', 'bad'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(good, JSON.stringify(storesOf()));
    writeFileSync(bad, JSON.stringify({ ...storesOf(), samples: [] }));
    const found = run('--history', history, '--stores', good);
    expect([found.status, found.stdout.match(/^ok {8}I\d/gm)?.length]).toEqual([0, 7]);
    const lost = run('--history', history, '--stores', bad);
    expect([lost.status, lost.stdout]).toEqual([1, expect.stringContaining('VIOLATED  I1 no loss')]);
  });

  it('ends with 2 when it is not told what to compare', { timeout: 60_000 }, () => {
    expect(run('--history', 'x').status).toBe(2);
  });
});
