import { listOf, type Properties } from '../stack/template.ts';
import { nested, oneOrMany, type TemplateView } from './template-view.ts';

/** One statement of a policy that is attached to a role. */
export interface RoleStatement {
  readonly role: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Properties;
}

/** All statements of inline and customer policies, by role. */
export function roleStatements(view: TemplateView): readonly RoleStatement[] {
  const inline = view
    .ofType('AWS::IAM::Role')
    .flatMap(({ id, properties }) =>
      listOf(properties, 'Policies').flatMap((policy) => statementsOf(id, nested(policy, 'PolicyDocument'))),
    );
  const attached = view
    .ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
    .flatMap(({ properties }) =>
      oneOrMany(properties.Roles).flatMap((role) =>
        statementsOf(view.target(role)?.id ?? String(role), nested(properties, 'PolicyDocument')),
      ),
    );
  return [...inline, ...attached];
}

/** The statements that say who may assume a role. */
export function trustStatements({ properties }: { readonly properties: Properties }): readonly Properties[] {
  return oneOrMany(nested(properties, 'AssumeRolePolicyDocument').Statement) as Properties[];
}

/** The services that may assume a role. */
export function trustedServices(statement: Properties): readonly string[] {
  return oneOrMany(nested(statement, 'Principal').Service).map(String);
}

function statementsOf(role: string, document: Properties): RoleStatement[] {
  return (oneOrMany(document.Statement) as Properties[]).map((statement) => ({
    role,
    effect: String(statement.Effect),
    actions: oneOrMany(statement.Action).map(String),
    resources: oneOrMany(statement.Resource).map(String),
    conditions: nested(statement, 'Condition'),
  }));
}
