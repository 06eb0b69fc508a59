import { isUtf8 } from 'node:buffer';
import { TopicMatcher } from '../../iot-sql/index.ts';
import type { CompiledTopicRule } from '../../topic-rules/compile-topic-rule.ts';
import type { KeptMessage } from './kept-messages.ts';
import { traceRule } from './trace-rule.ts';
import type { TraceContext } from './trace-sources.ts';
import { type MessageTrace, summarise, type TraceStep } from './trace-step.ts';

const MAX_PAYLOAD_SHOWN = 2000;
/** Of the rules whose filter does not match, so many are named. */
const MAX_RULES_NAMED = 20;

/** Follows one message from the broker to where it is now. */
export async function traceMessage(kept: KeptMessage, context: TraceContext): Promise<MessageTrace> {
  const steps = [brokerStep(kept)];
  if (kept.refusal === undefined) steps.push(...(await traceRules(kept, context)));
  const { topic, receivedMillis, clientId = null, payloadBytes } = kept;
  return {
    topic,
    receivedMillis,
    clientId,
    payloadBytes,
    ...shownPayload(kept.payload),
    ...summarise(steps),
    steps,
  };
}

function brokerStep({ clientId, refusal, receivedMillis, hops = 0 }: KeptMessage): TraceStep {
  const step = { kind: 'broker', atMillis: receivedMillis } as const;
  const client = clientId === undefined ? '' : ` from client ${clientId}`;
  if (refusal !== undefined)
    return {
      ...step,
      state: 'stopped',
      text: `refused by the broker: ${refusal}${client && `, message${client}`}`,
    };
  const origin = hops > 0 ? ', republished by a rule' : client;
  return { ...step, state: 'passed', text: `accepted${origin}` };
}

async function traceRules(kept: KeptMessage, context: TraceContext): Promise<TraceStep[]> {
  const { rules } = context;
  const matcher = new TopicMatcher<CompiledTopicRule>(
    rules.map((value) => ({ topicFilter: value.rule.topicFilter, ruleName: value.name, value })),
  );
  const { topic, values } = matcher.match(kept.topic);
  if (values.length === 0) return [noRule(topic.ruleName, rules)];
  const steps: TraceStep[] = [];
  for (const rule of values) steps.push(await traceRule(rule, kept, context));
  return steps;
}

function noRule(addressed: string | undefined, rules: readonly CompiledTopicRule[]): TraceStep {
  if (addressed !== undefined)
    return {
      kind: 'rule',
      state: 'stopped',
      text: `Basic Ingest names the rule '${addressed}', which there is not`,
    };
  const steps = rules.slice(0, MAX_RULES_NAMED).map(
    ({ name, rule }): TraceStep => ({
      kind: 'filter',
      state: 'stopped',
      text:
        rule.topicFilter === undefined
          ? `rule ${name} has no FROM: only Basic Ingest reaches it`
          : `rule ${name}: FROM '${rule.topicFilter}' does not match`,
    }),
  );
  return { kind: 'rule', state: 'stopped', text: 'no rule matches the topic', steps };
}

function shownPayload(payload: Buffer): Pick<MessageTrace, 'payload' | 'payloadEncoding'> {
  if (!isUtf8(payload)) {
    const payloadEncoding = 'base64';
    return { payload: payload.subarray(0, MAX_PAYLOAD_SHOWN).toString('base64'), payloadEncoding };
  }
  const text = payload.toString();
  return {
    payload: text.length > MAX_PAYLOAD_SHOWN ? `${text.slice(0, MAX_PAYLOAD_SHOWN)}…` : text,
    payloadEncoding: 'text',
  };
}
