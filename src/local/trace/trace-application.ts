import { createEngine, type OpenWindow } from '../../streaming-sql/engine/index.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { StreamingApplication } from '../streaming-application.ts';
import { type FoundRecord, findRecords, type RecordSearch } from './find-records.ts';
import { findRejectedRecord, keptAs } from './find-rejection.ts';
import { printSpan, printTime } from './print-time.ts';
import { traceRecord } from './trace-record.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

/** How long after a window's end its row, or a correction of it, is looked for. */
const ROW_WITHIN_MILLIS = 3_600_000;
/** A closed window's row is on the stream with the next checkpoint; after that it was left out, as by HAVING. */
const ROW_DUE_MILLIS = 30_000;
/** A record of a sliding or nested application can lie in many windows. */
const MAX_WINDOWS = 10;

/**
 * What a streaming SQL application makes of one record: a fresh engine is given the record alone, and the windows that are
 * open in it then are the ones it belongs to. Whether they are open still, the running application tells.
 */
export async function traceApplication(
  application: StreamingApplication,
  record: FoundRecord,
  context: TraceContext,
): Promise<TraceStep> {
  const { name } = application.resource;
  const step = { kind: 'application', data: { application: name } } as const;
  const alone = runAlone(application, record);
  if (alone.problem !== undefined)
    return { ...step, state: 'stopped', text: `application ${name} cannot count it: ${alone.problem}` };
  if (!application.hasRead(record.shardId, record.sequenceNumber)) {
    const { backlog, lagMillis } = application.lag();
    const text = `application ${name} is not there yet: ${backlog} records wait, the oldest for ${printSpan(lagMillis)}`;
    return { ...step, state: 'waiting', text };
  }
  const rejection = await rejectionBy(application, record, context);
  if (rejection) return { ...step, ...rejection };
  const steps: TraceStep[] = [];
  for (const window of alone.windows.slice(0, MAX_WINDOWS))
    steps.push(await traceWindow(application, window, record, context));
  if (steps.length > 0) return { ...step, state: 'passed', text: `application ${name}`, steps };
  return alone.rows > 0
    ? { ...step, state: 'passed', text: `application ${name} gave ${alone.rows} rows for it` }
    : { ...step, state: 'skipped', text: `application ${name} does not select it` };
}

/** Rows that do not fit the schema, cannot be reckoned with, or came too late, are kept by the application. */
async function rejectionBy(
  { resource: { name, inputStream, rejectedBucket } }: StreamingApplication,
  record: FoundRecord,
  { objects, streams }: TraceContext,
): Promise<Pick<TraceStep, 'state' | 'text' | 'steps'> | undefined> {
  if (rejectedBucket === undefined) return undefined;
  const found = await findRejectedRecord(objects, rejectedBucket, {
    ...record,
    functionName: `windows/${name}`,
    streamArn: streams.get(inputStream)!.arn,
  });
  if (!found) return undefined;
  const text = `application ${name} refused it, ${found.reason}: ${found.detail}`;
  return { state: 'stopped', text, steps: [keptAs(found)] };
}

interface Alone {
  readonly problem: string | undefined;
  readonly windows: readonly OpenWindow[];
  readonly rows: number;
}

function runAlone({ plan, resource, references }: StreamingApplication, record: FoundRecord): Alone {
  let problem: string | undefined;
  let rows = 0;
  const engine = createEngine(plan, {
    references,
    onRow: (from) => {
      if (resource.outputs.some((output) => output.from === from)) rows += 1;
    },
    onError: ({ ERROR_NAME, MESSAGE }) => {
      problem ??= `${ERROR_NAME}, ${MESSAGE}`;
    },
  });
  const value = parse(record.data.toString());
  if (value === undefined) return { problem: 'it is not JSON', windows: [], rows };
  engine.acceptRecord(value, record);
  const outputs = new Set(resource.outputs.map(({ from }) => from));
  return { problem, windows: engine.openWindows().filter(({ stream }) => outputs.has(stream)), rows };
}

async function traceWindow(
  application: StreamingApplication,
  window: OpenWindow,
  record: FoundRecord,
  context: TraceContext,
): Promise<TraceStep> {
  const { windowEndMillis } = window;
  const isOpen = application.stats().watermarkMillis < windowEndMillis;
  const step = { kind: 'window', data: { windowEndMillis, open: isOpen } } as const;
  const end = printTime(windowEndMillis);
  const output = application.resource.outputs.find(({ from }) => from === window.stream)!;
  const target = context.streams.get(output.stream)!;
  const row = await findRow(application, target, window, record, context);
  if (row) {
    const revision = Number((parse(row.data.toString()) as { revision?: unknown }).revision ?? 1);
    const corrected = revision > 1 ? `, in its revision ${revision}` : '';
    const steps = [await traceRecord(target, row, context)];
    const text = `window until ${end}, closed${corrected}`;
    return {
      ...step,
      state: 'passed',
      text,
      data: { ...step.data, revision },
      atMillis: row.arrivalMillis,
      steps,
    };
  }
  if (isOpen) {
    const left = printSpan(windowEndMillis - context.nowMillis());
    return { ...step, state: 'waiting', text: `window until ${end} is open, closes in ${left}` };
  }
  const sinceMillis = context.nowMillis() - Math.max(windowEndMillis, record.arrivalMillis);
  return sinceMillis < ROW_DUE_MILLIS
    ? { ...step, state: 'waiting', text: `window until ${end} is closed, its row is on its way` }
    : { ...step, state: 'skipped', text: `window until ${end} is closed and put out no row for it` };
}

/** The last row of the window that was put out after the record had come. */
async function findRow(
  { plan, resource }: StreamingApplication,
  target: KinesisStream,
  { stream, row, windowEndMillis }: OpenWindow,
  { arrivalMillis }: FoundRecord,
  { slice }: TraceContext,
): Promise<FoundRecord | undefined> {
  const { partitionKey } = resource.outputs.find(({ from }) => from === stream)!;
  const isByColumn = plan.time.source === 'column';
  const search: RecordSearch = {
    partitionKey: String(row[partitionKey] ?? ''),
    // Arrivals close a window at its end; a column may close it, and correct it, at any time.
    fromMillis: isByColumn ? arrivalMillis : windowEndMillis,
    toMillis: Math.max(windowEndMillis, arrivalMillis) + ROW_WITHIN_MILLIS,
    isWanted: (bytes) => isRowOf(bytes, row),
    ...(!isByColumn && { most: 1 }),
  };
  return (await findRecords(target, search, slice)).at(-1);
}

/** A row of the same window has the same names and times; only what is reckoned differs. */
function isRowOf(bytes: Buffer, row: Readonly<Record<string, unknown>>): boolean {
  const other = parse(bytes.toString());
  if (typeof other !== 'object' || other === null) return false;
  return Object.entries(row).every(
    ([name, value]) => typeof value !== 'string' || (other as Record<string, unknown>)[name] === value,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
