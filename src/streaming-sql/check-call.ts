import { didYouMean } from '../sql/index.ts';
import { aggregateRules, isAggregate } from './aggregate-names.ts';
import { call, checkExpression, type Environment } from './check-expression.ts';
import { checkUserFunction } from './check-function.ts';
import { isLogParser, logParserNames } from './check-log-parser.ts';
import type { Checker } from './checker.ts';
import { accepts, functionSignatures } from './function-signatures.ts';
import { isHalfDay, regexProblem, unknownDateLetter } from './literal-pattern.ts';
import type { Expression } from './plan.ts';
import { bigint, commonType, familyOf, interval, printType, timestamp } from './sql-type.ts';
import type { CallSyntax } from './syntax.ts';

/** A scalar function call; aggregates are answered by the caller's intercept before this is reached. */
export function checkCall(node: CallSyntax, env: Environment): Expression {
  const { checker } = env;
  if (isAggregate(node.name)) {
    const grouped = aggregateRules[node.name].grouped;
    const advice = grouped
      ? 'only stands in the select list or HAVING of a GROUP BY query, or before OVER'
      : 'needs OVER (a window)';
    return checker.fail(node.start, `${node.name} ${advice}`);
  }
  if (isLogParser(node.name)) {
    checker.fail(
      node.start,
      `${node.name} gives a record, write it as an item of a sub-select: SELECT STREAM t.r.COLUMN1 FROM (SELECT STREAM ${node.name}(…) AS r FROM …) AS t`,
    );
  }
  const known = isScalar(node.name) || checker.functions.some(({ name }) => name.value === node.name);
  if (!known) failUnknownFunction(node, checker);
  if (node.over !== null) checker.fail(node.start, `${node.name} is no window function, remove OVER`);
  if (node.star || node.distinct) checker.fail(node.start, `${node.name} takes neither * nor DISTINCT`);
  const defined = checkUserFunction(node, env);
  if (defined !== undefined) return defined;
  if (Object.hasOwn(frozenTimes, node.name)) return frozenTime(node, env);
  if (node.name === 'STEP') return checkStep(node, env);
  if (node.name === 'EXTRACT') return checkExtract(node, env);
  if (node.unit !== null) return checkRoundTo(node, env);
  return checkSignature(node, env);
}

function isScalar(name: string): boolean {
  return (
    [functionSignatures, frozenTimes].some((table) => Object.hasOwn(table, name)) || forms.includes(name)
  );
}

/** Functions whose arguments have a grammar of their own. */
const forms: readonly string[] = ['STEP', 'EXTRACT'];

/** What people write from other dialects, and what to write here. */
const elsewhere: Readonly<Record<string, string>> = {
  LENGTH: 'write CHAR_LENGTH',
  SUBSTR: 'write SUBSTRING',
  CONCAT: 'write a || b',
  NOW: 'write CURRENT_ROW_TIMESTAMP',
  IFNULL: 'write COALESCE',
  NVL: 'write COALESCE',
  IF: 'write CASE WHEN … THEN … ELSE … END',
  ROUND: 'write CAST(… AS DECIMAL(p,s))',
  DATE_TRUNC: 'write FLOOR(… TO MINUTE)',
  REGEXP_REPLACE: 'write REGEX_REPLACE(text, pattern, replacement, 1, 0)',
  TUMBLE: "write GROUP BY STEP(s.ROWTIME BY INTERVAL '60' SECOND)",
  HOP: "write OVER (RANGE INTERVAL '1' MINUTE PRECEDING)",
  RANK: 'write TABLE(GROUP_RANK(CURSOR(…), …))',
  ROW_NUMBER: 'write COUNT(*) OVER (…) or TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(…), …))',
  EXISTS: 'join the two streams',
  IIF: 'write CASE WHEN … THEN … ELSE … END',
  STDDEV: 'write STDDEV_SAMP or STDDEV_POP',
  VARIANCE: 'write VAR_SAMP or VAR_POP',
  DATEDIFF: 'write CAST((a - b) SECOND AS BIGINT)',
  DATEADD: "write time + INTERVAL '1' DAY",
  TO_CHAR: "write TIMESTAMP_TO_CHAR('yyyy-MM-dd', time)",
};

function failUnknownFunction(node: CallSyntax, checker: Checker): never {
  const names = [
    ...Object.keys(functionSignatures),
    ...Object.keys(aggregateRules),
    ...forms,
    ...logParserNames,
    ...checker.functions.map(({ name }) => name.value),
  ];
  const hint = Object.hasOwn(elsewhere, node.name)
    ? `, ${elsewhere[node.name]}`
    : didYouMean(node.name, names) || ', or declare it with CREATE FUNCTION';
  return checker.fail(node.start, `Unknown function "${node.name}"${hint}`);
}

function checkSignature(node: CallSyntax, env: Environment): Expression {
  const { checker } = env;
  const signature = functionSignatures[node.name];
  if (signature === undefined) return failUnknownFunction(node, checker);
  const { parameters, required = parameters.length, variadic = false } = signature;
  const count = node.arguments.length;
  if (count < required || (count > parameters.length && !variadic)) {
    const wanted = required === parameters.length ? `${required}` : `${required} to ${parameters.length}`;
    checker.fail(
      node.start,
      `${node.name} takes ${wanted}${variadic ? ' or more' : ''} argument(s), found ${count}`,
    );
  }
  const values = node.arguments.map((argument) => checkExpression(argument, env));
  values.forEach(({ type }, index) => {
    const parameter = parameters[Math.min(index, parameters.length - 1)] ?? 'any';
    if (!accepts(parameter, type)) {
      checker.fail(
        node.arguments[index]?.start ?? node.start,
        `Argument ${index + 1} of ${node.name} must be ${parameter}, found ${printType(type)}`,
      );
    }
  });
  checkSharedType(node, values, env);
  return call(node.name, values, signature.result(values.map(({ type }) => type)));
}

