import type { ResolvedAction } from '../../topic-rules/compile-action.ts';
import type { KeptMessage } from './kept-messages.ts';
import { traceDelivery } from './trace-delivery.ts';
import { traceInvocation } from './trace-invocation.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';
import { traceStreamPut } from './trace-stream-put.ts';

/** What an action was given. */
export interface ActionInput {
  readonly rule: string;
  readonly kept: KeptMessage;
  /** The result of SELECT, as it is handed on. */
  readonly output: Buffer;
  /** False when the rule gives another result each time, as with `newuuid()`. */
  readonly isRepeatable: boolean;
}

/** Follows what an action with these members made of its input. */
export type FollowAction = (
  members: Readonly<Record<string, unknown>>,
  input: ActionInput,
  context: TraceContext,
) => Promise<Omit<TraceStep, 'kind'>>;

/** The actions that are followed to where they lead, by their names in CloudFormation. */
const FOLLOWED: Readonly<Record<string, FollowAction>> = {
  Kinesis: traceStreamPut,
  Firehose: traceDelivery,
  Lambda: traceInvocation,
};

/** Where one action of a rule took a message. */
export async function traceAction(
  { kind, members, missing }: ResolvedAction,
  input: ActionInput,
  context: TraceContext,
): Promise<TraceStep> {
  const follow = Object.hasOwn(FOLLOWED, kind) ? FOLLOWED[kind] : undefined;
  const step = follow ? await follow(members, input, context) : handedOver(kind, members, input, context);
  const hole = missing.length > 0 ? `; ${missing.map((part) => `\${${part}}`).join(', ')} has no value` : '';
  return { kind: 'action', ...step, text: step.text + hole, data: { action: kind, ...step.data } };
}

/** What other actions do is not looked up at their targets, but whether it still waits to be carried out is known. */
function handedOver(
  kind: string,
  members: Readonly<Record<string, unknown>>,
  { rule }: ActionInput,
  context: TraceContext,
): Omit<TraceStep, 'kind'> {
  const queue = context.lag().find(({ stage }) => stage === `action ${rule}.${kind}`);
  const text = `action ${kind} ${JSON.stringify(targetOf(members))}`;
  if (!queue) return { state: 'skipped', text: `${text}: not emulated on this machine` };
  return queue.backlog > 0
    ? { state: 'waiting', text: `${text}: ${queue.backlog} such actions are still to be carried out` }
    : { state: 'passed', text: `${text}: carried out` };
}

/** Members that say nothing of where a message goes. */
const NO_TARGET = new Set(['RoleArn', 'BatchMode', 'Separator', 'Qos', 'UseBase64', 'MessageFormat']);

function targetOf(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !NO_TARGET.has(name)));
}
