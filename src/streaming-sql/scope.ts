import { didYouMean } from '../sql/index.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Expression } from './plan.ts';
import { findField, splitRecordName } from './record-column.ts';
import { timestamp } from './sql-type.ts';
import type { Identifier } from './syntax.ts';

/** One stream, sub-query or table in FROM: its columns lie at `offset` in the row of the whole FROM clause. */
export interface Relation {
  /** Alias or name; null for an unnamed sub-query. */
  readonly name: string | null;
  readonly columns: readonly ColumnPlan[];
  /** Columns that `*` leaves out: pseudo-columns, behind the others in the row. */
  readonly hidden: readonly ColumnPlan[];
  readonly offset: number;
  /** Position of the relation's own ROWTIME in a joined row; null where it is the time of the row itself. */
  readonly rowtimeIndex: number | null;
  /** A reference table has no ROWTIME. */
  readonly timeless: boolean;
}

/** All relations of one FROM clause. */
export interface Scope {
  readonly relations: readonly Relation[];
}

const rowtime: Expression = { kind: 'rowtime', type: timestamp };

/**
 * Finds a column by `name` or `relation.name`, or a field of a record by `record.name` or `relation.record.name`.
 * @throws StreamingSqlError when unknown or ambiguous
 */
export function resolveName(checker: Checker, scope: Scope, parts: readonly Identifier[]): Expression {
  const field = splitRecordName(scope, parts);
  if (field !== undefined) return findField(checker, field);
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) {
    return checker.fail(
      parts[2]?.start ?? 0,
      'A name has at most two parts, write "stream"."column", or three for a field of a record',
    );
  }
  if (second !== undefined) return resolveQualified(checker, scope, first, second);
  if (first.value === 'ROWTIME') return rowtime;
  const found = scope.relations.flatMap((relation) => findColumn(checker, relation, first) ?? []);
  if (found.length > 1)
    checker.fail(first.start, `Column "${first.value}" is ambiguous, write the stream's name before it`);
  return found[0] ?? failUnknown(checker, first, scope.relations);
}

function resolveQualified(
  checker: Checker,
  scope: Scope,
  qualifier: Identifier,
  name: Identifier,
): Expression {
  const relation = scope.relations.find((candidate) => candidate.name === qualifier.value);
  if (relation === undefined) {
    const names = scope.relations.flatMap((candidate) => candidate.name ?? []);
    const hint =
      didYouMean(qualifier.value, names) || `, FROM has ${names.map((known) => `"${known}"`).join(', ')}`;
    return checker.fail(qualifier.start, `Unknown stream "${qualifier.value}"${hint}`);
  }
  if (name.value === 'ROWTIME') {
    if (relation.timeless) checker.fail(name.start, `Reference table "${qualifier.value}" has no ROWTIME`);
    return relation.rowtimeIndex === null
      ? rowtime
      : { kind: 'column', index: relation.rowtimeIndex, type: timestamp };
  }
  return findColumn(checker, relation, name) ?? failUnknown(checker, name, [relation]);
}

function findColumn(checker: Checker, relation: Relation, name: Identifier): Expression | undefined {
  const all = [...relation.columns, ...relation.hidden];
  const index = all.findIndex((column) => column.record === undefined && column.name === name.value);
  const column = all[index];
  if (index >= relation.columns.length) checker.pseudoColumns.add(name.value);
  return column === undefined
    ? undefined
    : { kind: 'column', index: relation.offset + index, type: column.type };
}

function failUnknown(checker: Checker, name: Identifier, relations: readonly Relation[]): never {
  const names = relations.flatMap((relation) =>
    relation.columns.flatMap((column) => (column.record === undefined ? column.name : [])),
  );
  const folded = name.quoted ? undefined : names.find((known) => known.toUpperCase() === name.value);
  const hint =
    folded === undefined
      ? didYouMean(name.value, names) ||
        (name.quoted ? `, a text stands in single quotes: '${name.value}'` : '')
      : `, unquoted names fold to upper case, write "${folded}" in double quotes`;
  return checker.fail(name.start, `Unknown column "${name.value}"${hint}`);
}
