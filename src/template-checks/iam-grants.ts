import type { Check, CheckContext } from './finding.ts';
import { flinkNeeds } from './flink-applications.ts';
import { roleStatements } from './iam-policy.ts';
import {
  deliveryNeeds,
  deviceNeeds,
  functionNeeds,
  integrationNeeds,
  ioTLoggingNeeds,
  provisioningNeeds,
  rolesOfRule,
  type ServiceNeeds,
  scheduleNeeds,
} from './service-actions.ts';
import { nested, type ResourceView, type TemplateView } from './template-view.ts';

interface RoleUser {
  readonly type: string;
  /** Where the resource names its role. */
  readonly role: (resource: ResourceView) => unknown;
  readonly needs: ServiceNeeds;
}

/** Who uses a role, and for which actions. Topic rules are apart: they name one for each action. */
const ROLE_USERS: readonly RoleUser[] = [
  { type: 'AWS::Lambda::Function', role: ({ properties }) => properties.Role, needs: functionNeeds },
  {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    role: ({ properties }) => nested(properties, 'ExtendedS3DestinationConfiguration').RoleARN,
    needs: deliveryNeeds,
  },
  {
    type: 'AWS::KinesisAnalyticsV2::Application',
    role: ({ properties }) => properties.ServiceExecutionRole,
    needs: flinkNeeds,
  },
  {
    type: 'AWS::ApiGatewayV2::Integration',
    role: ({ properties }) => properties.CredentialsArn,
    needs: integrationNeeds,
  },
  { type: 'AWS::IoT::RoleAlias', role: ({ properties }) => properties.RoleArn, needs: deviceNeeds },
  {
    type: 'AWS::IoT::ProvisioningTemplate',
    role: ({ properties }) => properties.ProvisioningRoleArn,
    needs: provisioningNeeds,
  },
  { type: 'AWS::IoT::Logging', role: ({ properties }) => properties.RoleArn, needs: ioTLoggingNeeds },
  {
    type: 'AWS::Scheduler::Schedule',
    role: ({ properties }) => nested(properties, 'Target').RoleArn,
    needs: scheduleNeeds,
  },
];

/** The actions that the users of a role need, by the role's logical id. */
type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Each granted action is used by the code or service that has the role, and each action that they use is granted.
 * What code uses is read from its bundle, what services use from their guides.
 */
export const iamGrants: Check = {
  name: 'iam-grants',
  run: (view, context) => {
    const needs = needsByRole(view, context);
    return view
      .ofType('AWS::IAM::Role')
      .flatMap(({ id }) => compareRole(id, needs.get(id), grantsOf(view, id)));
  },
};

function compareRole(id: string, needed: ReadonlySet<string> | undefined, granted: ReadonlySet<string>) {
  if (needed === undefined)
    return [
      {
        resource: id,
        about: 'user',
        message: `Cannot tell who uses role '${id}': nothing in the template that is known here has it`,
      },
    ];
  return [
    ...[...granted]
      .filter((action) => !needed.has(action))
      .map((action) => ({
        resource: id,
        about: action,
        message: `Cannot justify '${action}': neither the code nor the service that has the role uses it`,
      })),
    ...[...needed]
      .filter((action) => !granted.has(action))
      .map((action) => ({
        resource: id,
        about: action,
        message: `Cannot work without '${action}': the code or service that has the role uses it, and it is not granted`,
      })),
  ];
}

function grantsOf(view: TemplateView, id: string): ReadonlySet<string> {
  const statements = roleStatements(view).filter(({ role, effect }) => role === id && effect === 'Allow');
  return new Set(statements.flatMap(({ actions }) => actions));
}

function needsByRole(view: TemplateView, { functionActions }: CheckContext): Needs {
  const needs = new Map<string, Set<string>>();
  const add = (role: unknown, actions: readonly string[]): void => {
    const id = view.target(role)?.id;
    if (id === undefined) return;
    const known = needs.get(id) ?? new Set();
    for (const action of actions) known.add(action);
    needs.set(id, known);
  };
  for (const { type, role, needs: of } of ROLE_USERS)
    for (const resource of view.ofType(type))
      add(role(resource), [...of(resource, view), ...(functionActions.get(resource.id) ?? [])]);
  for (const rule of view.ofType('AWS::IoT::TopicRule'))
    for (const [role, actions] of rolesOfRule(rule)) add(role, actions);
  return needs;
}
