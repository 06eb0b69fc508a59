import { toText } from '../conversion.ts';
import { MAX_TEXT_LENGTH } from '../limits.ts';
import { toDouble } from '../number.ts';
import type { Value } from '../value.ts';
import type { FunctionSpec, FunctionTable } from './function-spec.ts';

/** AWS clamps the count of lpad and rpad to 0..1000 (AWS IoT developer guide, iot-sql-functions, "lpad"). */
const MAX_PADDING = 1000;

/** One text, by the standard conversion to String. */
function ofText(compute: (text: string) => Value, since?: '2016-03-23'): FunctionSpec {
  const evaluate = (value: Value) => {
    const text = toText(value);
    return text === undefined ? undefined : compute(text);
  };
  return { minArguments: 1, maxArguments: 1, evaluate, ...(since && { since }) };
}

function ofTwoTexts(compute: (left: string, right: string) => Value, since?: '2016-03-23'): FunctionSpec {
  const evaluate = (left: Value, right: Value) => {
    const [a, b] = [toText(left), toText(right)];
    return a === undefined || b === undefined ? undefined : compute(a, b);
  };
  return { minArguments: 2, maxArguments: 2, evaluate, ...(since && { since }) };
}

/** Spaces added to the text: a count of them, not a total width. */
function padded(compute: (text: string, spaces: string) => string): FunctionSpec {
  const evaluate = (value: Value, count: Value) => {
    const [text, wanted] = [toText(value), toDouble(count)];
    if (text === undefined || wanted === undefined) return undefined;
    return compute(text, ' '.repeat(Math.max(0, Math.min(MAX_PADDING, Math.floor(wanted)))));
  };
  return { minArguments: 2, maxArguments: 2, evaluate };
}

/** `substring(text, start[, end])`: from 0, end exclusive, rounded down, clamped to the text. */
function substring(value: Value, start: Value, ...rest: readonly Value[]): Value {
  const [text, from] = [toText(value), toDouble(start)];
  if (text === undefined || from === undefined) return undefined;
  const to = rest.length === 0 ? Number.POSITIVE_INFINITY : toDouble(rest[0]);
  if (to === undefined) return undefined;
  const length = text.length;
  const first = Math.max(0, Math.min(length, Math.floor(from)));
  const last = Math.max(0, Math.min(length, Math.floor(to)));
  return first < last ? text.slice(first, last) : '';
}

/** ASCII only; anything else is Undefined. */
function character(value: Value): Value {
  const code = toDouble(value);
  if (code === undefined) return undefined;
  const whole = Math.floor(code);
  return whole >= 0 && whole <= 127 ? String.fromCharCode(whole) : undefined;
}

function replaceAll(value: Value, search: Value, replacement: Value): Value {
  const [text, wanted, put] = [toText(value), toText(search), toText(replacement)];
  if (text === undefined || wanted === undefined || put === undefined) return undefined;
  return lengthReplaced(text, wanted, put) > MAX_TEXT_LENGTH ? undefined : text.replaceAll(wanted, () => put);
}

/** The length of the result, without making it. */
function lengthReplaced(text: string, wanted: string, put: string): number {
  if (wanted === '') return text.length + (text.length + 1) * put.length;
  const count = text.split(wanted).length - 1;
  return text.length + count * (put.length - wanted.length);
}

const UTF8 = new TextEncoder();

/** Strings (AWS IoT developer guide, iot-sql-functions). Positions count UTF-16 code units, as in Java. */
export const TEXT_FUNCTIONS: FunctionTable = {
  chr: { minArguments: 1, maxArguments: 1, evaluate: character },
  endswith: ofTwoTexts((text, end) => text.endsWith(end)),
  indexof: ofTwoTexts((text, part) => text.indexOf(part), '2016-03-23'),
  length: ofText((text) => text.length, '2016-03-23'),
  lower: ofText((text) => text.toLowerCase()),
  lpad: padded((text, spaces) => spaces + text),
  ltrim: ofText((text) => text.replace(/^[ \t]+/, '')),
  numbytes: ofText((text) => UTF8.encode(text).length, '2016-03-23'),
  replace: { minArguments: 3, maxArguments: 3, evaluate: replaceAll },
  rpad: padded((text, spaces) => text + spaces),
  rtrim: ofText(trimEnd),
  startswith: ofTwoTexts((text, start) => text.startsWith(start)),
  substring: { minArguments: 2, maxArguments: 3, evaluate: substring },
  trim: ofText(trimControls),
  upper: ofText((text) => text.toUpperCase()),
};

/** Spaces and tabs at the end; a regular expression would look at every run of spaces again and again. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(0, end);
}

/** Like Java's trim: everything up to the space character, at both ends. */
function trimControls(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}
