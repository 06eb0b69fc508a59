import type { Environment } from './check-expression.ts';
import { columnListProblem, defaultLogType, type LogColumn, parseLogColumns } from './log-column-list.ts';
import type { LogField, LogParser } from './log-parse-plan.ts';
import type { SyntaxExpression } from './syntax.ts';

/** A parser and the columns of its record. */
export interface PlannedParser {
  readonly parser: LogParser;
  readonly fields: readonly LogField[];
}

/** How a log parser is called. */
export interface ParserRule {
  /** Fewest and most arguments after the text. */
  readonly arguments: readonly [number, number];
  readonly plan: (nodes: readonly SyntaxExpression[], env: Environment) => PlannedParser;
}

/** COLUMN1, COLUMN2, …: the columns of a record that the call does not name. */
export function numberedFields(count: number): LogField[] {
  return Array.from({ length: count }, (_, index) => ({ name: `COLUMN${index + 1}`, type: defaultLogType }));
}

/** The columns that a string literal lists. */
export function columnList(node: SyntaxExpression, env: Environment): readonly LogColumn[] {
  const text = literalText(node, 'The column list', env);
  try {
    return parseLogColumns(text);
  } catch (error) {
    return env.checker.fail(node.start, columnListProblem(error));
  }
}

/** @throws StreamingSqlError unless the argument is a string literal */
export function literalText(node: SyntaxExpression, what: string, env: Environment): string {
  return node.kind === 'string'
    ? node.value
    : env.checker.fail(node.start, `${what} must be a string literal`);
}

const MOST_COLUMNS = 1000;

export function columnCount(node: SyntaxExpression & { kind: 'number' }, env: Environment): number {
  const count = Number(node.text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_COLUMNS) return count;
  return env.checker.fail(
    node.start,
    `The number of columns must be a whole number from 1 to ${MOST_COLUMNS}, found ${node.text}`,
  );
}
