import type { ApplicationPlan, ColumnPlan, PumpPlan, StreamPlan } from '../plan.ts';
import { pseudoColumns } from '../pseudo-columns.ts';
import { printType } from '../sql-type.ts';
import type { DifferenceName } from './differences.ts';
import { NotForFlinkError } from './flink-error.ts';
import type { FunctionName } from './flink-functions.ts';
import type { FlinkJob, JobColumn, JobErrors, JobReference, JobSource, JobView } from './flink-job.ts';
import { flinkType } from './flink-type.ts';
import { printName } from './print-literal.ts';
import { columnNames, printPump } from './print-pump.ts';
import { sharedTime, unionAll } from './print-union.ts';
import { magnitudeOf, type Printed } from './printed.ts';
import { type JobInMaking, named, PumpPrinter } from './pump-printer.ts';
import { attributeTime, isTakenName, type Rows, uniqueNames } from './rows.ts';

/** What became of one pump. */
export type PumpOutcome =
  | {
      readonly pump: string;
      readonly functions: readonly FunctionName[];
      readonly differences: readonly DifferenceName[];
    }
  | { readonly pump: string; readonly refusal: string };

/** A job as far as it can be printed, and what became of every pump in data-flow order. */
export interface PrintedJob {
  readonly job: FlinkJob;
  readonly pumps: readonly PumpOutcome[];
}

/** Prints what can be printed; pumps that cannot be said in Flink SQL, and those that read their streams, are refused. */
export function printPlan(plan: ApplicationPlan): PrintedJob {
  const job = begin(plan);
  const views: JobView[] = [];
  const errors: JobErrors[] = [];
  const outcomes: PumpOutcome[] = [];
  for (const stream of inFlowOrder(plan)) {
    const pumps = plan.pumps.filter(({ into }) => into === stream.name);
    const printed = pumps.map((pump) => attempt(pump, stream, job));
    outcomes.push(...printed.map(({ outcome }) => outcome));
    if (printed.some(({ rows }) => rows === undefined)) continue;
    views.push(...printed.flatMap(({ printer }) => printer.views));
    errors.push(...printed.flatMap(({ printer }) => printer.errors));
    views.push(
      streamView(
        stream,
        printed.flatMap(({ rows }) => rows ?? []),
        job,
      ),
    );
  }
  const functions = [
    ...new Set(outcomes.flatMap((outcome) => ('functions' in outcome ? outcome.functions : []))),
  ].sort();
  return {
    pumps: outcomes,
    job: {
      version: 1,
      application: applicationName(plan.file),
      settings: { 'table.local-time-zone': 'UTC' },
      source: sourceOf(plan, job),
      functions: functions.flatMap((name) =>
        name === 'MESONET_REFERENCE' ? job.lookups.map(({ lookup }) => lookup.function) : [name],
      ),
      views,
      outputs: plan.streams.flatMap((stream) => (job.streams.has(stream.name) ? [outputOf(stream)] : [])),
      errors,
    },
  };
}

/**
 * The whole application as a Flink job.
 * @throws NotForFlinkError at the first pump that Flink SQL cannot say
 */
export function printFlinkJob(plan: ApplicationPlan): FlinkJob {
  const { job, pumps } = printPlan(plan);
  for (const outcome of pumps)
    if ('refusal' in outcome) throw new NotForFlinkError(outcome.pump, outcome.refusal);
  return job;
}

function begin(plan: ApplicationPlan): JobInMaking {
  const { input, streams, references } = plan;
  const names = new Set([...input.streamNames, ...[...streams, ...references].map(({ name }) => name)]);
  const rows = input.streamNames.map((name) => [name, sourceRows(plan, name)] as const);
  return { plan, names, streams: new Map(rows), lookups: [] };
}

/** Rows of the source: its columns, then the pseudo-columns, of which the runner gives those that are read. */
function sourceRows({ input }: ApplicationPlan, name: string): Rows {
  const own = input.columns.map(declared);
  const read = new Set(input.pseudoColumns ?? []);
  const hidden = pseudoColumns.map((column) =>
    read.has(column.name)
      ? declared(column)
      : { ...declared(column), sql: `CAST(NULL AS ${flinkType(column.type)})`, isAbsent: true as const },
  );
  const all = [...input.columns, ...pseudoColumns];
  return {
    from: printName(name),
    isTable: all.every((column) => !isTakenName(column.name)),
    isPlain: true,
    columns: [...own, ...hidden],
    names: uniqueNames(all.map((column) => column.name)),
    where: [],
    groupBy: [],
    time: attributeTime(0),
  };
}

