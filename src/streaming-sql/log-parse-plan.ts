import type { FastRegexStep } from './fast-regex/fast-regex-step.ts';
import type { Expression, Operator } from './plan.ts';
import type { SqlType } from './sql-type.ts';

/** The log parsers of the select list. Output row: the input row, then the fields of each parser in turn. */
export interface LogParsePlan {
  readonly kind: 'logParse';
  readonly input: Operator;
  readonly calls: readonly LogParserCall[];
}

export interface LogParserCall {
  readonly text: Expression;
  readonly parser: LogParser;
  readonly fields: readonly LogField[];
}

/** A column of the record. The text found for it is converted to its type. */
export interface LogField {
  readonly name: string;
  readonly type: SqlType;
  readonly notNull?: true;
  /** Pattern of a DATE, TIME or TIMESTAMP, SimpleDateFormat letters. */
  readonly format?: string;
}

/** How a text becomes fields; a text that does not fit has none, and all columns are NULL. */
export type LogParser =
  /** The whole text must match; the groups are the fields (RE2 syntax). */
  | { readonly kind: 'regex'; readonly pattern: string }
  | { readonly kind: 'fastRegex'; readonly steps: readonly FastRegexStep[] }
  | { readonly kind: 'fixedColumns'; readonly spans: readonly FixedSpan[] }
  | { readonly kind: 'syslog' }
  | DelimitedParser;

/** Offset from 0 in characters; without a length the field reaches to the end of the text. */
export interface FixedSpan {
  readonly start: number;
  readonly length?: number;
}

export interface DelimitedParser {
  readonly kind: 'delimited';
  readonly delimiter: string;
  /** Empty where there is none. */
  readonly escape: string;
  /** Characters that begin and end a quoted part; empty where there are none. */
  readonly quoteBegin: string;
  readonly quoteEnd: string;
}
