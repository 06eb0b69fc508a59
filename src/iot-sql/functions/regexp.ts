import { toText } from '../conversion.ts';
import { compileRegexp, type LinearRegexp } from '../linear-regexp.ts';
import type { Value } from '../value.ts';
import type { CallSite, FunctionSpec, FunctionTable } from './function-spec.ts';

/** A function of a text, a pattern and more; a constant pattern is compiled once. */
function ofPattern(
  count: number,
  compute: (pattern: LinearRegexp, text: string, third: Value) => Value,
): FunctionSpec {
  return { minArguments: count, maxArguments: count, compile: (call) => compilePattern(call, compute) };
}

function compilePattern(
  call: CallSite,
  compute: (pattern: LinearRegexp, text: string, third: Value) => Value,
) {
  const [subject, pattern, third] = call.arguments;
  const node = call.nodes[1];
  const constant = node?.kind === 'literal' ? patternOf(node.value) : undefined;
  return (frame: Parameters<NonNullable<typeof subject>>[0]) => {
    const text = toText(subject!(frame));
    const regexp = constant ?? patternOf(pattern!(frame));
    if (text === undefined || regexp === undefined) return undefined;
    return compute(regexp, text, third?.(frame));
  };
}

/** A pattern that is no regular expression makes the result Undefined. */
function patternOf(value: Value): LinearRegexp | undefined {
  const text = toText(value);
  return text === undefined ? undefined : compileRegexp(text);
}

function replace(pattern: LinearRegexp, text: string, replacement: Value): Value {
  const put = toText(replacement);
  return put === undefined ? undefined : pattern.replaceAll(text, put);
}

/** Regular expressions, run in linear time (AWS IoT developer guide, iot-sql-functions). */
export const REGEXP_FUNCTIONS: FunctionTable = {
  regexp_matches: ofPattern(2, (pattern, text) => pattern.isFoundIn(text)),
  regexp_replace: ofPattern(3, replace),
  regexp_substr: ofPattern(2, (pattern, text) => pattern.firstIn(text)),
};
