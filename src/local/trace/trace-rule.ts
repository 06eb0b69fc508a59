import { randomUUID } from 'node:crypto';
import { createMessage, type ExplainedOperand, type RuleMessage } from '../../iot-sql/index.ts';
import type { Stack } from '../../stack/stack.ts';
import { type CompiledTopicRule, isExternalRule } from '../../topic-rules/compile-topic-rule.ts';
import { explainTopicRule, type TopicRuleExplanation } from '../../topic-rules/explain-topic-rule.ts';
import type { KeptMessage } from './kept-messages.ts';
import { traceAction } from './trace-action.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

/** Values longer than this are cut: the payload is shown anyway. */
const MAX_VALUE_CHARACTERS = 120;
const MAX_OPERANDS = 5;

/** What a rule made of a message: it is evaluated again, with the time and client of then. */
export async function traceRule(
  rule: CompiledTopicRule,
  kept: KeptMessage,
  context: TraceContext,
): Promise<TraceStep> {
  const step = { kind: 'rule', data: { rule: rule.name } } as const;
  if (isExternalRule(rule)) {
    const text = `rule ${rule.name} asks other services, so it is not evaluated a second time`;
    return { ...step, state: 'skipped', text };
  }
  const explanation = explainTopicRule(rule, messageOf(kept, context.stack));
  const parts = explainedParts(explanation);
  if (!explanation.fired) {
    const reason = explanation.reason ?? 'it does not fire';
    return { ...step, state: 'stopped', text: `rule ${rule.name}: ${reason}`, steps: parts };
  }
  const output = Buffer.from(explanation.output as string);
  const outputAgain = Buffer.from(rule.rule.evaluateText(messageOf(kept, context.stack)) as string);
  const isRepeatable = output.equals(outputAgain);
  const actions: TraceStep[] = [];
  for (const action of explanation.actions)
    actions.push(await traceAction(action, { rule: rule.name, kept, output, isRepeatable }, context));
  return { ...step, state: 'passed', text: `rule ${rule.name} fires`, steps: [...parts, ...actions] };
}

/** The message as the rules saw it, but for its trace id, which nobody keeps: each evaluation has one of its own. */
function messageOf({ receivedMillis, ...kept }: KeptMessage, { accountId }: Stack): RuleMessage {
  return createMessage({ ...kept, accountId, traceId: randomUUID(), timestampMillis: receivedMillis });
}

function explainedParts({ topic, where, payloadProblem, fired }: TopicRuleExplanation): TraceStep[] {
  const filter: TraceStep[] =
    topic.filter === undefined
      ? []
      : [
          {
            kind: 'filter',
            state: topic.matches ? 'passed' : 'stopped',
            text: `FROM '${topic.filter}' ${topic.matches ? 'matches' : 'does not match'}`,
          },
        ];
  const payload: TraceStep[] =
    payloadProblem === undefined || fired
      ? []
      : [{ kind: 'payload', state: 'stopped', text: `payload: ${cut(payloadProblem)}` }];
  const conditions = where.map(
    ({ source, text, isTrue, parts }): TraceStep => ({
      kind: 'where',
      state: isTrue ? 'passed' : 'stopped',
      text: `WHERE ${source} is ${cut(text)}${isTrue ? '' : printOperands(parts)}`,
    }),
  );
  return [...filter, ...payload, ...conditions];
}

/** What the message itself gave to a condition that is not true. */
function printOperands(parts: readonly ExplainedOperand[]): string {
  const named = new Map(leavesOf(parts).map(({ source, text }) => [source, `${source} is ${cut(text)}`]));
  const shown = [...named.values()].slice(0, MAX_OPERANDS);
  return shown.length > 0 ? ` (${shown.join(', ')})` : '';
}

function leavesOf(parts: readonly ExplainedOperand[]): readonly ExplainedOperand[] {
  return parts.flatMap((part) => (part.parts.length > 0 ? leavesOf(part.parts) : [part]));
}

function cut(text: string): string {
  return text.length <= MAX_VALUE_CHARACTERS ? text : `${text.slice(0, MAX_VALUE_CHARACTERS)}…`;
}
