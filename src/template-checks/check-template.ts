import type { Template } from '../stack/template.ts';
import { buckets } from './buckets.ts';
import { deliveryStreams } from './delivery-streams.ts';
import { encryption } from './encryption.ts';
import { eventSourceMappings } from './event-source-mappings.ts';
import { applyExceptions, type CheckException } from './exceptions.ts';
import type { Check, CheckContext, Finding } from './finding.ts';
import { flinkApplications } from './flink-applications.ts';
import { functionVariables } from './function-variables.ts';
import { functions } from './functions.ts';
import { httpApi } from './http-api.ts';
import { iamGrants } from './iam-grants.ts';
import { iamTrust } from './iam-trust.ts';
import { iamWildcards } from './iam-wildcards.ts';
import { iotPolicies } from './iot-policies.ts';
import { lifecycle } from './lifecycle.ts';
import { logGroups } from './log-groups.ts';
import { permissions } from './permissions.ts';
import { portability } from './portability.ts';
import { queues } from './queues.ts';
import { retiredServices } from './retired-services.ts';
import { tables } from './tables.ts';
import { viewTemplate } from './template-view.ts';
import { topicRuleSql, topicRules } from './topic-rules.ts';

/** All checks, by name. */
export const CHECKS: readonly Check[] = [
  retiredServices,
  topicRules,
  topicRuleSql,
  deliveryStreams,
  flinkApplications,
  lifecycle,
  eventSourceMappings,
  iamWildcards,
  iamGrants,
  iamTrust,
  iotPolicies,
  permissions,
  logGroups,
  buckets,
  tables,
  queues,
  encryption,
  functions,
  functionVariables,
  httpApi,
  portability,
];

/**
 * Checks a compiled template for what cfn-lint does not see.
 *
 * @param exceptions findings that are accepted, each with its reason; stale ones are findings themselves
 */
export function checkTemplate(
  template: Template,
  context: CheckContext,
  exceptions: readonly CheckException[] = [],
): readonly Finding[] {
  const view = viewTemplate(template);
  const findings = CHECKS.flatMap(({ name, run }) =>
    run(view, context).map((finding) => ({ check: name, ...finding })),
  );
  return applyExceptions(findings, exceptions);
}

/** A finding as one line. */
export function printFinding({ check, resource, message }: Finding): string {
  return `${resource}: ${message} [${check}]`;
}
