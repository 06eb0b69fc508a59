import type { Properties } from '../stack/template.ts';
import { nested, oneOrMany, type TemplateView } from './template-view.ts';

export interface PolicyOf {
  /** The policy's resource type, and its member that names what it is for. */
  readonly type: string;
  readonly member: string;
  /** Logical id of what is to be protected. */
  readonly id: string;
  readonly action: string;
}

/** Is there a policy that denies every request without TLS? */
export function isTlsOnly(view: TemplateView, { type, member, id, action }: PolicyOf): boolean {
  return view
    .ofType(type)
    .filter(({ properties }) => oneOrMany(properties[member]).some((each) => view.target(each)?.id === id))
    .flatMap(({ properties }) => oneOrMany(nested(properties, 'PolicyDocument').Statement) as Properties[])
    .some(
      (statement) =>
        statement.Effect === 'Deny' &&
        oneOrMany(statement.Action).includes(action) &&
        String(nested(statement, 'Condition', 'Bool')['aws:SecureTransport']) === 'false',
    );
}
