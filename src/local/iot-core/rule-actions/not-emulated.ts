import type { Properties } from '../../../stack/template.ts';
import type { CompiledAction } from '../../../topic-rules/compile-action.ts';
import { hostOf, isAllowedUrl } from './allowed-http-host.ts';
import { DELIVERIES } from './deliveries.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';
import { APPEND_ACTIONS } from './stream-actions.ts';

/** Why an action does nothing here, to follow "action X is not emulated"; undefined when it works. */
export function notEmulatedReason(
  action: CompiledAction,
  { allowedHttpHosts }: Pick<RuleActionTargets, 'allowedHttpHosts'>,
): string | undefined {
  const { kind, members } = action;
  if (!Object.hasOwn(APPEND_ACTIONS, kind) && !Object.hasOwn(DELIVERIES, kind))
    return 'there is no stand-in for its target';
  if (kind !== 'Http') return undefined;
  if ((members.Auth as Properties | undefined)?.Sigv4) return 'requests are not signed with SigV4';
  const url = action.template('Url')!;
  if (!url.isConstant || isAllowedUrl(url.text, allowedHttpHosts)) return undefined;
  const host = hostOf(url.text);
  return host === undefined
    ? `'${url.text}' is not an http address`
    : `its host is not allowed; allow it with --allow-http ${host}`;
}

/** A member that is accepted and changes nothing here; undefined when there is none. */
export function ignoredMember({
  kind,
  members,
}: Pick<CompiledAction, 'kind' | 'members'>): string | undefined {
  const { CannedAcl } = members;
  return kind === 'S3' && CannedAcl !== undefined && CannedAcl !== 'private' ? 'CannedAcl' : undefined;
}
