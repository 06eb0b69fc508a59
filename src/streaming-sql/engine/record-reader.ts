import type { InputPlan, PathStep } from '../plan.ts';
import { readCsv } from './csv.ts';
import { EvaluationError } from './engine-error.ts';
import { compileLookup } from './json-path.ts';

type Format = Pick<InputPlan, 'format' | 'rowPath' | 'rowDelimiter' | 'columnDelimiter'>;

/**
 * Compiles an input schema (API: "SourceSchema") into the way from a record, parsed JSON or CSV text, to its rows.
 * @throws EvaluationError for a record without rows
 */
export function compileRowsOf(format: Format): (record: unknown) => readonly unknown[] {
  if (format.format === 'CSV') return (record) => csvRows(record, format);
  if (isRowPerRecord(format)) return (record) => [record];
  const rowsOf = compileRows(format.rowPath);
  return (record) => {
    const rows = rowsOf(record);
    if (rows.length === 0)
      throw new EvaluationError('ROW_PATH_EMPTY', 'Record has nothing at its RecordRowPath');
    return rows;
  };
}

/** Is every record one row? */
export function isRowPerRecord({ format, rowPath }: Format): boolean {
  return format === 'JSON' && rowPath.length === 0;
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

function csvRows(record: unknown, { rowDelimiter, columnDelimiter }: Format): readonly unknown[] {
  if (typeof record !== 'string') throw new EvaluationError('RECORD_FORMAT', 'Record is no CSV text');
  return readCsv(record, rowDelimiter, columnDelimiter);
}
