import { checkExpression, type Environment } from './check-expression.ts';
import { FastRegexError } from './fast-regex/parse-fast-regex.ts';
import { planFastRegex } from './fast-regex/plan-fast-regex.ts';
import { groupCount, regexProblem } from './literal-pattern.ts';
import { columnListProblem, defaultLogType, type LogColumn, parseLogColumns } from './log-column-list.ts';
import type { LogField, LogParser, LogParserCall } from './log-parse-plan.ts';
import { familyOf, printType, timestamp } from './sql-type.ts';
import type { CallSyntax, SyntaxExpression } from './syntax.ts';
import { LogFormatError, planW3cFormat } from './w3c-log-format.ts';

interface PlannedParser {
  readonly parser: LogParser;
  readonly fields: readonly LogField[];
}

interface ParserRule {
  /** Fewest and most arguments after the text. */
  readonly arguments: readonly [number, number];
  readonly plan: (nodes: readonly SyntaxExpression[], call: CallSyntax, env: Environment) => PlannedParser;
}

const fastRegex: ParserRule = { arguments: [1, 1], plan: planFast };

/** SQL reference, "Log Parsing Functions". The page of FAST_REGEX_LOG_PARSER calls it by both names. */
const rules: Readonly<Record<string, ParserRule>> = {
  REGEX_LOG_PARSE: { arguments: [1, 2], plan: planRegex },
  FAST_REGEX_LOG_PARSE: fastRegex,
  FAST_REGEX_LOG_PARSER: fastRegex,
  FIXED_COLUMN_LOG_PARSE: { arguments: [1, 1], plan: planFixedColumns },
  SYS_LOG_PARSE: { arguments: [0, 0], plan: planSyslog },
  VARIABLE_COLUMN_LOG_PARSE: { arguments: [2, 4], plan: planDelimited },
  W3C_LOG_PARSE: { arguments: [1, 1], plan: planW3c },
};

export const logParserNames: readonly string[] = Object.keys(rules);

export function isLogParser(name: string): boolean {
  return Object.hasOwn(rules, name);
}

/** Checks a call of a log parser. @throws StreamingSqlError at the first argument that does not fit */
export function checkLogParser(call: CallSyntax, env: Environment): LogParserCall {
  const { checker } = env;
  const [least, most] = rules[call.name]!.arguments;
  const [textNode, ...nodes] = call.arguments;
  if (textNode === undefined || nodes.length < least || nodes.length > most) {
    const wanted = least === most ? `${least + 1}` : `${least + 1} to ${most + 1}`;
    return checker.fail(
      call.start,
      `${call.name} takes ${wanted} argument(s), found ${call.arguments.length}`,
    );
  }
  const text = checkExpression(textNode, env);
  if (!['character', 'null'].includes(familyOf(text.type))) {
    checker.fail(
      textNode.start,
      `${call.name} parses text, found ${printType(text.type)}, write CAST(… AS VARCHAR(n))`,
    );
  }
  return { text, ...rules[call.name]!.plan(nodes, call, env) };
}

function planRegex(
  [patternNode, listNode]: readonly SyntaxExpression[],
  _: CallSyntax,
  env: Environment,
): PlannedParser {
  const pattern = literalText(patternNode!, 'The pattern', env);
  const problem = regexProblem(pattern);
  if (problem !== null)
    env.checker.fail(patternNode!.start, `Pattern '${pattern}' is not supported: ${problem}`);
  const count = groupCount(pattern);
  if (count === 0)
    env.checker.fail(patternNode!.start, `Pattern '${pattern}' has no group, each group gives a column`);
  const parser: LogParser = { kind: 'regex', pattern };
  if (listNode === undefined) return { parser, fields: numberedFields(count) };
  const columns = columnList(listNode, env);
  if (columns.length !== count) {
    env.checker.fail(
      listNode.start,
      `Column list has ${columns.length} column(s) for the ${count} group(s) of the pattern`,
    );
  }
  return { parser, fields: columns.map(({ field }) => field) };
}

