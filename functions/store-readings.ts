import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { orderKey, putLatest } from '../src/stores/latest-table.ts';
import { type ItemPack, packByItem, sampleKey, storePack } from '../src/stores/readings-table.ts';
import { runBounded } from '../src/stores/run-bounded.ts';
import { awsErrorName } from '../src/stores/store-error.ts';
import { isClosed } from '../src/stores/week-phase.ts';
import {
  currentWeeks,
  ensureWeeklyTable,
  forgetWeeklyTable,
  isWeeklyTableReady,
  weeklyTableName,
} from '../src/stores/weekly-tables.ts';
import { decodeReading } from '../src/telemetry/decode-reading.ts';
import { isoWeek } from '../src/telemetry/iso-week.ts';
import type { Reading } from '../src/telemetry/reading.ts';
import type { Rejection } from '../src/telemetry/rejection.ts';
import { requiredCount, requiredVariable } from './environment.ts';
import { settleBatch } from './kinesis/settle-batch.ts';
import { DUPLICATE, decodeRecords, FAILED, type Outcome, STORED } from './kinesis/stream-record.ts';
import { createLogger } from './observability/logger.ts';
import { type FleetSample, printFleetMetrics } from './observability/record-metrics.ts';

const FUNCTION = 'store-readings';
/** Writes under way at once: enough to hide the latency, few enough to leave connections free. */
const PARALLEL_WRITES = 16;
const logger = createLogger(FUNCTION);

interface Entry {
  readonly index: number;
  readonly reading: Reading;
  readonly sampleKey: string;
  readonly week: string;
  /** Arrival in the stream, milliseconds since the epoch. */
  readonly arrivalMillis: number;
}

/**
 * Kinesis "readings" → weekly table, latest table, EMF metrics. A record that can never be stored is kept as rejected; one
 * that cannot be stored now is reported, and Lambda retries from it.
 */
export async function handler(event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const records = decodeRecords(event, decodeReading);
  const outcomes: Outcome[] = [];
  const entries: Entry[] = [];
  const exportAfterWeeks = requiredCount('EXPORT_AFTER_WEEKS');
  const itemMinutes = requiredCount('READINGS_ITEM_MINUTES');
  records.forEach(({ decoded, arrivalMillis }, index) => {
    if (!decoded.ok) {
      outcomes.push(rejected(decoded.rejection));
      return;
    }
    const entry = keyEntry(decoded.value, index, arrivalMillis, itemMinutes);
    const closed = isClosed(entry.week, arrivalMillis, exportAfterWeeks);
    // What no later step decides stays to be retried.
    outcomes.push(closed ? rejected(closedWeek(entry.week)) : FAILED);
    if (!closed) entries.push(entry);
  });
  const prefix = requiredVariable('READINGS_TABLE_PREFIX');
  const storable = await keepWeeksWithTable(prefix, entries, outcomes);
  // Before the readings: a retry then finds every reading not yet counted as stored.
  const current = await writeLatest(requiredVariable('LATEST_TABLE'), storable);
  await runBounded(packByItem(current, itemMinutes), PARALLEL_WRITES, (pack) =>
    writePack(prefix, pack, outcomes),
  );
  printFleetMetrics(sampleFleet(current.filter(({ index }) => outcomes[index] === STORED)));
  return settleBatch(FUNCTION, records, outcomes, logger);
}

function keyEntry(reading: Reading, index: number, arrivalMillis: number, itemMinutes: number): Entry {
  const week = isoWeek(reading.sensor_timestamp);
  return { index, reading, sampleKey: sampleKey(reading, itemMinutes), week, arrivalMillis };
}

/**
 * The entries whose weekly table is there. A missing table of last, this or next week is created (a new stack has none
 * yet); a reading of any other week without a table is rejected.
 */
