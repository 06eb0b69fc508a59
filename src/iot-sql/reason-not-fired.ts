import type { Condition } from './compile-where.ts';
import { toBoolean } from './conversion.ts';
import type { Frame } from './frame.ts';
import type { RuleMessage } from './message.ts';
import { isArray, isNumber, isObject, type Value } from './value.ts';

/**
 * Why a message does not reach a rule by its topic. The sentence names no part of the message, so that a ledger may count
 * by it.
 */
export function reasonNotMatched(message: RuleMessage, topicFilter: string | undefined): string {
  if (message.topic.ruleName !== undefined) return 'message is addressed to another rule';
  if (topicFilter === undefined) return 'rule has no FROM and is reached by Basic Ingest only';
  return `topic does not match filter "${topicFilter}"`;
}

/** The first conjunct of WHERE that is not true, and what it is; undefined when WHERE is true. */
export function reasonFiltered({ conjuncts }: Condition, frame: Frame): string | undefined {
  for (const { evaluate, source } of conjuncts) {
    const value = evaluate(frame);
    if (isTrue(value, conjuncts.length)) continue;
    const problem = frame.message.payloadProblem;
    const reason = `WHERE ${source} is ${describeValue(value)}`;
    return problem === undefined ? reason : `${reason}; the payload is ${problem}`;
  }
  return undefined;
}

/** AND converts its operands, so the text "true" counts there but not as the whole of WHERE. */
export function isTrue(value: Value, conjunctCount: number): boolean {
  return value === true || (conjunctCount > 1 && toBoolean(value) === true);
}

/** A device could make any number of texts and numbers, so only their type is named. */
function describeValue(value: Value): string {
  if (value === undefined) return 'Undefined';
  if (value === null) return 'Null';
  if (typeof value === 'boolean') return String(value);
  if (isNumber(value)) return 'a number, not true';
  if (isArray(value)) return 'an Array, not true';
  return isObject(value) ? 'an Object, not true' : 'a String, not true';
}