function planFast(
  [patternNode]: readonly SyntaxExpression[],
  _: CallSyntax,
  env: Environment,
): PlannedParser {
  const pattern = literalText(patternNode!, 'The pattern', env);
  try {
    const { steps, columns } = planFastRegex(pattern);
    if (columns === 0) throw new FastRegexError('it has no group, each group gives a column');
    const problem = steps.map((step) => regexProblem(step.pattern)).find((each) => each !== null);
    if (problem !== undefined && problem !== null) throw new FastRegexError(problem);
    return { parser: { kind: 'fastRegex', steps }, fields: numberedFields(columns) };
  } catch (error) {
    if (!(error instanceof FastRegexError)) throw error;
    return env.checker.fail(
      patternNode!.start,
      `Fast Regex pattern '${pattern}' is not supported: ${error.message}`,
    );
  }
}

function planFixedColumns(
  [listNode]: readonly SyntaxExpression[],
  _: CallSyntax,
  env: Environment,
): PlannedParser {
  const columns = columnList(listNode!, env);
  const spans = columns.map(({ field, span }) => {
    if (span !== null) return span;
    return env.checker.fail(
      listNode!.start,
      `Column "${field.name}" has no place, write "${field.name}" TYPE VARCHAR(16) START 0 FOR 16`,
    );
  });
  return { parser: { kind: 'fixedColumns', spans }, fields: columns.map(({ field }) => field) };
}

function planSyslog(): PlannedParser {
  const fields = [
    { name: 'COLUMN1', type: timestamp },
    { name: 'COLUMN2', type: defaultLogType },
  ];
  return { parser: { kind: 'syslog' }, fields };
}

function planDelimited(
  [columnsNode, delimiterNode, escapeNode, quoteNode]: readonly SyntaxExpression[],
  _: CallSyntax,
  env: Environment,
): PlannedParser {
  const delimiter = literalText(delimiterNode!, 'The delimiter', env);
  if (delimiter === '') env.checker.fail(delimiterNode!.start, 'The delimiter must not be empty');
  const escape_ = escapeNode === undefined ? '' : literalText(escapeNode, 'The escape string', env);
  const quotes = quoteNode === undefined ? '' : literalText(quoteNode, 'The quote string', env);
  const [quoteBegin = '', quoteEnd = quoteBegin, ...rest] = [...quotes];
  if (rest.length > 0)
    env.checker.fail(quoteNode!.start, `The quote string holds one or two characters, found '${quotes}'`);
  return {
    parser: { kind: 'delimited', delimiter, escape: escape_, quoteBegin, quoteEnd },
    fields:
      columnsNode!.kind === 'number'
        ? numberedFields(columnCount(columnsNode!, env))
        : columnList(columnsNode!, env).map(({ field }) => field),
  };
}

const MOST_COLUMNS = 1000;

function columnCount(node: SyntaxExpression & { kind: 'number' }, env: Environment): number {
  const count = Number(node.text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_COLUMNS) return count;
  return env.checker.fail(
    node.start,
    `The number of columns must be a whole number from 1 to ${MOST_COLUMNS}, found ${node.text}`,
  );
}

function planW3c([formatNode]: readonly SyntaxExpression[], _: CallSyntax, env: Environment): PlannedParser {
  const format = literalText(formatNode!, 'The format', env);
  try {
    const pattern = planW3cFormat(format);
    return { parser: { kind: 'regex', pattern }, fields: numberedFields(groupCount(pattern)) };
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    return env.checker.fail(formatNode!.start, `Log format '${format}' is not supported: ${error.message}`);
  }
}

function numberedFields(count: number): LogField[] {
  return Array.from({ length: count }, (_, index) => ({ name: `COLUMN${index + 1}`, type: defaultLogType }));
}

function columnList(node: SyntaxExpression, env: Environment): readonly LogColumn[] {
  const text = literalText(node, 'The column list', env);
  try {
    return parseLogColumns(text);
  } catch (error) {
    return env.checker.fail(node.start, columnListProblem(error));
  }
}

function literalText(node: SyntaxExpression, what: string, env: Environment): string {
  return node.kind === 'string'
    ? node.value
    : env.checker.fail(node.start, `${what} must be a string literal`);
}
