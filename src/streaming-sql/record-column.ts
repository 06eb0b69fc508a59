import { didYouMean } from '../sql/index.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Expression } from './plan.ts';
import type { Relation, Scope } from './scope.ts';
import type { Identifier } from './syntax.ts';

/** A name that reaches into a record: `alias.record.field`, or `record.field`. */
interface RecordName {
  readonly relation: Relation;
  readonly record: Identifier;
  /** Absent where the record itself is named. */
  readonly field: Identifier | undefined;
}

/**
 * Records are what the log parsers give (SQL reference, "REGEX_LOG_PARSE": T.REC.COLUMN1). A relation holds a record
 * as its fields, columns that carry the record's name. Answers undefined where the name is none of a record.
 */
export function splitRecordName(scope: Scope, parts: readonly Identifier[]): RecordName | undefined {
  const [first, second, third] = parts;
  if (first === undefined || parts.length > 3) return undefined;
  const qualified = scope.relations.find(({ name }) => name === first.value);
  if (qualified !== undefined && second !== undefined && holdsRecord(qualified, second))
    return { relation: qualified, record: second, field: third };
  if (third !== undefined || (qualified !== undefined && second !== undefined)) return undefined;
  const relation = scope.relations.find((candidate) => holdsRecord(candidate, first));
  return relation === undefined ? undefined : { relation, record: first, field: second };
}

function holdsRecord(relation: Relation, name: Identifier): boolean {
  return relation.columns.some(({ record }) => record === name.value);
}

/** The column of a record's field. @throws StreamingSqlError at an unknown field, or where none is named */
export function findField(checker: Checker, { relation, record, field }: RecordName): Expression {
  const fields = relation.columns.filter((column) => column.record === record.value);
  const example = `${record.value}.${fields[0]?.name ?? 'COLUMN1'}`;
  if (field === undefined)
    return checker.fail(record.start, `"${record.value}" is a record, name one of its columns: ${example}`);
  const index = relation.columns.findIndex(
    (column) => column.record === record.value && column.name === field.value,
  );
  const column = relation.columns[index];
  if (column !== undefined) return { kind: 'column', index: relation.offset + index, type: column.type };
  const names = fields.map(({ name }) => name);
  const hint = didYouMean(field.value, names) || `, it has ${names.map((name) => `"${name}"`).join(', ')}`;
  return checker.fail(field.start, `Record "${record.value}" has no column "${field.value}"${hint}`);
}

/** Columns as `AS alias (a, b)` counts them: the fields of a record are one. */
export function columnUnits(columns: readonly ColumnPlan[]): readonly (readonly ColumnPlan[])[] {
  const units: ColumnPlan[][] = [];
  for (const column of columns) {
    const last = units.at(-1);
    if (column.record !== undefined && last?.[0]?.record === column.record) last.push(column);
    else units.push([column]);
  }
  return units;
}

/** @throws StreamingSqlError when a record stands where only columns may */
export function rejectRecords(
  columns: readonly ColumnPlan[],
  start: number,
  where: string,
  checker: Checker,
): void {
  const field = columns.find(({ record }) => record !== undefined);
  if (field === undefined) return;
  checker.fail(
    start,
    `"${field.record}" is a record, ${where} takes columns: write SELECT STREAM t.r.${field.name}, … FROM (SELECT STREAM …) AS t with the parser AS r inside`,
  );
}