/** COALESCE and NULLIF need values that compare; a conversion needs a pattern that is known now. */
function checkSharedType(node: CallSyntax, values: readonly Expression[], env: Environment): void {
  const [first] = values;
  if (first === undefined) return;
  if (node.name === 'COALESCE' || node.name === 'NULLIF') {
    const other = values.find(({ type }) => commonType(first.type, type) === undefined);
    if (other !== undefined) {
      env.checker.fail(
        node.start,
        `${node.name} mixes ${printType(first.type)} and ${printType(other.type)}, write CAST(… AS …)`,
      );
    }
  }
  if (
    (/_TO_CHAR$|^CHAR_TO_/.test(node.name) && first.kind !== 'literal') ||
    (node.name === 'REGEX_REPLACE' && values[1]?.kind !== 'literal')
  ) {
    env.checker.fail(node.start, `The pattern of ${node.name} must be a literal`);
  }
  checkPattern(node, values, env);
}

/** Patterns are literals, so that a wrong one stops the compilation and not every row. */
function checkPattern(node: CallSyntax, values: readonly Expression[], env: Environment): void {
  const at = node.name === 'REGEX_REPLACE' ? 1 : 0;
  const pattern = values[at];
  if (pattern?.kind !== 'literal' || typeof pattern.value !== 'string') return;
  const start = node.arguments[at]?.start ?? node.start;
  if (node.name === 'REGEX_REPLACE') {
    const problem = regexProblem(pattern.value);
    if (problem !== null) env.checker.fail(start, `Pattern '${pattern.value}' is not supported: ${problem}`);
  } else if (/_TO_CHAR$|^CHAR_TO_/.test(node.name)) {
    const letter = unknownDateLetter(pattern.value);
    if (letter !== null)
      env.checker.fail(
        start,
        `Date pattern letter "${letter}" is not supported, write text in single quotes inside the pattern`,
      );
    if (isHalfDay(pattern.value))
      env.checker.warn(
        start,
        'Letter "h" counts hours to 12 and the pattern has no "a" for AM or PM, write "H"',
      );
  }
}

const frozenTimes: Readonly<Record<string, 'TIMESTAMP' | 'DATE' | 'TIME'>> = {
  CURRENT_TIMESTAMP: 'TIMESTAMP',
  LOCALTIMESTAMP: 'TIMESTAMP',
  CURRENT_DATE: 'DATE',
  CURRENT_TIME: 'TIME',
  LOCALTIME: 'TIME',
};

/** SQL reference, "CURRENT_TIMESTAMP": fixed at the moment the query starts. */
function frozenTime(node: CallSyntax, env: Environment): Expression {
  env.checker.warn(
    node.start,
    `${node.name} is fixed when the application starts, write CURRENT_ROW_TIMESTAMP for the time of the row`,
  );
  return { kind: 'startTime', type: { name: frozenTimes[node.name] ?? 'TIMESTAMP' } };
}

/** STEP ( time BY interval ) floors from the epoch; STEP ( integer BY n ) is ( x / n ) * n. */
function checkStep(node: CallSyntax, env: Environment): Expression {
  const [operand, by] = node.arguments.map((argument) => checkExpression(argument, env));
  if (operand === undefined || by === undefined || node.arguments.length !== 2) {
    return env.checker.fail(
      node.start,
      "STEP takes a value and a step, write STEP(ROWTIME BY INTERVAL '60' SECOND)",
    );
  }
  const time = ['datetime', 'interval'].includes(familyOf(operand.type)) && familyOf(by.type) === 'interval';
  const whole = familyOf(operand.type) === 'numeric' && familyOf(by.type) === 'numeric';
  if (!time && !whole)
    env.checker.fail(node.start, `STEP does not take ${printType(operand.type)} BY ${printType(by.type)}`);
  if (by.kind !== 'literal' || typeof by.value !== 'number' || by.value <= 0) {
    env.checker.fail(node.arguments[1]?.start ?? node.start, 'The step must be a literal greater than zero');
  }
  return call('STEP', [operand, by], operand.type);
}

function checkExtract(node: CallSyntax, env: Environment): Expression {
  const [operand] = node.arguments.map((argument) => checkExpression(argument, env));
  if (operand === undefined || !['datetime', 'interval', 'null'].includes(familyOf(operand.type))) {
    return env.checker.fail(node.start, 'EXTRACT needs a time, write EXTRACT(HOUR FROM ROWTIME)');
  }
  return call(
    'EXTRACT',
    [{ kind: 'literal', value: node.unit, type: { name: 'CHAR', length: 8 } }, operand],
    bigint,
  );
}

/** FLOOR or CEIL ( time TO unit ) */
function checkRoundTo(node: CallSyntax, env: Environment): Expression {
  const [operand] = node.arguments.map((argument) => checkExpression(argument, env));
  if (operand === undefined || !['datetime', 'interval', 'null'].includes(familyOf(operand.type))) {
    return env.checker.fail(
      node.start,
      `${node.name}(… TO ${node.unit}) needs a time, found ${printType(operand?.type ?? interval)}`,
    );
  }
  const unit: Expression = { kind: 'literal', value: node.unit, type: { name: 'CHAR', length: 8 } };
  const type = operand.type.name === 'NULL' ? timestamp : operand.type;
  return call(node.name === 'FLOOR' ? 'FLOOR_TO' : 'CEIL_TO', [operand, unit], type);
}
