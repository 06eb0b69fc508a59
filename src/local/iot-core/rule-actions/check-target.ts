import type { CompiledAction } from '../../../topic-rules/compile-action.ts';
import { LocalError } from '../../local-error.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';

type FindTarget = (name: string, targets: RuleActionTargets) => boolean;

/** The member that names the target, and whether the stack has it. Tables come and go, so they are not among these. */
const TARGETS: Readonly<Record<string, readonly [member: string, find: FindTarget]>> = {
  S3: ['BucketName', (name, { buckets }) => buckets.has(name)],
  Sns: ['TargetArn', (arn, { topics }) => topics.has(arn)],
  Sqs: ['QueueUrl', (url, { queues }) => queues.has(url.slice(url.lastIndexOf('/') + 1))],
};

/** @throws LocalError when an action names a target that is not in the stack */
export function checkTarget(action: CompiledAction, owner: string, targets: RuleActionTargets): void {
  const [member, find] = TARGETS[action.kind] ?? [];
  const template = member === undefined ? undefined : action.template(member);
  if (!template?.isConstant || !find || find(template.text, targets)) return;
  throw new LocalError(
    `Cannot start ${owner}: the target '${template.text}' of its ${action.kind} action is not in the stack`,
  );
}
