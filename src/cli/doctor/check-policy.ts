import { X509Certificate } from 'node:crypto';
import type { IotRegistry, RegisteredCertificate } from '../../../devices/provisioning/iot-registry.ts';
import {
  compilePolicies,
  type NamedPolicy,
  type PolicyDecision,
  parsePolicyDocument,
} from '../../iot-policy/index.ts';
import { certificateValues } from '../../local/iot-core/authorization/certificate-values.ts';
import { broken, type Finding, ok, skipped } from './finding.ts';

export interface PolicyQuestion {
  readonly certificate: RegisteredCertificate;
  readonly certificatePem: string;
  readonly thingName: string;
  readonly topic: string;
  readonly registry: IotRegistry;
  readonly isLocal: boolean;
}

/**
 * What the attached policies say to connecting and publishing. On AWS a group of things may have policies too: then only what
 * is denied outright is a finding, and the connection decides the rest.
 */
export async function checkPolicy(question: PolicyQuestion): Promise<Finding> {
  const { certificate, registry, isLocal } = question;
  const names = await registry.policiesOf(certificate.arn);
  if (names.length === 0 && isLocal)
    return broken(
      'policy',
      'no policy is attached to the certificate',
      '"mesonet provision" with this device attaches the one of the stack',
    );
  const policies = await Promise.all(names.map((name) => readPolicy(name, registry)));
  for (const [action, resource] of requestsOf(question)) {
    const decided = compilePolicies(policies, await valuesOf(question)).evaluate(action, resource);
    if (decided.decision === 'allowed') continue;
    const text = `${action} on ${resource} is ${reasonOf(decided, names)}`;
    if (decided.decision === 'implicitDeny' && !isLocal)
      return skipped(
        'policy',
        `${text}; policies of thing groups are not looked at, the connection will tell`,
      );
    return broken(
      'policy',
      text,
      'change the policy, attach another one, or publish where this one allows it',
    );
  }
  return ok('policy', `${names.join(', ')} lets it connect and publish to ${question.topic}`);
}

function requestsOf({ certificate, thingName, topic }: PolicyQuestion): [string, string][] {
  const prefix = certificate.arn.replace(/cert\/[\da-f]+$/, '');
  return [
    ['iot:Connect', `${prefix}client/${thingName}`],
    ['iot:Publish', `${prefix}topic/${topic}`],
  ];
}

async function valuesOf({ certificatePem, certificate, thingName, registry }: PolicyQuestion) {
  const isAttached = (await registry.thingsOf(certificate.arn)).includes(thingName);
  const thing = isAttached ? await registry.thing(thingName) : undefined;
  const attributes = Object.entries(thing?.attributes ?? {}).map(([name, value]) => [
    `iot:Connection.Thing.Attributes[${name}]`,
    value,
  ]);
  return {
    ...certificateValues(new X509Certificate(certificatePem)),
    ...(Object.fromEntries(attributes) as Record<string, string>),
    'iot:ClientId': thingName,
    'iot:Connection.Thing.ThingName': isAttached ? thingName : undefined,
    'iot:Connection.Thing.ThingTypeName': thing?.typeName,
    'iot:Connection.Thing.IsAttached': String(isAttached),
  };
}

async function readPolicy(name: string, registry: IotRegistry): Promise<NamedPolicy> {
  const { document } = (await registry.policy(name)) ?? { document: '{}' };
  return { name, document: parsePolicyDocument(document) };
}

function reasonOf({ decision, statement }: PolicyDecision, names: readonly string[]): string {
  if (decision === 'implicitDeny') return `allowed by none of the attached policies (${names.join(', ')})`;
  return `denied by statement ${statement?.sid ?? statement?.index} of policy '${statement?.policyName}'`;
}