function declared({ name, type }: ColumnPlan): Printed {
  const magnitude = magnitudeOf(type);
  return {
    sql: printName(name),
    type,
    flink: flinkType(type),
    atom: true,
    ...(magnitude !== undefined && { magnitude }),
  };
}

/** Streams in the order in which their pumps come: a stream after all those that its pumps read. */
function inFlowOrder({ streams, pumps }: ApplicationPlan): StreamPlan[] {
  const last = ({ name }: StreamPlan) => pumps.findLastIndex(({ into }) => into === name);
  return streams.toSorted((a, b) => last(a) - last(b));
}

interface Attempt {
  readonly printer: PumpPrinter;
  readonly rows?: Rows;
  readonly outcome: PumpOutcome;
}

function attempt(pump: PumpPlan, stream: StreamPlan, job: JobInMaking): Attempt {
  const printer = new PumpPrinter(job, pump.name);
  try {
    refuseCorrections(printer);
    const rows = printPump(pump, stream, printer);
    const { functions, differences } = printer;
    return {
      printer,
      rows,
      outcome: { pump: pump.name, functions: [...functions], differences: [...differences] },
    };
  } catch (error) {
    if (!(error instanceof NotForFlinkError)) throw error;
    return { printer, outcome: { pump: pump.name, refusal: error.reason } };
  }
}

function refuseCorrections(printer: PumpPrinter): void {
  if (printer.job.plan.time.allowedLatenessMillis > 0)
    printer.refuse('late rows that correct a window (allowedLatenessMillis): windows are given once');
}

/** The in-application stream: the rows of all its pumps. */
function streamView(stream: StreamPlan, pumps: readonly Rows[], job: JobInMaking): JobView {
  const names = columnNames(stream);
  const columns = stream.columns.map((column, index) => named(declared(column), names[index] ?? ''));
  const parts = pumps.length > 0 ? pumps : [noRows(columns, names, job)];
  job.streams.set(stream.name, {
    from: printName(stream.name),
    isTable: true,
    isPlain: true,
    columns,
    names,
    where: [],
    groupBy: [],
    time: sharedTime(parts.map(({ time }) => time)),
  });
  return { name: stream.name, sql: `CREATE TEMPORARY VIEW ${printName(stream.name)} AS\n${unionAll(parts)}` };
}

function noRows(columns: readonly Printed[], names: readonly string[], { plan }: JobInMaking): Rows {
  return {
    from: printName(plan.input.streamNames[0] ?? ''),
    isTable: false,
    isPlain: true,
    columns: columns.map((column) => ({ ...column, sql: `CAST(NULL AS ${column.flink})` })),
    names,
    where: ['FALSE'],
    groupBy: [],
    time: attributeTime(0),
  };
}

function outputOf(stream: StreamPlan): FlinkJob['outputs'][number] {
  const names = columnNames(stream);
  const items = stream.columns.map(({ name }, index) => {
    const [inView, out] = [printName(names[index] ?? ''), printName(name)];
    return inView === out ? out : `${inView} AS ${out}`;
  });
  return {
    stream: stream.name,
    columns: stream.columns.map(jobColumn),
    query: `SELECT ${items.join(', ')} FROM ${printName(stream.name)}`,
  };
}

function jobColumn({ name, type, notNull }: ColumnPlan): JobColumn {
  return { name, type: flinkType(type), sqlType: printType(type), nullable: notNull !== true };
}

function sourceOf({ input, time, references }: ApplicationPlan, { lookups }: JobInMaking): JobSource {
  const { outOfOrderMillis, maxAheadMillis, idleMillis } = time;
  const column = input.columns[time.columnIndex]?.name;
  const reference = references.map(
    ({ name, columns, ...rest }): JobReference => ({
      table: name,
      ...rest,
      columns: columns.map((each) => ({ ...jobColumn(each), path: each.path })),
      lookups: lookups.filter(({ table }) => table === name).map(({ lookup }) => lookup),
    }),
  );
  return {
    views: input.streamNames,
    inputSchema: input,
    columns: input.columns.map(jobColumn),
    rowtimeType: 'TIMESTAMP(3)',
    pseudoColumns: input.pseudoColumns ?? [],
    time: {
      kind: time.source,
      ...(column !== undefined && { column }),
      outOfOrderMillis,
      maxAheadMillis,
      idleMillis,
    },
    reference,
  };
}

/** `analytics-sql/weather-windows.sql` → `weather-windows`. */
function applicationName(file: string): string {
  return (file.split('/').at(-1) ?? file).replace(/\.sql$/, '');
}
