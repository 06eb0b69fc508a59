import { Source, TokenStream } from '../sql/index.ts';
import { parseType } from './parse-type.ts';
import type { InputColumnPlan, InputPlan, PathStep } from './plan.ts';
import { streamingDialect } from './streaming-dialect.ts';
import { StreamingSqlError } from './streaming-sql-error.ts';

/**
 * How records become rows, in the service's own form (Kinesis Data Analytics API, "Input" and "SourceSchema"):
 * the file `<application>.input.json`. `InputSchema` may also stand at the top level without its wrapper.
 */
export interface InputSchema {
  readonly NamePrefix: string;
  readonly InputSchema: SourceSchema;
  readonly InputParallelism?: { readonly Count?: number };
  readonly ReferenceDataSources?: readonly ReferenceDataSource[];
}

export interface SourceSchema {
  readonly RecordFormat: {
    readonly RecordFormatType: 'JSON' | 'CSV';
    readonly MappingParameters?: {
      readonly JSONMappingParameters?: { readonly RecordRowPath: string };
      readonly CSVMappingParameters?: {
        readonly RecordRowDelimiter: string;
        readonly RecordColumnDelimiter: string;
      };
    };
  };
  readonly RecordEncoding?: string;
  readonly RecordColumns: readonly RecordColumn[];
}

export interface RecordColumn {
  readonly Name: string;
  readonly SqlType: string;
  readonly Mapping?: string;
}

/** A reference table (API: "ReferenceDataSource"): its rows are given to the engine by table name. */
export interface ReferenceDataSource {
  readonly TableName: string;
  readonly ReferenceSchema: SourceSchema;
}

/** Up to 64 in-application input streams (developer guide, "Limits"). */
const MAX_PARALLELISM = 64;

/**
 * Checks the schema and turns mappings into path steps.
 * @throws StreamingSqlError naming the column and the text at fault
 */
export function planInput(schema: InputSchema): InputPlan {
  const count = schema.InputParallelism?.Count ?? 1;
  if (typeof schema.NamePrefix !== 'string' || schema.NamePrefix === '') {
    return fail('', 0, 'Input schema has no NamePrefix, write for example "SOURCE_SQL_STREAM"');
  }
  if (!Number.isInteger(count) || count < 1 || count > MAX_PARALLELISM) {
    return fail(String(count), 0, `InputParallelism must lie between 1 and ${MAX_PARALLELISM}`);
  }
  const streamNames = Array.from(
    { length: count },
    (_, i) => `${schema.NamePrefix}_${String(i + 1).padStart(3, '0')}`,
  );
  return { streamNames, ...planSourceSchema(schema.InputSchema, 'InputSchema') };
}

/** The part of a schema that sources and reference tables share. */
export function planSourceSchema(schema: SourceSchema, what: string): Omit<InputPlan, 'streamNames'> {
  const format = schema?.RecordFormat?.RecordFormatType;
  if (format !== 'JSON' && format !== 'CSV') {
    return fail(String(format), 0, `RecordFormatType of ${what} must be JSON or CSV`);
  }
  if (schema.RecordEncoding !== undefined && schema.RecordEncoding !== 'UTF-8') {
    return fail(schema.RecordEncoding, 0, `RecordEncoding of ${what} must be UTF-8`);
  }
  if (!Array.isArray(schema.RecordColumns) || schema.RecordColumns.length === 0) {
    return fail('', 0, `${what} has no RecordColumns`);
  }
  const csv = schema.RecordFormat.MappingParameters?.CSVMappingParameters;
  const rowPath = schema.RecordFormat.MappingParameters?.JSONMappingParameters?.RecordRowPath ?? '$';
  const columns = schema.RecordColumns.map((column, index) => planColumn(column, format, index));
  rejectDuplicates(columns.map(({ name }) => name));
  return {
    format,
    rowPath: parsePath(rowPath),
    rowDelimiter: csv?.RecordRowDelimiter ?? '\n',
    columnDelimiter: csv?.RecordColumnDelimiter ?? ',',
    columns,
  };
}

function planColumn(column: RecordColumn, format: 'JSON' | 'CSV', index: number): InputColumnPlan {
  const { Name: name, SqlType: typeText, Mapping: mapping } = column;
  if (typeof name !== 'string' || name === '') return fail('', 0, `RecordColumns[${index}] has no Name`);
  if (name === '__proto__')
    return fail(name, 0, 'Column name "__proto__" is not allowed, choose another name');
  const tokens = new TokenStream(
    new Source(String(typeText), `SqlType of column "${name}"`),
    streamingDialect,
  );
  const type = parseType(tokens);
  tokens.expectEnd();
  if (format === 'CSV') return { name, type, path: [index] };
  if (mapping === undefined)
    return fail(name, 0, `Column "${name}" has no Mapping, write for example "$.${name}"`);
  return { name, type, path: parsePath(mapping) };
}

const stepPattern =
  /\.(?<member>[A-Za-z_$][\w$-]*)|\[(?<index>\d+)\]|\[(?<every>\*|0:)\]|\['(?<single>[^']+)'\]|\["(?<double>[^"]+)"\]/y;

/**
 * Path : $ ( .member | ['member'] | [index] | [0:] | [*] )*
 * The JSONPath subset that the service's schemas use; anything else is refused.
 */
export function parsePath(path: string): readonly PathStep[] {
  if (typeof path !== 'string' || !path.startsWith('$'))
    return fail(String(path), 0, 'Mapping must start with "$"');
  const steps: PathStep[] = [];
  stepPattern.lastIndex = 1;
  while (stepPattern.lastIndex < path.length) {
    const at = stepPattern.lastIndex;
    const groups = stepPattern.exec(path)?.groups;
    if (groups === undefined)
      return fail(path, at, "JSONPath step is not supported, write .member, [0], [0:] or ['member']");
    if (groups.every !== undefined) steps.push({ every: true });
    else if (groups.index !== undefined) steps.push(Number(groups.index));
    else steps.push(groups.member ?? groups.single ?? groups.double ?? '');
  }
  return steps;
}

function rejectDuplicates(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) fail(twice, 0, `Column "${twice}" is declared twice in RecordColumns`);
}

function fail(text: string, offset: number, reason: string): never {
  throw new StreamingSqlError(new Source(text, 'input schema'), offset, reason);
}
