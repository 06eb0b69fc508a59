import { type KeptReading, keptReadings } from './check-delivery.ts';
import { droppedAs } from './check-ledger.ts';
import { checkWindow, type PlacedRow, windowOf, windowRows } from './check-windows.ts';
import { readFailures, readRejected } from './kept-objects.ts';
import { stageOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

/**
 * As the windows of the application, but for what a function may do: a window's rows come again, the very same ones, when
 * its last invocation is repeated. A record that the mapping gave up with its bytes counts in no window, unless a kill came
 * between its bytes and the checkpoint: then it was given to the function once more, and may count.
 */
export function checkFunctionWindows(world: World): void {
  const readings = keptReadings(world);
  const failed = readFailures(world, 'aggregate');
  const rejected = readRejected(world, 'aggregate-windows');
  demand(rejected.size === 0, 'I1 no loss', () => `${[...rejected.keys()]} were refused`);
  const expired = droppedAs(world, stageOf('aggregate'), 'expired');
  const rows = Map.groupBy(windowRows(world), ({ key }) => key);
  if (expired > 0 || world.wentBack) {
    const least = readings.length - failed.size - expired;
    checkTotal(least, least + (world.kills > 0 ? failed.size : 0), rows);
  } else checkEach(world, readings, failed, rows);
  checkPublished(world, rows);
}

function checkEach(
  world: World,
  readings: readonly KeptReading[],
  failed: ReadonlyMap<string, string>,
  rows: ReadonlyMap<string, readonly PlacedRow[]>,
): void {
  const naive = Map.groupBy(readings, (reading) => windowOf(reading.arrivalMillis, reading));
  for (const [key, group] of naive) {
    const copies = rows.get(key) ?? [];
    const certain = group.filter(({ place }) => !failed.has(place));
    if (world.kills > 0 && certain.length < group.length) checkBetween(key, certain, group, copies[0]);
    else if (certain.length > 0) checkWindow(key, certain, copies[0]?.row);
    else demand(copies.length === 0, 'I4 windows', () => `window ${key} holds what was given up`);
    const runs = world.finalRuns.get(`${group[0]!.shard} ${key.slice(key.indexOf(' ') + 1)}`) ?? 0;
    demand(
      copies.length <= runs && new Set(copies.map(({ text }) => text)).size <= 1,
      'I2 no double effect',
      () => `window ${key} comes ${copies.length} times for ${runs} last invocations: ${copies[1]?.text}`,
    );
  }
  for (const key of rows.keys())
    demand(naive.has(key), 'I3 no phantom', () => `window ${key} has no readings`);
}

/** A row that holds the readings that are certain, and maybe some more of the group. */
function checkBetween(
  key: string,
  certain: readonly KeptReading[],
  group: readonly KeptReading[],
  placed: PlacedRow | undefined,
): void {
  const sumOf = (readings: readonly KeptReading[]): number =>
    readings.reduce((sum, { history }) => sum + history.event.number + 0.25, 0);
  const count = placed?.row['60sec_number_of_msg'] ?? 0;
  const sum = placed?.row['60sec_sum_of_sensor_value'] ?? 0;
  demand(
    count >= certain.length && count <= group.length && sum >= sumOf(certain) && sum <= sumOf(group),
    'I4 windows',
    () => `window ${key} is ${count},${sum}; it holds ${certain.length} to ${group.length} readings`,
  );
}

/** Behind a clock that went back a window may be opened once more, for the rest of its records. */
function checkTotal(least: number, most: number, rows: ReadonlyMap<string, readonly PlacedRow[]>): void {
  let found = 0;
  for (const copies of rows.values()) {
    const different = new Map(copies.map(({ text, row }) => [text, row['60sec_number_of_msg']]));
    for (const count of different.values()) found += count;
  }
  demand(
    found >= least && found <= most,
    'I4 windows',
    () => `the windows hold ${found} readings, they should hold ${least} to ${most}`,
  );
}

function checkPublished(world: World, rows: ReadonlyMap<string, readonly PlacedRow[]>): void {
  const { items } = world.aws.tables.get('windows')!;
  const failed = readFailures(world, 'publish');
  let missing = 0;
  for (const copies of rows.values()) {
    const { row } = copies[0]!;
    const end = Date.parse(`${row.record_timestamp.replace(' ', 'T')}Z`);
    const item = items.get(JSON.stringify([row.sensor_id, end]));
    const isSame = copies.some(
      (copy) =>
        copy.row['60sec_number_of_msg'] === item?.count && copy.row['60sec_sum_of_sensor_value'] === item.sum,
    );
    if (!isSame && !copies.every(({ place }) => failed.has(place))) missing += 1;
  }
  const expired = droppedAs(world, stageOf('publish'), 'expired');
  demand(missing <= expired, 'I1 no loss', () => `${missing} windows are nowhere, ${expired} expired`);
  demand(items.size <= rows.size, 'I3 no phantom', () => `${items.size} windows are stored of ${rows.size}`);
}