async function keepWeeksWithTable(
  prefix: string,
  entries: readonly Entry[],
  outcomes: Outcome[],
): Promise<Entry[]> {
  const kept: Entry[] = [];
  for (const [week, group] of Map.groupBy(entries, (entry) => entry.week)) {
    try {
      const tableName = weeklyTableName(prefix, week);
      if (isCurrent(week, group)) await ensureWeeklyTable(tableName);
      if (await isWeeklyTableReady(tableName)) kept.push(...group);
      else for (const { index } of group) outcomes[index] = rejected(noWeeklyTable(week));
    } catch (error) {
      logger.error('Cannot look up the weekly table, its readings will be retried', {
        error: error as Error,
        week,
      });
    }
  }
  return kept;
}

/** Writes the newest reading of each sensor; returns the entries of the sensors that succeeded. */
async function writeLatest(tableName: string, entries: readonly Entry[]): Promise<Entry[]> {
  const succeeded: Entry[] = [];
  const groups = [...Map.groupBy(entries, (entry) => entry.reading.sensor_id).values()];
  await runBounded(groups, PARALLEL_WRITES, async (group) => {
    const newest = group.reduce((a, b) => (orderKey(b.reading) > orderKey(a.reading) ? b : a));
    try {
      await putLatest(tableName, newest.reading);
      succeeded.push(...group);
    } catch (error) {
      logger.error('Cannot write the latest reading, it will be retried', error as Error);
    }
  });
  return succeeded;
}

async function writePack(prefix: string, pack: ItemPack<Entry>, outcomes: Outcome[]): Promise<void> {
  try {
    const before = await storePack(prefix, pack);
    for (const [key, [first, ...repeated]] of pack.samples) {
      outcomes[first.index] = before.has(key) ? DUPLICATE : STORED;
      for (const { index } of repeated) outcomes[index] = DUPLICATE;
    }
  } catch (error) {
    const rejection = contentError(error, weeklyTableName(prefix, pack.week), pack);
    if (rejection === undefined) {
      logger.error('Cannot write readings, they will be retried', error as Error);
      return;
    }
    for (const { index } of [...pack.samples.values()].flat()) outcomes[index] = rejected(rejection);
  }
}

/** Whether the write can never succeed: its table was dropped, or its item is full (400 KB). */
function contentError(error: unknown, tableName: string, pack: ItemPack<Entry>): Rejection | undefined {
  const name = awsErrorName(error);
  if (name === 'ResourceNotFoundException') {
    forgetWeeklyTable(tableName);
    return isCurrent(pack.week, [...pack.samples.values()].flat()) ? undefined : noWeeklyTable(pack.week);
  }
  if (name === 'ValidationException' && /item size/i.test((error as Error).message)) {
    return { reason: 'too-large', detail: `the item of sensor ${JSON.stringify(pack.sensorId)} is full` };
  }
  return undefined;
}

/** Seen from the newest arrival, not from now: the same records then end the same whenever they are handled. */
function isCurrent(week: string, entries: readonly Entry[]): boolean {
  const arrivalMillis = entries.reduce((newest, entry) => Math.max(newest, entry.arrivalMillis), 0);
  return currentWeeks(arrivalMillis).includes(week);
}

function closedWeek(week: string): Rejection {
  return {
    reason: 'no-weekly-table',
    detail: `week ${week} is over and closed: its table is being exported`,
  };
}

function noWeeklyTable(week: string): Rejection {
  return { reason: 'no-weekly-table', detail: `week ${week} has no table: it is over, or not begun` };
}

function rejected(rejection: Rejection): Outcome {
  return { kind: 'rejected', rejection };
}

function sampleFleet(entries: readonly Entry[]): Map<string, FleetSample> {
  const samples = new Map<string, FleetSample>();
  const nowMillis = Date.now();
  for (const { reading } of entries) {
    const before = samples.get(reading.sensor) ?? { count: 0, maxAgeMillis: 0 };
    const ageMillis = nowMillis - reading.sensor_timestamp;
    samples.set(reading.sensor, {
      count: before.count + 1,
      maxAgeMillis: Math.max(before.maxAgeMillis, ageMillis),
    });
  }
  return samples;
}
