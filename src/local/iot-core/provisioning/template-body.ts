import {
  type Expression,
  type JsonMap,
  jsonMap,
  type Mappings,
  parseExpression,
  problem,
  type TemplateNames,
} from './template-expression.ts';

/** AWS IoT developer guide, provision-template: what to do where a resource is there already and is another. */
export type Override = 'DO_NOTHING' | 'REPLACE' | 'FAIL' | 'MERGE';

export type ResourceType = 'AWS::IoT::Thing' | 'AWS::IoT::Certificate' | 'AWS::IoT::Policy';

/** One resource as the template declares it; nothing in it is evaluated. */
export interface DeclaredResource {
  readonly logicalName: string;
  readonly type: ResourceType;
  readonly properties: ReadonlyMap<string, Expression>;
  /** Of a thing: its AttributePayload. */
  readonly attributes: ReadonlyMap<string, Expression>;
  readonly overrides: ReadonlyMap<string, Override>;
}

/** A provisioning template, checked. */
export interface TemplateBody {
  /** Names with their defaults; undefined where there is none. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
  readonly mappings: Mappings;
  readonly resources: readonly DeclaredResource[];
  readonly deviceConfiguration: ReadonlyMap<string, Expression>;
}

/** AWS IoT Core endpoints and quotas, fleet provisioning: characters of a template. */
export const MAX_TEMPLATE_CHARACTERS = 10_240;

interface ResourceRules {
  readonly properties: readonly string[];
  /** That the service has and this runtime has not. */
  readonly notEmulated?: readonly string[];
  /** How many of it a template may have. */
  readonly most: number;
  readonly overrides?: Readonly<Record<string, readonly Override[]>>;
}

const RULES: Readonly<Record<ResourceType, ResourceRules>> = {
  'AWS::IoT::Thing': {
    properties: ['ThingName', 'ThingTypeName'],
    notEmulated: ['ThingGroups', 'BillingGroup', 'PackageVersions'],
    most: 1,
    overrides: {
      AttributePayload: ['DO_NOTHING', 'REPLACE', 'FAIL', 'MERGE'],
      ThingTypeName: ['DO_NOTHING', 'REPLACE', 'FAIL'],
    },
  },
  'AWS::IoT::Certificate': {
    properties: [
      'CertificateId',
      'CertificateSigningRequest',
      'CertificatePem',
      'CACertificatePem',
      'Status',
    ],
    notEmulated: ['ThingPrincipalType'],
    most: 1,
    overrides: { Status: ['DO_NOTHING', 'REPLACE', 'FAIL'] },
  },
  'AWS::IoT::Policy': { properties: ['PolicyName', 'PolicyDocument'], most: 10 },
};

const SECTIONS = ['Parameters', 'Mappings', 'Resources', 'DeviceConfiguration'];

/**
 * Reads a provisioning template (AWS IoT developer guide, provision-template).
 * @throws ProvisioningTemplateError that names the place of what is wrong or unknown
 */
export function parseTemplateBody(text: string): TemplateBody {
  const body = jsonMap(parseJson(text), 'the beginning');
  checkMembers(body, SECTIONS, 'the beginning');
  const parameters = parseParameters(jsonMap(body.Parameters ?? {}, 'Parameters'));
  const mappings = parseMappings(body.Mappings ?? {});
  const names: TemplateNames = {
    parameters: new Set(parameters.keys()),
    hasMappings: body.Mappings !== undefined,
  };
  const resources = Object.entries(jsonMap(body.Resources, 'Resources')).map(([name, value]) =>
    parseResource(name, jsonMap(value, `Resources.${name}`), names),
  );
  checkCounts(resources);
  const deviceConfiguration = parseMap(body.DeviceConfiguration ?? {}, 'DeviceConfiguration', names);
  return { parameters, mappings, resources, deviceConfiguration };
}

function parseJson(text: string): unknown {
  if (text.length > MAX_TEMPLATE_CHARACTERS)
    throw problem('the end', `it has ${text.length} characters, and may have ${MAX_TEMPLATE_CHARACTERS}`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw problem('the beginning', `it is not JSON: ${(cause as Error).message}`);
  }
}

function parseParameters(given: JsonMap): Map<string, string | undefined> {
  const parameters = new Map<string, string | undefined>();
  for (const [name, value] of Object.entries(given)) {
    const place = `Parameters.${name}`;
    const declaration = jsonMap(value, place);
    checkMembers(declaration, ['Type', 'Default'], place);
    if (declaration.Type !== 'String')
      throw problem(`${place}.Type`, `the only type is "String", not ${JSON.stringify(declaration.Type)}`);
    const { Default: fallback } = declaration;
    if (fallback !== undefined && typeof fallback !== 'string')
      throw problem(`${place}.Default`, 'it is not a text');
    parameters.set(name, fallback);
  }
  return parameters;
}

function parseMappings(given: unknown): Mappings {
  const levels = (value: unknown, place: string, depth: number): void => {
    for (const [name, each] of Object.entries(jsonMap(value, place))) {
      if (depth < 2) levels(each, `${place}.${name}`, depth + 1);
      else if (typeof each !== 'string') throw problem(`${place}.${name}`, 'it is not a text');
    }
  };
  levels(given, 'Mappings', 0);
  return given as Mappings;
}

function parseResource(logicalName: string, given: JsonMap, names: TemplateNames): DeclaredResource {
  const place = `Resources.${logicalName}`;
  checkMembers(given, ['Type', 'Properties', 'OverrideSettings'], place);
  const type = given.Type as ResourceType;
  if (!Object.hasOwn(RULES, String(type)))
    throw problem(`${place}.Type`, `${JSON.stringify(type)} is none of ${Object.keys(RULES).join(', ')}`);
  const { AttributePayload, ...rest } = jsonMap(given.Properties ?? {}, `${place}.Properties`);
  if (AttributePayload !== undefined && type !== 'AWS::IoT::Thing')
    throw problem(`${place}.Properties.AttributePayload`, 'only things have attributes');
  const { properties, notEmulated = [] } = RULES[type];
  for (const name of notEmulated)
    if (name in rest) throw problem(`${place}.Properties.${name}`, 'it is not emulated');
  checkMembers(rest, properties, `${place}.Properties`);
  const resource: DeclaredResource = {
    logicalName,
    type,
    properties: parseMap(rest, `${place}.Properties`, names),
    attributes: parseMap(AttributePayload ?? {}, `${place}.Properties.AttributePayload`, names),
    overrides: parseOverrides(given.OverrideSettings ?? {}, type, `${place}.OverrideSettings`),
  };
  checkResource(resource, `${place}.Properties`);
  return resource;
}

function parseMap(given: unknown, place: string, names: TemplateNames): Map<string, Expression> {
  const entries = Object.entries(jsonMap(given, place));
  return new Map(entries.map(([name, value]) => [name, parseExpression(value, `${place}.${name}`, names)]));
}

function parseOverrides(given: unknown, type: ResourceType, place: string): Map<string, Override> {
  const rules = RULES[type].overrides ?? {};
  const settings = jsonMap(given, place);
  checkMembers(settings, Object.keys(rules), place);
  return new Map(
    Object.entries(settings).map(([name, value]) => {
      if (!rules[name]!.includes(value as Override))
        throw problem(`${place}.${name}`, `${JSON.stringify(value)} is none of ${rules[name]!.join(', ')}`);
      return [name, value as Override];
    }),
  );
}

/** What must stand together, or must not (AWS IoT developer guide, provision-template, resources section). */
function checkResource({ type, properties }: DeclaredResource, place: string): void {
  if (type === 'AWS::IoT::Thing' && !properties.has('ThingName'))
    throw problem(place, 'ThingName is missing');
  if (type === 'AWS::IoT::Policy' && properties.size === 0)
    throw problem(place, 'PolicyName or PolicyDocument is missing');
  if (type !== 'AWS::IoT::Certificate') return;
  const sources = ['CertificateId', 'CertificateSigningRequest', 'CertificatePem'];
  if (sources.filter((name) => properties.has(name)).length !== 1)
    throw problem(place, `exactly one of ${sources.join(', ')} is needed`);
  if (properties.has('CACertificatePem') && !properties.has('CertificatePem'))
    throw problem(`${place}.CACertificatePem`, 'it goes with CertificatePem only');
}

function checkCounts(resources: readonly DeclaredResource[]): void {
  for (const [type, { most }] of Object.entries(RULES)) {
    const count = resources.filter((resource) => resource.type === type).length;
    if (count > most) throw problem('Resources', `${count} of ${type}, at most ${most}`);
  }
}

function checkMembers(given: JsonMap, known: readonly string[], place: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw problem(place, `'${unknown}' is not known here; known are ${known.join(', ')}`);
}
