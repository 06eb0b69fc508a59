import type { RuleExplanation, RuleMessage } from '../iot-sql/index.ts';
import type { ResolvedAction } from './compile-action.ts';
import type { CompiledTopicRule } from './compile-topic-rule.ts';

/** What a rule and each of its actions make of one message. */
export interface TopicRuleExplanation extends RuleExplanation {
  readonly rule: string;
  /** The result of SELECT: JSON text, or bytes; absent when the rule did not fire. */
  readonly output?: string | Uint8Array;
  /** The actions with their targets; empty when the rule did not fire. */
  readonly actions: readonly ResolvedAction[];
}

/** Evaluates every part of a rule and the targets of its actions. Calls of external functions must be resolved before. */
export function explainTopicRule(
  { name, rule, actions }: CompiledTopicRule,
  message: RuleMessage,
): TopicRuleExplanation {
  const explanation = rule.explain(message);
  const output = explanation.fired ? rule.evaluateText(message) : undefined;
  return {
    rule: name,
    ...explanation,
    ...(output !== undefined && { output }),
    actions: explanation.fired ? actions.map((action) => action.resolve(message)) : [],
  };
}
