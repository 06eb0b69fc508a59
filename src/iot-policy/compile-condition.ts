import { NULL_OPERATOR, operatorOf } from './condition-operators.ts';
import type { PolicyCondition } from './policy-document.ts';
import type { PolicyValues } from './policy-template.ts';
import type { TextMatcher } from './wildcard-pattern.ts';

/** Tells whether a condition is met by the values of a request. */
export type CompiledCondition = (request: PolicyValues) => boolean;

/**
 * Compiles a condition (IAM user guide, condition operators; conditions with multiple keys or values). An absent key meets
 * only negated operators, `…IfExists` and ForAllValues.
 * @param ifUnknown what holds when the value of a negated operator has a variable without value
 */
export function compileCondition(
  condition: PolicyCondition,
  variables: PolicyValues,
  ifUnknown: boolean,
): CompiledCondition {
  const { operator, qualifier, isIfExists, key, values } = condition;
  if (operator === NULL_OPERATOR) {
    const wanted = values.map((value) => value.toLowerCase() === 'true');
    return (request) => wanted.includes(request.all(key) === undefined);
  }
  const { compile, isNegated = false } = operatorOf(operator);
  const matchers = values.flatMap((value) => compile(value, variables) ?? []);
  if (isNegated && matchers.length < values.length) return () => ifUnknown;
  const fits: TextMatcher = (text) => matchers.some((matches) => matches(text)) !== isNegated;
  return (request) => {
    const found = request.all(key);
    if (found === undefined || found.length === 0)
      return qualifier === 'ForAllValues' || isIfExists || (isNegated && qualifier === undefined);
    if (qualifier === 'ForAllValues') return found.every(fits);
    // Without a qualifier several values of a request are looked at as if one were asked for after the other.
    return isNegated && qualifier === undefined ? found.every(fits) : found.some(fits);
  };
}
