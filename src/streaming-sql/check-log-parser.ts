import { checkExpression, type Environment } from './check-expression.ts';
import { planFast, planRegex, planW3c } from './check-regex-log-parsers.ts';
import { defaultLogType } from './log-column-list.ts';
import type { LogParserCall } from './log-parse-plan.ts';
import {
  columnCount,
  columnList,
  literalText,
  numberedFields,
  type ParserRule,
  type PlannedParser,
} from './log-parser-rule.ts';
import { familyOf, printType, timestamp } from './sql-type.ts';
import type { CallSyntax, SyntaxExpression } from './syntax.ts';

/** SQL reference, "Log Parsing Functions". The page of FAST_REGEX_LOG_PARSER calls it by both names. */
const rules: Readonly<Record<string, ParserRule>> = {
  REGEX_LOG_PARSE: { arguments: [1, 2], plan: planRegex },
  FAST_REGEX_LOG_PARSE: { arguments: [1, 1], plan: planFast },
  FAST_REGEX_LOG_PARSER: { arguments: [1, 1], plan: planFast },
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
  if (call.over !== null || call.distinct)
    checker.fail(call.start, `${call.name} takes neither OVER nor DISTINCT, remove it`);
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
  return { text, ...rules[call.name]!.plan(nodes, env) };
}

function planFixedColumns([listNode]: readonly SyntaxExpression[], env: Environment): PlannedParser {
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
