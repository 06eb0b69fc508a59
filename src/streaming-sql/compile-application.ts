import { Source } from '../sql/index.ts';
import { type Catalog, type CheckedQuery, failUnknownStream } from './check-from.ts';
import { defineFunction } from './check-function.ts';
import { checkQuery } from './check-query.ts';
import { Checker } from './checker.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type InputSchema, planInput, planSourceSchema } from './input-schema.ts';
import { parseApplication } from './parse-application.ts';
import type { ApplicationPlan, ColumnPlan, InputPlan, PumpPlan, StreamPlan, TimePlan } from './plan.ts';
import { orderPumps } from './pump-order.ts';
import { rejectRecords } from './record-column.ts';
import { warnOfReservedNames } from './reserved-words.ts';
import { commonType, familyOf, printType } from './sql-type.ts';
import type { CreatePump, CreateStream, Identifier } from './syntax.ts';

/** Where ROWTIME comes from; spans are in milliseconds. */
export interface TimeOptions {
  /** `arrival` (default): the arrival of the record, as the service does; `column`: a column of the row. */
  readonly source: 'arrival' | 'column';
  /** Name of the input column, TIMESTAMP or BIGINT of milliseconds, for `source: 'column'`. */
  readonly column?: string;
  readonly allowedLatenessMillis?: number;
  readonly outOfOrderMillis?: number;
  readonly maxAheadMillis?: number;
  readonly idleMillis?: number;
}

export interface CompileOptions {
  /** Name of the file, for errors. */
  readonly file?: string;
  readonly input: InputSchema;
  readonly time?: TimeOptions;
}

/**
 * Compiles an application of the Kinesis Data Analytics SQL dialect into a plan, which is plain JSON data.
 * @throws StreamingSqlError with file, line, column and a caret at the first error
 */
export function compileApplication(sql: string, options: CompileOptions): ApplicationPlan {
  const source = new Source(sql, options.file ?? 'application.sql');
  const checker = new Checker(source);
  const { statements } = parseApplication(source);
  const input = planInput(options.input);
  for (const statement of statements)
    if (statement.kind === 'createFunction') defineFunction(statement, checker);
  const creates = statements.filter((statement) => statement.kind === 'createStream');
  const catalog = buildCatalog(creates, input, options.input, checker);
  const pumps = statements.filter((statement) => statement.kind === 'createPump');
  if (pumps.length === 0)
    checker.fail(0, 'Application has no pump, add CREATE OR REPLACE PUMP … AS INSERT INTO …');
  rejectTwice(
    pumps.map(({ name }) => name),
    'Pump',
    checker,
  );
  const planned = orderPumps(
    pumps.flatMap((pump) => planRunning(pump, checker, catalog)),
    pumps,
    checker,
  );
  const body = {
    formatVersion: 1,
    time: planTime(options.time, input, checker),
    input: withPseudoColumns(input, checker.pseudoColumns),
    references: catalog.references,
    streams: catalog.streams,
    pumps: planned,
  } as const;
  return {
    ...body,
    fingerprint: fingerprintOf(JSON.stringify(body)),
    file: source.name,
    warnings: checker.warnings,
  };
}

/** Whoever feeds the engine looks only for the pseudo-columns that are read. */
function withPseudoColumns(input: InputPlan, read: ReadonlySet<string>): InputPlan {
  return read.size === 0 ? input : { ...input, pseudoColumns: [...read].sort() };
}

function buildCatalog(
  creates: readonly CreateStream[],
  input: InputPlan,
  schema: InputSchema,
  checker: Checker,
): Catalog {
  const sources: StreamPlan[] = input.streamNames.map((name) => ({
    name,
    columns: input.columns.map(plainColumn),
  }));
  const references = (schema.ReferenceDataSources ?? []).map(({ TableName, ReferenceSchema }) => ({
    name: TableName,
    ...planSourceSchema(ReferenceSchema, `reference table "${TableName}"`),
  }));
  rejectTwice(
    creates.map(({ name }) => name),
    'Stream',
    checker,
  );
  const taken = creates.find(({ name }) =>
    [...sources, ...references].some((known) => known.name === name.value),
  );
  if (taken !== undefined)
    checker.fail(
      taken.name.start,
      `Stream "${taken.name.value}" already exists in the input, choose another name`,
    );
  return { sources, references, streams: creates.map((create) => planStream(create, checker)) };
}

function plainColumn({ name, type }: ColumnPlan): ColumnPlan {
  return { name, type };
}

/** @throws StreamingSqlError at a column that is declared twice */
export function planStream(create: CreateStream, checker: Checker): StreamPlan {
  const { name, columns } = create;
  warnOfReservedNames(create, checker);
  rejectTwice(
    columns.map((column) => column.name),
    'Column',
    checker,
  );
  const proto = columns.find((column) => column.name.value === '__proto__');
  if (proto !== undefined)
    checker.fail(proto.name.start, 'Column name "__proto__" is not allowed, choose another name');
  return {
    name: name.value,
    columns: columns.map((column) => ({
      name: column.name.value,
      type: column.type,
      ...(column.notNull ? { notNull: true } : {}),
    })),
  };
}

function rejectTwice(names: readonly Identifier[], what: string, checker: Checker): void {
  const seen = new Set<string>();
  const twice = names.find(({ value }) => seen.size === seen.add(value).size);
  if (twice !== undefined)
    checker.fail(twice.start, `${what} "${twice.value}" is declared twice, choose another name`);
}

