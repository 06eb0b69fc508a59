import { compileCondition } from './compile-condition.ts';
import type { PolicyCondition, PolicyDocument, PolicyStatement } from './policy-document.ts';
import { PolicyValues } from './policy-template.ts';
import { compileActionPattern, compilePattern, type TextMatcher } from './wildcard-pattern.ts';

/** A document under the name it was made with. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}

/** Where a decision stands in the policies. */
export interface DecidingStatement {
  readonly policyName: string;
  /** From 0. */
  readonly index: number;
  readonly sid: string | undefined;
}

/** What the policies say; without a statement when none speaks of the request. */
export interface PolicyDecision {
  readonly decision: 'allowed' | 'implicitDeny' | 'explicitDeny';
  readonly statement?: DecidingStatement;
}

/** The policies of one connection, ready to be asked for every message. */
export interface CompiledPolicies {
  /**
   * @param action for example `iot:Publish`
   * @param resource the whole ARN
   */
  evaluate(action: string, resource: string): PolicyDecision;
}

interface Rule {
  readonly decision: PolicyDecision;
  readonly matches: TextMatcher;
}

interface ActionRules {
  readonly denials: readonly Rule[];
  readonly grants: readonly Rule[];
}

const IMPLICIT_DENY: PolicyDecision = { decision: 'implicitDeny' };

/**
 * Compiles the policies that are attached to a principal, for one connection: what is known of it stays as it is while it
 * lasts, so variables and conditions are decided once for each action, when it is first asked about; a connection that only
 * connects holds no more than that (AWS IoT developer guide, iot-authorization; an explicit denial wins over everything that
 * is allowed).
 * @param values what policy variables and condition keys stand for, by name
 */
export function compilePolicies(
  policies: readonly NamedPolicy[],
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
): CompiledPolicies {
  const known = new PolicyValues(values);
  const byAction = new Map<string, ActionRules>();
  const rulesOf = (action: string): ActionRules => {
    const about = policies.flatMap(({ name, document }) =>
      document.statements.flatMap((statement) =>
        isAbout(statement, action) ? compileStatement(name, statement, known) : [],
      ),
    );
    return {
      denials: about.filter(({ decision }) => decision.decision === 'explicitDeny'),
      grants: about.filter(({ decision }) => decision.decision === 'allowed'),
    };
  };
  return {
    evaluate(action, resource) {
      let rules = byAction.get(action);
      if (!rules) {
        rules = rulesOf(action);
        byAction.set(action, rules);
      }
      return firstMatch(rules.denials, resource) ?? firstMatch(rules.grants, resource) ?? IMPLICIT_DENY;
    },
  };
}

function firstMatch(rules: readonly Rule[], resource: string): PolicyDecision | undefined {
  for (const rule of rules) if (rule.matches(resource)) return rule.decision;
  return undefined;
}

const actionPatterns = new WeakMap<PolicyStatement, readonly TextMatcher[]>();

/** Actions have no variables: their patterns are compiled once for all connections. */
function isAbout(statement: PolicyStatement, action: string): boolean {
  let patterns = actionPatterns.get(statement);
  if (!patterns) {
    patterns = statement.actions.map(compileActionPattern);
    actionPatterns.set(statement, patterns);
  }
  return patterns.some((matches) => matches(action)) !== statement.isNotAction;
}

/** Nothing, when the statement's conditions are not met by the connection. */
function compileStatement(policyName: string, statement: PolicyStatement, known: PolicyValues): Rule[] {
  const { effect, index, sid, conditions } = statement;
  const isMet = (condition: PolicyCondition): boolean =>
    compileCondition(condition, known, ifUnknown(effect))(known);
  if (!conditions.every(isMet)) return [];
  const decision = effect === 'Allow' ? 'allowed' : 'explicitDeny';
  return [
    {
      decision: { decision, statement: { policyName, index, sid } },
      matches: compileResources(statement, known),
    },
  ];
}

/** Whether "all but …" holds of something that cannot be told: what grants then does not, what denies does. */
function ifUnknown(effect: PolicyStatement['effect']): boolean {
  return effect === 'Deny';
}

function compileResources(
  { resources, isNotResource, effect }: PolicyStatement,
  known: PolicyValues,
): TextMatcher {
  const matchers = resources.flatMap((resource) => compilePattern(resource, known) ?? []);
  if (isNotResource)
    return matchers.length < resources.length
      ? () => ifUnknown(effect)
      : (resource) => !matchers.some((matches) => matches(resource));
  return (resource) => {
    for (const matches of matchers) if (matches(resource)) return true;
    return false;
  };
}
