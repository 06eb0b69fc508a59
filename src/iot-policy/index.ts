export {
  type CompiledPolicies,
  compilePolicies,
  type DecidingStatement,
  type NamedPolicy,
  type PolicyDecision,
} from './compile-policies.ts';
export { MAX_POLICY_CHARACTERS, parsePolicyDocument } from './parse-policy-document.ts';
export type { PolicyCondition, PolicyDocument, PolicyStatement } from './policy-document.ts';
export { PolicyError, type PolicyProblem } from './policy-error.ts';
