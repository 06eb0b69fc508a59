import type { FixedSpan, LogParser } from '../../log-parse-plan.ts';
import { compilePattern } from './compile-pattern.ts';
import { compileFastRegex } from './fast-regex-search.ts';
import { splitDelimited } from './split-delimited.ts';
import { parseSyslog } from './syslog.ts';

/** The texts of a record's columns, null where a column has none; null for a text that does not fit. */
export type ParseFields = (text: string, rowtime: number) => readonly (string | null)[] | null;

export function compileParser(parser: LogParser): ParseFields {
  switch (parser.kind) {
    case 'regex':
      return compileRegex(parser.pattern);
    case 'fastRegex':
      return compileFastRegex(parser.steps);
    case 'fixedColumns':
      return (text) => parser.spans.map((span) => cut(text, span));
    case 'syslog':
      return parseSyslog;
    case 'delimited':
      return (text) => splitDelimited(text, parser);
  }
}

/** The whole text must match. The engine is linear in the text, so that no row can hold the pump up. */
function compileRegex(pattern: string): ParseFields {
  const regex = compilePattern(pattern, 0);
  const groups = Array.from({ length: regex.groupCount() }, (_, index) => index + 1);
  return (text) => {
    const matcher = regex.matcher(text);
    return matcher.matches() ? groups.map((group) => matcher.group(group) ?? null) : null;
  };
}

function cut(text: string, { start, length }: FixedSpan): string | null {
  return start >= text.length ? null : text.slice(start, length === undefined ? text.length : start + length);
}