/** A stopped pump is checked as any other, and left out. */
function planRunning(pump: CreatePump, checker: Checker, catalog: Catalog): PumpPlan[] {
  const planned = planPump(pump, checker, catalog);
  return pump.stopped ? [] : [planned];
}

/** Select items meet the stream's columns by position, never by name (SQL reference, "INSERT"). */
export function planPump(pump: CreatePump, checker: Checker, catalog: Catalog): PumpPlan {
  warnOfReservedNames(pump, checker);
  const stream = catalog.streams.find(({ name }) => name === pump.into.value);
  if (stream === undefined) {
    const source = catalog.sources.find(({ name }) => name === pump.into.value);
    if (source !== undefined)
      checker.fail(pump.into.start, `Stream "${source.name}" is the source, a pump cannot write it`);
    return failUnknownStream(pump.into, checker, { sources: [], references: [], streams: catalog.streams });
  }
  if (pump.stopped)
    checker.warn(
      pump.name.start,
      `Pump "${pump.name.value}" is STOPPED and gives no rows, nothing can start it later, write STARTED`,
    );
  const query = checkQuery(pump.query, checker, catalog);
  rejectRecords(query.columns, pump.query.start, `stream "${stream.name}"`, checker);
  const targets =
    pump.columns === null ? stream.columns : pump.columns.map((name) => findTarget(name, stream, checker));
  if (pump.columns !== null) rejectTwice(pump.columns, 'Column', checker);
  checkAssignment(pump, stream, targets, query, checker);
  return {
    name: pump.name.value,
    into: stream.name,
    columnMap: stream.columns.map((column) => targets.indexOf(column)),
    query: query.operator,
  };
}

function findTarget(name: Identifier, stream: StreamPlan, checker: Checker): ColumnPlan {
  const column = stream.columns.find((candidate) => candidate.name === name.value);
  if (column !== undefined) return column;
  const known = stream.columns.map((candidate) => `"${candidate.name}"`).join(', ');
  return checker.fail(name.start, `Stream "${stream.name}" has no column "${name.value}", it has ${known}`);
}

function checkAssignment(
  pump: CreatePump,
  stream: StreamPlan,
  targets: readonly ColumnPlan[],
  query: CheckedQuery,
  checker: Checker,
): void {
  if (query.columns.length !== targets.length) {
    checker.fail(
      pump.query.start,
      `Query gives ${query.columns.length} column(s) but "${stream.name}" takes ${targets.length}, they are matched by position`,
    );
  }
  targets.forEach((target, index) => {
    const given = query.columns[index]?.type ?? target.type;
    const fits = commonType(given, target.type) !== undefined && familyOf(given) !== 'interval';
    if (!fits) {
      checker.fail(
        itemStart(pump, index),
        `Column ${index + 1} is ${printType(given)} but "${target.name}" of "${stream.name}" is ${printType(target.type)}, write CAST(… AS ${printType(target.type)})`,
      );
    }
  });
  query.columns.forEach(({ name }, index) => {
    const target = targets[index];
    const own = targets.findIndex((other) => other.name === name);
    if (target === undefined || own < 0 || query.columns[own]?.name === name) return;
    checker.warn(
      itemStart(pump, index),
      `Column ${index + 1} is named "${name}" but goes into "${target.name}" of "${stream.name}", columns are matched by position`,
    );
  });
  const missing = stream.columns.find((column) => column.notNull === true && !targets.includes(column));
  if (missing !== undefined)
    checker.fail(pump.into.start, `Column "${missing.name}" is NOT NULL but the pump gives it no value`);
}

/** Where the n-th item of the select list stands, if no `*` blurs the count. */
function itemStart(pump: CreatePump, index: number): number {
  const { query } = pump;
  if (query.kind !== 'select' || query.items.some(({ kind }) => kind === 'star')) return query.start;
  const item = query.items[index];
  return item?.kind === 'expression' ? item.expression.start : query.start;
}

const FIVE_MINUTES_MILLIS = 300_000;
const ONE_MINUTE_MILLIS = 60_000;

function planTime(time: TimeOptions | undefined, input: InputPlan, checker: Checker): TimePlan {
  const { source = 'arrival', column, allowedLatenessMillis = 0, outOfOrderMillis = 0 } = time ?? {};
  const { maxAheadMillis = FIVE_MINUTES_MILLIS, idleMillis = ONE_MINUTE_MILLIS } = time ?? {};
  const columnIndex = source === 'column' ? input.columns.findIndex(({ name }) => name === column) : -1;
  const type = input.columns[columnIndex]?.type;
  if (source === 'column' && !['TIMESTAMP', 'BIGINT'].includes(type?.name ?? '')) {
    const found = type === undefined ? 'no such column' : printType(type);
    checker.fail(
      0,
      `Time column "${column ?? ''}" must be a TIMESTAMP or BIGINT column of the input, found ${found}`,
    );
  }
  for (const [name, span] of Object.entries({
    allowedLatenessMillis,
    outOfOrderMillis,
    maxAheadMillis,
    idleMillis,
  })) {
    if (!Number.isFinite(span) || span < 0)
      checker.fail(0, `Time option ${name} must be a number of milliseconds from 0, found ${span}`);
  }
  return { source, columnIndex, allowedLatenessMillis, outOfOrderMillis, maxAheadMillis, idleMillis };
}
