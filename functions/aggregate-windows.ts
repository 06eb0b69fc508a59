import type { KinesisStreamEvent } from 'aws-lambda';
import plan from '../analytics-sql/weather-windows.sql';
import { putRejected, type RejectedMessage, rejectedKey } from '../src/stores/rejected-bucket.ts';
import { type OutputRow, putWindows } from '../src/stores/windows-stream.ts';
import { createEngine, type Engine, type ErrorRow } from '../src/streaming-sql/engine/index.ts';
import { decodeJsonObject, type JsonObject } from '../src/telemetry/decode-json.ts';
import type { Rejection } from '../src/telemetry/rejection.ts';
import { requiredVariable } from './environment.ts';
import { decodeRecords, type StreamRecord } from './kinesis/stream-record.ts';
import { printAggregateMetrics } from './observability/record-metrics.ts';
import { decodeWindowState, encodeWindowState, type WindowState } from './windows/window-state.ts';

const FUNCTION = 'aggregate-windows';
/** What the service called the stream that leaves an application. */
const OUTPUT_STREAM = 'DESTINATION_SQL_STREAM';
const PARTITION_COLUMN = 'sensor_id';
/** Kinesis data streams quotas: a record. */
const MAX_RECORD_BYTES = 1024 * 1024;
/** Lambda developer guide, "Tumbling windows": at most 15 minutes. */
const LONGEST_WINDOW_MILLIS = 900_000;

/** An invocation of a tumbling window (AWS Lambda developer guide, "Tumbling windows", event and response). */
export interface TumblingWindowEvent extends KinesisStreamEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: WindowState;
  readonly shardId: string;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

/**
 * Kinesis "readings" → streaming SQL → Kinesis "windows". The engine's state travels in Lambda's window state; the last
 * invocation of a window puts its rows out. A retry starts from the same state and gives the same rows, which overwrite
 * each other in the windows table.
 */
export async function handler(event: TumblingWindowEvent): Promise<{ state: WindowState }> {
  const bucketName = requiredVariable('ARCHIVE_BUCKET');
  const { state, shardId, window } = event;
  const isFinal = event.isFinalInvokeForWindow || event.isWindowTerminatedEarly;
  const rows: OutputRow[] = [];
  const errors: ErrorRow[] = [];
  const restore = await decodeWindowState(state, bucketName);
  const engine = createEngine(plan, {
    shardIds: [shardId],
    outputs: [OUTPUT_STREAM],
    onRow: (_, row) => rows.push(row),
    onError: (error) => errors.push(error),
    ...(restore && { restore }),
  });
  const records = decodeRecords(event, (bytes) => decodeJsonObject(bytes, MAX_RECORD_BYTES));
  const rejected = records.flatMap((record) => feed(engine, record, errors));
  if (isFinal) {
    closeWindow(engine, window);
    rejected.push(...errors.splice(0).map((error) => rejectedRow(error, event)));
  }
  await keepRejected(bucketName, `${shardId}-${window.start}-${state.invocation ?? 0}`, rejected);
  await putWindows(requiredVariable('WINDOWS_STREAM'), rows, PARTITION_COLUMN);
  const place = { functionName: FUNCTION, bucketName, shardId, windowStart: window.start };
  const next = isFinal ? {} : await encodeWindowState(engine.snapshot(), (state.invocation ?? 0) + 1, place);
  printAggregateMetrics(FUNCTION, {
    in: records.length,
    rejected: rejected.length,
    windows: rows.length,
    stateCharacters: next.snapshot?.length ?? 0,
    spilled: next.object === undefined ? 0 : 1,
  });
  return { state: next };
}

/** Whatever is open belongs to the window that ends, also where Lambda's windows and the SQL's do not begin together. */
function closeWindow(engine: Engine, { end }: TumblingWindowEvent['window']): void {
  engine.advance(Date.parse(end));
  if (engine.stats().openKeys > 0) engine.advance(Date.parse(end) + LONGEST_WINDOW_MILLIS);
}

/** Gives the engine one record; returns it when the SQL's input schema or its evaluation refused it. */
function feed(engine: Engine, record: StreamRecord<JsonObject>, errors: ErrorRow[]): RejectedMessage[] {
  const { decoded, arrivalMillis, shardId, sequenceNumber, source, bytes } = record;
  const message = { receivedMillis: arrivalMillis, source, bytes };
  if (!decoded.ok) return [{ ...message, rejection: decoded.rejection }];
  engine.acceptRecord(decoded.value, { arrivalMillis, shardId, sequenceNumber });
  return errors.splice(0).map(({ MESSAGE }) => ({ ...message, rejection: wrongType(MESSAGE) }));
}

/** A row of a closing window that could not be computed. */
function rejectedRow(
  { MESSAGE, DATA_ROW }: ErrorRow,
  { shardId, window }: TumblingWindowEvent,
): RejectedMessage {
  return {
    rejection: wrongType(MESSAGE),
    receivedMillis: Date.parse(window.end),
    source: `window ${window.start} of ${shardId}`,
    bytes: Buffer.from(DATA_ROW, 'hex'),
  };
}

function wrongType(detail: string): Rejection {
  return { reason: 'wrong-type', detail };
}

async function keepRejected(
  bucketName: string,
  name: string,
  messages: readonly RejectedMessage[],
): Promise<void> {
  const [first] = messages;
  if (first) await putRejected(bucketName, rejectedKey(first.receivedMillis, FUNCTION, name), messages);
}
