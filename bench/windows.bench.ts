/*
 * The window engine with the shipped application, beside a Map of objects written by hand and JSON.parse alone, all in
 * one run. It writes the growth curves to docs/windows-growth.svg when asked.
 * node --expose-gc bench/windows.bench.ts [--only keys|windows|messages|bytes|disorder] [--plot] [--duckdb PATH/TO/@duckdb/node-api/lib/index.js]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureDuckDb } from './duckdb-batch.ts';
import { drawPanels } from './line-chart.ts';
import {
  measureBytes,
  measureClose,
  measureDisorder,
  measureHandWrittenMemory,
  measureMemory,
  measureOpenWindows,
  measureParsedRows,
} from './window-measures.ts';
import { makeTexts, parseAll, START } from './window-rows.ts';

const KEYS = [100, 1000, 10_000, 100_000, 1_000_000];
const WINDOWS = [1, 2, 5, 10, 20, 60];
const MESSAGES = [1, 10, 100];
const FLEET = 10_000;

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, plot: { type: 'boolean' }, duckdb: { type: 'string' } },
});

function print(
  title: string,
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  console.log(`\n${title}\n\n${lines.join('\n')}`);
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const millions = (nanos: number): string => (1000 / nanos).toFixed(2);

function reportKeys(): void {
  const measured = KEYS.map((keys) => ({
    keys,
    ...measureParsedRows(keys),
    bytes: measureMemory(keys, 1, 1),
    handWrittenBytes: measureHandWrittenMemory(keys),
    closeMillis: measureClose(keys),
  }));
  print(
    'Parsed rows, one open window',
    ['keys', 'engine M rows/s', 'Map by hand', 'ratio', 'engine B/key', 'Map B/key', 'close, ms'],
    measured.map(({ keys, engineNanos, handWrittenNanos, bytes, handWrittenBytes, closeMillis }) => [
      whole(keys),
      millions(engineNanos),
      millions(handWrittenNanos),
      (handWrittenNanos / engineNanos).toFixed(2),
      whole(bytes),
      whole(handWrittenBytes),
      closeMillis.toFixed(1),
    ]),
  );
  panels.push(
    {
      title: 'Rows per second by keys (millions)',
      xLabel: 'keys, one open window',
      xs: KEYS,
      isLogarithmic: true,
      lines: [
        { name: 'engine', color: '#0b62a4', ys: measured.map(({ engineNanos }) => 1000 / engineNanos) },
        { name: 'Map by hand', color: '#999', ys: measured.map((row) => 1000 / row.handWrittenNanos) },
      ],
    },
    {
      title: 'Bytes per open key',
      xLabel: 'keys, one open window',
      xs: KEYS,
      lines: [
        { name: 'engine', color: '#0b62a4', ys: measured.map(({ bytes }) => bytes) },
        { name: 'Map by hand', color: '#999', ys: measured.map((row) => row.handWrittenBytes) },
      ],
    },
  );
}

function reportWindows(): void {
  const measured = WINDOWS.map((windows) => ({
    windows,
    nanos: measureOpenWindows(FLEET, windows),
    bytes: measureMemory(FLEET, windows, 1),
  }));
  print(
    `Open windows, ${whole(FLEET)} keys in each, every row in another window than the one before`,
    ['open windows', 'M rows/s', 'B per open (sensor, window)'],
    measured.map(({ windows, nanos, bytes }) => [windows, millions(nanos), whole(bytes)]),
  );
  const line = (name: string, ys: readonly number[]) => [{ name, color: '#0b62a4', ys }];
  panels.push(
    {
      title: 'Rows per second by open windows (millions)',
      xLabel: `open windows of ${whole(FLEET)} keys`,
      xs: WINDOWS,
      lines: line(
        'engine',
        measured.map(({ nanos }) => 1000 / nanos),
      ),
    },
    {
      title: 'Bytes per open (sensor, window)',
      xLabel: `open windows of ${whole(FLEET)} keys`,
      xs: WINDOWS,
      lines: line(
        'engine',
        measured.map(({ bytes }) => bytes),
      ),
    },
  );
}

function reportMessages(): void {
  print(
    `Messages per window, ${whole(FLEET)} keys`,
    ['messages of a sensor', 'B per open (sensor, window)'],
    MESSAGES.map((messages) => [messages, whole(measureMemory(FLEET, 1, messages))]),
  );
}

function reportBytes(): void {
  const { parseNanos, engineNanos, handWrittenNanos } = measureBytes(FLEET);
  const row = (name: string, nanos: number) => [name, millions(nanos), (parseNanos / nanos).toFixed(2)];
  print(
    `From JSON bytes, ${whole(FLEET)} keys`,
    ['', 'M rows/s', 'of JSON.parse alone'],
    [row('JSON.parse alone', parseNanos), row('engine', engineNanos), row('Map by hand', handWrittenNanos)],
  );
}

function reportDisorder(): void {
  const measured = measureDisorder(FLEET);
  print(
    `Event time, ten windows, ${whole(FLEET)} keys`,
    ['rows', 'M rows/s', 'cost', 'late', 'corrections'],
    measured.map(({ name, nanos, late, corrections }) => [
      name,
      millions(nanos),
      `${(nanos / measured[0]!.nanos).toFixed(2)} ×`,
      whole(late),
      whole(corrections),
    ]),
  );
}

async function reportDuckDb(path: string): Promise<void> {
  const rows = parseAll(makeTexts(FLEET, 100_000, () => START));
  const nanos = await measureDuckDb(path, rows, 10);
  console.log(`\nDuckDB, batch over a loaded table, one thread: ${millions(nanos)} M rows/s`);
}

if (globalThis.gc === undefined) throw new Error('Cannot measure memory: start node with --expose-gc');
const panels: Parameters<typeof drawPanels>[0][number][] = [];
const reports = {
  keys: reportKeys,
  windows: reportWindows,
  messages: reportMessages,
  bytes: reportBytes,
  disorder: reportDisorder,
};
for (const [name, report] of Object.entries(reports))
  if (flags.only === undefined || flags.only === name) report();
if (flags.duckdb !== undefined) await reportDuckDb(flags.duckdb);
if (flags.plot && flags.only === undefined)
  writeFileSync(new URL('../docs/windows-growth.svg', import.meta.url), drawPanels(panels));
