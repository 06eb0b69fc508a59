import { RE2JS } from 're2js';
import { translateSimilar } from '../literal-pattern.ts';
import { EvaluationError } from './engine-error.ts';
import { compileLike } from './like-pattern.ts';
import type { Value } from './row.ts';
import type { FunctionCompiler } from './scalar-functions.ts';

/** The text of a literal argument: patterns are known when the plan is made. */
function literalText(value: { readonly kind: string; readonly value?: Value } | undefined): string {
  return String(value?.value ?? '');
}

const text = (value: Value | undefined): string => String(value);

/** SQL reference, "String and Search Functions". Positions count from 1. */
export const stringFunctions: Readonly<Record<string, FunctionCompiler>> = {
  CHAR_LENGTH:
    () =>
    ([value]) =>
      text(value).length,
  CHARACTER_LENGTH:
    () =>
    ([value]) =>
      text(value).length,
  LOWER:
    () =>
    ([value]) =>
      text(value).toLowerCase(),
  UPPER:
    () =>
    ([value]) =>
      text(value).toUpperCase(),
  INITCAP:
    () =>
    ([value]) =>
      text(value)
        .toLowerCase()
        .replace(/[\p{L}\p{N}]+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1)),
  SUBSTRING:
    () =>
    ([value, from, length]) =>
      substring(text(value), from as number, length as number | undefined),
  POSITION:
    () =>
    ([needle, value]) =>
      text(value).indexOf(text(needle)) + 1,
  OVERLAY:
    () =>
    ([value, replacement, from, length]) => {
      const start = Math.max(0, (from as number) - 1);
      const removed = (length as number | undefined) ?? text(replacement).length;
      return text(value).slice(0, start) + text(replacement) + text(value).slice(start + removed);
    },
  TRIM:
    () =>
    ([mode, characters, value]) =>
      trim(text(value), text(characters), text(mode)),
  REGEX_REPLACE: (call) => {
    const pattern = compileRegex(literalText(call.arguments[1]));
    return ([value, , replacement, start, occurrence]) =>
      regexReplace(pattern, text(value), text(replacement), start as number, occurrence as number);
  },
  LIKE: (call) => {
    const matches = compileLike(literalText(call.arguments[1]), escapeOf(call.arguments[2]));
    return ([value]) => matches(text(value));
  },
  SIMILAR: (call) => {
    const pattern = compileRegex(
      translateSimilar(literalText(call.arguments[1]), escapeOf(call.arguments[2])),
    );
    return ([value]) => pattern.matches(text(value));
  },
};

function escapeOf(argument: Parameters<typeof literalText>[0]): string | null {
  return argument === undefined ? null : literalText(argument);
}

/** Standard SQL: a start before the text shortens the result. */
function substring(value: string, from: number, length: number | undefined): string {
  const end = length === undefined ? value.length + 1 : from + length;
  if (length !== undefined && length < 0) {
    throw new EvaluationError('INVALID_ARGUMENT', `SUBSTRING length ${length} is negative`);
  }
  return value.slice(Math.max(0, Math.trunc(from) - 1), Math.max(0, Math.trunc(end) - 1));
}

function trim(value: string, characters: string, mode: string): string {
  let start = 0;
  let end = value.length;
  if (mode !== 'TRAILING') while (start < end && characters.includes(value[start]!)) start++;
  if (mode !== 'LEADING') while (end > start && characters.includes(value[end - 1]!)) end--;
  return value.slice(start, end);
}

/** Users' patterns run in a linear-time engine, so that no row can hold the pump up. */
function compileRegex(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw new EvaluationError(
      'INVALID_PATTERN',
      `Pattern '${pattern}' is not supported: ${(error as Error).message}`,
    );
  }
}

/** REGEX_REPLACE(text, pattern, replacement, start, occurrence): occurrence 0 replaces every match. */
function regexReplace(
  pattern: RE2JS,
  value: string,
  replacement: string,
  start: number,
  occurrence: number,
): string {
  const from = Math.max(0, start - 1);
  const head = value.slice(0, from);
  const tail = value.slice(from);
  const matcher = pattern.matcher(tail);
  let result = '';
  let copied = 0;
  for (let count = 1; matcher.find(); count++) {
    if (occurrence !== 0 && count !== occurrence) continue;
    result += tail.slice(copied, matcher.start()) + replacement;
    copied = matcher.end();
  }
  return head + result + tail.slice(copied);
}
