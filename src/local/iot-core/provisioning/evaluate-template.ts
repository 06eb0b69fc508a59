import { ProvisioningError } from './provisioning-error.ts';
import type { DeclaredResource, Override, TemplateBody } from './template-body.ts';
import { evaluateExpression, type TemplateValues } from './template-expression.ts';

export interface PlannedThing {
  readonly logicalName: string;
  readonly thingName: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly attributesOverride: Override;
  readonly typeOverride: Override;
}

export interface PlannedCertificate {
  readonly logicalName: string;
  /** Exactly one of these three is there. */
  readonly certificateId: string | undefined;
  readonly signingRequest: string | undefined;
  readonly pem: string | undefined;
  readonly caPem: string | undefined;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly statusOverride: Override;
}

export interface PlannedPolicy {
  readonly logicalName: string;
  readonly policyName: string | undefined;
  readonly document: string | undefined;
}

/** What a template wants for one device. */
export interface ProvisioningPlan {
  readonly thing: PlannedThing | undefined;
  readonly certificate: PlannedCertificate | undefined;
  readonly policies: readonly PlannedPolicy[];
  readonly deviceConfiguration: Readonly<Record<string, string>>;
}

/** AWS IoT API reference: CreateThing, thingName and attributes. */
const NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

/**
 * Puts the values of one device into a template.
 * @throws ProvisioningError InvalidParameters for a value that is missing, or that makes no name
 */
export function evaluateTemplate(
  body: TemplateBody,
  given: Readonly<Record<string, string>>,
): ProvisioningPlan {
  const parameters = new Map<string, string>();
  for (const [name, fallback] of body.parameters) {
    const value = Object.hasOwn(given, name) ? given[name] : fallback;
    if (value !== undefined) parameters.set(name, value);
  }
  const values: TemplateValues = { parameters, mappings: body.mappings };
  const ofType = (type: DeclaredResource['type']) => body.resources.filter((each) => each.type === type);
  const [thing] = ofType('AWS::IoT::Thing');
  const [certificate] = ofType('AWS::IoT::Certificate');
  return {
    thing: thing && planThing(thing, values),
    certificate: certificate && planCertificate(certificate, values),
    policies: ofType('AWS::IoT::Policy').map((policy) => planPolicy(policy, values)),
    deviceConfiguration: evaluateMap(body.deviceConfiguration, values),
  };
}

function planThing(resource: DeclaredResource, values: TemplateValues): PlannedThing {
  const { logicalName, overrides } = resource;
  const thingName = propertyOf(resource, 'ThingName', values)!;
  const thingTypeName = propertyOf(resource, 'ThingTypeName', values);
  for (const name of [thingName, thingTypeName ?? 'none'])
    if (!NAME.test(name)) throw invalid(`'${name.slice(0, 128)}' is not a name of a thing or its type`);
  const attributes = evaluateMap(resource.attributes, values);
  for (const [name, value] of Object.entries(attributes))
    if (!ATTRIBUTE_NAME.test(name) || !ATTRIBUTE_VALUE.test(value))
      throw invalid(`'${value.slice(0, 128)}' cannot be the attribute '${name.slice(0, 128)}' of a thing`);
  return {
    logicalName,
    thingName,
    thingTypeName,
    attributes,
    attributesOverride: overrides.get('AttributePayload') ?? 'DO_NOTHING',
    typeOverride: overrides.get('ThingTypeName') ?? 'DO_NOTHING',
  };
}

function planCertificate(resource: DeclaredResource, values: TemplateValues): PlannedCertificate {
  const status = (propertyOf(resource, 'Status', values) ?? 'ACTIVE').toUpperCase();
  if (status !== 'ACTIVE' && status !== 'INACTIVE')
    throw invalid(`the status of a certificate becomes ACTIVE or INACTIVE, not '${status.slice(0, 40)}'`);
  return {
    logicalName: resource.logicalName,
    certificateId: propertyOf(resource, 'CertificateId', values),
    signingRequest: propertyOf(resource, 'CertificateSigningRequest', values),
    pem: propertyOf(resource, 'CertificatePem', values),
    caPem: propertyOf(resource, 'CACertificatePem', values),
    status,
    statusOverride: resource.overrides.get('Status') ?? 'DO_NOTHING',
  };
}

function planPolicy(resource: DeclaredResource, values: TemplateValues): PlannedPolicy {
  return {
    logicalName: resource.logicalName,
    policyName: propertyOf(resource, 'PolicyName', values),
    document: propertyOf(resource, 'PolicyDocument', values),
  };
}

function propertyOf(
  { properties }: DeclaredResource,
  name: string,
  values: TemplateValues,
): string | undefined {
  const expression = properties.get(name);
  return expression && evaluateExpression(expression, values);
}

function evaluateMap(
  expressions: DeclaredResource['attributes'],
  values: TemplateValues,
): Record<string, string> {
  return Object.fromEntries(
    [...expressions].map(([name, expression]) => [name, evaluateExpression(expression, values)]),
  );
}

function invalid(text: string): ProvisioningError {
  return new ProvisioningError('InvalidParameters', `Cannot provision: ${text}`);
}
