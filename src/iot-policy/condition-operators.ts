import { parseAddressRange } from './address-range.ts';
import { type PolicyValues, parseTemplate } from './policy-template.ts';
import { compilePattern, type TextMatcher } from './wildcard-pattern.ts';

/** One operator: how a value of the policy becomes a test of a value of the request. */
export interface ConditionOperator {
  /** The policy's value may hold variables. @returns undefined when the value can match nothing */
  readonly compile: (value: string, variables: PolicyValues) => TextMatcher | undefined;
  /** The condition is met when no value fits, also when the key is absent. */
  readonly isNegated?: true;
}

const exactly = (value: string, variables: PolicyValues): TextMatcher | undefined => {
  const wanted = replaceVariables(value, variables);
  return wanted === undefined ? undefined : (text) => text === wanted;
};

const ignoringCase = (value: string, variables: PolicyValues): TextMatcher | undefined => {
  const wanted = replaceVariables(value, variables)?.toLowerCase();
  return wanted === undefined ? undefined : (text) => text.toLowerCase() === wanted;
};

const numeric =
  (compare: (left: number, right: number) => boolean): ConditionOperator['compile'] =>
  (value, variables) => {
    const right = numberOf(replaceVariables(value, variables));
    if (right === undefined) return undefined;
    return (text) => {
      const left = numberOf(text);
      return left !== undefined && compare(left, right);
    };
  };

const inRange = (value: string): TextMatcher | undefined => parseAddressRange(value);

/** IAM user guide, condition operators; Date and Binary have no key here that they could be about. */
const OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map<string, ConditionOperator>([
  ['StringEquals', { compile: exactly }],
  ['StringNotEquals', { compile: exactly, isNegated: true }],
  ['StringEqualsIgnoreCase', { compile: ignoringCase }],
  ['StringNotEqualsIgnoreCase', { compile: ignoringCase, isNegated: true }],
  ['StringLike', { compile: compilePattern }],
  ['StringNotLike', { compile: compilePattern, isNegated: true }],
  ['ArnEquals', { compile: compilePattern }],
  ['ArnNotEquals', { compile: compilePattern, isNegated: true }],
  ['ArnLike', { compile: compilePattern }],
  ['ArnNotLike', { compile: compilePattern, isNegated: true }],
  ['Bool', { compile: ignoringCase }],
  ['NumericEquals', { compile: numeric((left, right) => left === right) }],
  ['NumericNotEquals', { compile: numeric((left, right) => left === right), isNegated: true }],
  ['NumericLessThan', { compile: numeric((left, right) => left < right) }],
  ['NumericLessThanEquals', { compile: numeric((left, right) => left <= right) }],
  ['NumericGreaterThan', { compile: numeric((left, right) => left > right) }],
  ['NumericGreaterThanEquals', { compile: numeric((left, right) => left >= right) }],
  ['IpAddress', { compile: inRange }],
  ['NotIpAddress', { compile: inRange, isNegated: true }],
]);

/** Whether a key is absent is asked of the key itself, not of its values. */
export const NULL_OPERATOR = 'Null';

export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.keys(), NULL_OPERATOR];

/** The operator of a checked document. */
export function operatorOf(name: string): ConditionOperator {
  return OPERATORS.get(name)!;
}

function replaceVariables(text: string, variables: PolicyValues): string | undefined {
  let replaced = '';
  for (const part of parseTemplate(text)) {
    const value =
      part.kind === 'variable' ? variables.single(part.name) : part.kind !== 'unclosed' && part.text;
    if (typeof value !== 'string') return undefined;
    replaced += value;
  }
  return replaced;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
