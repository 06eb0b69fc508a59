import type { InputPlan, PathStep } from '../plan.ts';
import { readCsv } from './csv.ts';
import { EvaluationError } from './engine-error.ts';
import { compileLookup } from './json-path.ts';
import type { Value } from './row.ts';
import { compileRowReader } from './row-reader.ts';

/** Turns a record into rows of `width` values: the input columns first, the rest NULL for the caller to fill. */
export type RecordReader = (
  record: unknown,
  take: (row: Value[]) => void,
  fail: (error: EvaluationError) => void,
) => void;

type Format = Pick<InputPlan, 'format' | 'rowPath' | 'rowDelimiter' | 'columnDelimiter' | 'columns'>;

/** Compiles an input schema (API: "SourceSchema") into a function over parsed JSON or CSV text. */
export function compileRecordReader(format: Format, width: number): RecordReader {
  if (format.format === 'CSV') return compileCsvReader(format, width);
  const readRow = compileRowReader(format.columns, width);
  const one: RecordReader = (record, take, fail) => {
    let row: Value[];
    try {
      row = readRow(record);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      fail(error);
      return;
    }
    take(row);
  };
  if (format.rowPath.length === 0) return one;
  const rowsOf = compileRows(format.rowPath);
  return (record, take, fail) => {
    const rows = rowsOf(record);
    if (rows.length === 0)
      fail(new EvaluationError('ROW_PATH_EMPTY', 'Record has nothing at its RecordRowPath'));
    for (const row of rows) one(row, take, fail);
  };
}

/** RecordRowPath: one record may hold many rows. */
function compileRows(path: readonly PathStep[]): (record: unknown) => readonly unknown[] {
  const at = path.findIndex((step) => typeof step === 'object');
  const lookup = compileLookup(at < 0 ? path : path.slice(0, at));
  const rest = at < 0 ? null : compileRows(path.slice(at + 1));
  return (record) => {
    const found = lookup(record);
    if (found === undefined || found === null) return [];
    if (Array.isArray(found)) return rest === null ? found : found.flatMap((item) => rest(item));
    return rest === null ? [found] : [];
  };
}

function compileCsvReader(format: Format, width: number): RecordReader {
  const readRow = compileRowReader(format.columns, width);
  return (record, take, fail) => {
    if (typeof record !== 'string') {
      fail(new EvaluationError('RECORD_FORMAT', 'Record is no CSV text'));
      return;
    }
    for (const fields of readCsv(record, format.rowDelimiter, format.columnDelimiter)) {
      try {
        take(readRow(fields));
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        fail(error);
      }
    }
  };
}
