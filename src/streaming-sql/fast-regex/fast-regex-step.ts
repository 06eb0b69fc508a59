/**
 * One search of a Fast Regex pattern: it must match where the search before it ended. Empty groups in the pattern
 * stand where a column begins or ends.
 */
export interface FastRegexStep {
  /** RE2 syntax. */
  readonly pattern: string;
  /** For each of the empty groups: twice the column's number from 0 where it begins, one more where it ends. */
  readonly marks: readonly number[];
}
