import { LocalError } from '../local-error.ts';
import type { StreamRecord } from '../log/kinesis-stream.ts';

/** A filter pattern that is wrong, or asks for what is not copied here. */
export class FilterPatternError extends LocalError {
  override name = 'FilterPatternError';
}

type Test = (value: unknown) => boolean;
type Matcher = Test;

const MAX_PATTERNS = 10;

/**
 * Compiles the filter patterns of an event source mapping; a record passes when one of them matches. A pattern on `data`
 * needs data that is JSON (Lambda developer guide, "Using event filtering with a Kinesis event source").
 * @throws FilterPatternError naming the operator that is not supported
 */
export function compileFilters(patterns: readonly string[]): (record: StreamRecord) => boolean {
  if (patterns.length === 0) return () => true;
  if (patterns.length > MAX_PATTERNS)
    throw new FilterPatternError(
      `Cannot filter by ${patterns.length} patterns: Lambda allows ${MAX_PATTERNS}`,
    );
  const matchers = patterns.map((pattern) => compilePattern(pattern));
  return (record) => {
    const event = filterEvent(record);
    return matchers.some((matches) => matches(event));
  };
}

/** The record as filters see it: `data` decoded, beside its metadata. */
function filterEvent(record: StreamRecord): unknown {
  let data: unknown;
  try {
    data = JSON.parse(record.data.toString());
  } catch {
    data = undefined;
  }
  return {
    data,
    partitionKey: record.partitionKey,
    sequenceNumber: record.sequenceNumber,
    approximateArrivalTimestamp: record.arrivalMillis / 1000,
    kinesisSchemaVersion: '1.0',
    eventSource: 'aws:kinesis',
    eventName: 'aws:kinesis:record',
    eventVersion: '1.0',
  };
}

function compilePattern(text: string): Matcher {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch (cause) {
    throw new FilterPatternError(`Cannot read filter pattern '${text}': ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!isObject(pattern)) throw wrong(text, 'it has to be an object');
  return compileObject(pattern, text);
}

function compileObject(pattern: Record<string, unknown>, text: string): Matcher {
  const members = Object.entries(pattern).map(([key, rule]) => {
    if (key === '$or') throw wrong(text, 'operator "$or" is not supported');
    const matches = compileMember(rule, text);
    return (value: unknown) => matches(memberOf(value, key));
  });
  return (value) => members.every((matches) => matches(value));
}

function compileMember(rule: unknown, text: string): Matcher {
  if (isObject(rule)) return compileObject(rule, text);
  if (!Array.isArray(rule) || rule.length === 0)
    throw wrong(text, 'each member is an object or a list of rules');
  const tests = rule.map((each: unknown) => compileRule(each, text));
  return (value) => tests.some((test) => test(value));
}

function compileRule(rule: unknown, text: string): Test {
  if (!isObject(rule)) return onEach(equals(rule, text));
  const entries = Object.entries(rule);
  if (entries.length !== 1) throw wrong(text, 'a rule has one operator');
  const [operator, operand] = entries[0]!;
  const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (!compile) throw wrong(text, `operator "${operator}" is not supported`);
  return compile(operand, text);
}

const OPERATORS: Readonly<Record<string, (operand: unknown, text: string) => Test>> = {
  exists: (operand, text) => {
    if (typeof operand !== 'boolean') throw wrong(text, '"exists" takes true or false');
    return (value) => (value !== undefined) === operand;
  },
  prefix: (operand, text) => onText(string(operand, 'prefix', text), (value, part) => value.startsWith(part)),
  suffix: (operand, text) => onText(string(operand, 'suffix', text), (value, part) => value.endsWith(part)),
  'equals-ignore-case': (operand, text) =>
    onText(
      string(operand, 'equals-ignore-case', text),
      (value, part) => value.toLowerCase() === part.toLowerCase(),
    ),
  numeric: (operand, text) => onEach(numeric(operand, text)),
  'anything-but': (operand, text) => {
    const isRule = isObject(operand);
    if (isRule && !('prefix' in operand || 'suffix' in operand))
      throw wrong(text, '"anything-but" takes values, a prefix or a suffix');
    const refused = (Array.isArray(operand) ? operand : [operand]).map((each: unknown) =>
      compileRule(each, text),
    );
    return onEach((value) => !refused.some((test) => test(value)));
  },
};

const COMPARISONS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function numeric(operand: unknown, text: string): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    throw wrong(text, '"numeric" takes one or two comparisons');
  const tests: ((value: number) => boolean)[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const sign: unknown = operand[at];
    const limit: unknown = operand[at + 1];
    const compare =
      typeof sign === 'string' && Object.hasOwn(COMPARISONS, sign) ? COMPARISONS[sign] : undefined;
    if (!compare || typeof limit !== 'number')
      throw wrong(text, `"numeric" does not know ${JSON.stringify(operand)}`);
    tests.push((value) => compare(value, limit));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function equals(literal: unknown, text: string): Test {
  if (Array.isArray(literal)) throw wrong(text, 'a rule is a value or an operator, not a list');
  return (value) => value === literal;
}

function onText(part: string, test: (value: string, part: string) => boolean): Test {
  return onEach((value) => typeof value === 'string' && test(value, part));
}

/** Of an array any element may match, as EventBridge has it; what is not there matches only `exists`. */
function onEach(test: Test): Test {
  return (value) => value !== undefined && (Array.isArray(value) ? value.some(test) : test(value));
}

function string(operand: unknown, operator: string, text: string): string {
  if (typeof operand !== 'string') throw wrong(text, `"${operator}" takes a text`);
  return operand;
}

function memberOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(text: string, why: string): FilterPatternError {
  return new FilterPatternError(`Cannot use filter pattern '${text}': ${why}`);
}
