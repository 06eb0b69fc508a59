import { integerBounds, type SqlType } from '../sql-type.ts';

/** An expression as Flink SQL. */
export interface Printed {
  readonly sql: string;
  /** Its type in the dialect. */
  readonly type: SqlType;
  /** The Flink type of its value. */
  readonly flink: string;
  /** Names, literals and calls stand as they are; anything else needs parentheses as an operand. */
  readonly atom: boolean;
  /** SQL of the error's name, NULL where the row does not fail; absent where it cannot fail. */
  readonly failure?: string;
  /** Bound of the absolute value of a whole number. */
  readonly magnitude?: number;
  /** A sum or product of DOUBLEs that nobody has looked at yet: it may have become infinite. */
  readonly unbounded?: boolean;
  /** A column that the plan has and nothing reads: it keeps its position, and no view holds it. */
  readonly isAbsent?: true;
}

/** A column of the table that `name` stands for in a join. */
export function qualify(column: Printed, name: string): Printed {
  return column.isAbsent === true ? column : { ...column, sql: `${name}.${column.sql}` };
}

/** The SQL as an operand of a greater expression. */
export function operand({ sql, atom }: Printed): string {
  return atom ? sql : `(${sql})`;
}

/** The greatest whole number that a record carries exactly: the bound of the engine's BIGINT. */
export const MAX_WHOLE = Number.MAX_SAFE_INTEGER;

/** Bound of a column's values by its declared type. */
export function magnitudeOf(type: SqlType): number | undefined {
  const bounds = integerBounds[type.name];
  return bounds === undefined ? undefined : Math.max(-bounds[0], bounds[1]);
}

/** The first failure of several, in the order of evaluation; absent where none can fail. */
export function firstFailure(failures: readonly (string | undefined)[]): string | undefined {
  const found = [...new Set(failures.filter((failure) => failure !== undefined))];
  return found.length <= 1 ? found[0] : `COALESCE(${found.join(', ')})`;
}

/** `{ failure }` or nothing, for spreading. */
export function withFailure(...failures: readonly (string | undefined)[]): { readonly failure?: string } {
  const failure = firstFailure(failures);
  return failure === undefined ? {} : { failure };
}

/** The error's name where the condition holds. */
export function failsWhen(condition: string, errorName: string): string {
  return `CASE WHEN ${condition} THEN '${errorName}' END`;
}

/** A failure that only counts where the condition does not. */
export function unless(condition: string, failure: string | undefined): string | undefined {
  return failure === undefined ? undefined : `CASE WHEN ${condition} THEN NULL ELSE ${failure} END`;
}
