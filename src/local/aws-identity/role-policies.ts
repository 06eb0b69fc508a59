import {
  compilePolicies,
  type NamedPolicy,
  type PolicyDocument,
  PolicyError,
  parsePolicyDocument,
} from '../../iot-policy/index.ts';
import type { RoleResource } from '../../stack/stack.ts';

/** IAM and STS quotas: characters of the inline policies of a role, and of its trust policy. */
const MAX_ROLE_POLICY_CHARACTERS = 10_240;

/** The policies of a role, read. @throws PolicyError for what IAM has and is not understood here, so that nothing is let pass */
export function parseRolePolicies({ policies }: RoleResource): NamedPolicy[] {
  return policies.map(({ name, document }) => ({
    name,
    document: parsePolicyDocument(document, MAX_ROLE_POLICY_CHARACTERS),
  }));
}

/**
 * May a service assume the role? (IAM user guide, role trust policies.)
 * @param service for example `credentials.iot.amazonaws.com`
 * @param values of the condition keys
 * What cannot be read trusts nobody.
 */
export function isTrusted(
  { name, trustDocument }: RoleResource,
  service: string,
  values: Readonly<Record<string, string>>,
): boolean {
  const document = readableTrust(trustDocument, service);
  if (!document) return false;
  const policies = compilePolicies([{ name, document }], values);
  return policies.evaluate('sts:AssumeRole', '*').decision === 'allowed';
}

interface TrustStatement {
  readonly Principal?: { readonly Service?: string | readonly string[] };
}

function readableTrust(text: string, service: string): PolicyDocument | undefined {
  try {
    return parseTrust(text, service);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

/** A statement of trust has a principal where others have a resource. */
function parseTrust(text: string, service: string): PolicyDocument | undefined {
  const json = JSON.parse(text) as { readonly Version?: string; readonly Statement?: unknown };
  const about = ([json.Statement].flat() as TrustStatement[])
    .filter(({ Principal }) => [Principal?.Service ?? []].flat().includes(service))
    .map(({ Principal: _, ...statement }) => ({ ...statement, Resource: '*' }));
  if (about.length === 0) return undefined;
  const rest = JSON.stringify({ Version: json.Version ?? '2008-10-17', Statement: about });
  return parsePolicyDocument(rest, MAX_ROLE_POLICY_CHARACTERS);
}
