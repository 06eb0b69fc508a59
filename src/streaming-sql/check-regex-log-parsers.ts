import type { Environment } from './check-expression.ts';
import { FastRegexError } from './fast-regex/parse-fast-regex.ts';
import { planFastRegex } from './fast-regex/plan-fast-regex.ts';
import { groupCount, regexProblem } from './literal-pattern.ts';
import type { LogParser } from './log-parse-plan.ts';
import { columnList, literalText, numberedFields, type PlannedParser } from './log-parser-rule.ts';
import type { SyntaxExpression } from './syntax.ts';
import { LogFormatError, planW3cFormat } from './w3c-log-format.ts';

/** REGEX_LOG_PARSE ( text, pattern [ , columns ] ): the whole text must match, each group is a column. */
export function planRegex(
  [patternNode, listNode]: readonly SyntaxExpression[],
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

/** FAST_REGEX_LOG_PARSE ( text, pattern ) */
export function planFast([patternNode]: readonly SyntaxExpression[], env: Environment): PlannedParser {
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

/** W3C_LOG_PARSE ( text, format ) */
export function planW3c([formatNode]: readonly SyntaxExpression[], env: Environment): PlannedParser {
  const format = literalText(formatNode!, 'The format', env);
  try {
    const pattern = planW3cFormat(format);
    return { parser: { kind: 'regex', pattern }, fields: numberedFields(groupCount(pattern)) };
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    return env.checker.fail(formatNode!.start, `Log format '${format}' is not supported: ${error.message}`);
  }
}
