import { objectOf, type Properties, type Template, type TemplateResource } from '../stack/template.ts';

/**
 * A resource with its intrinsic functions turned into text that still says where it leads: `Ref` of X is `<X>`, an
 * attribute is `<X.Arn>`, a pseudo parameter `<AWS::Region>`. So a value can be read and followed at once.
 */
export interface ResourceView {
  readonly id: string;
  readonly type: string;
  readonly properties: Properties;
  readonly deletionPolicy: string;
}

export interface TemplateView {
  readonly template: Template;
  readonly resources: readonly ResourceView[];
  ofType(...types: readonly string[]): readonly ResourceView[];
  /** The resource that a value leads to, when it leads to one. */
  target(value: unknown): ResourceView | undefined;
}

interface DeployedResource extends TemplateResource {
  readonly DeletionPolicy?: string;
}

/** Reads a compiled template for the checks; never fails, whatever the template holds. */
export function viewTemplate(template: Template): TemplateView {
  const resources = Object.entries(template.Resources).map(([id, resource]) => ({
    id,
    type: resource.Type,
    properties: symbolic(resource.Properties ?? {}) as Properties,
    deletionPolicy: (resource as DeployedResource).DeletionPolicy ?? 'Delete',
  }));
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  return {
    template,
    resources,
    ofType: (...types) => resources.filter(({ type }) => types.includes(type)),
    target: (value) => byId.get(/<([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?>/.exec(String(value))?.[1] ?? ''),
  };
}

/** Every text inside a value, however deep. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

/** A value that IAM and CloudFormation let be one or a list. */
export function oneOrMany(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** A member several objects deep; an empty object where there is none. */
export function nested(properties: Properties, ...names: readonly string[]): Properties {
  return names.reduce(objectOf, properties);
}

function symbolic(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(symbolic);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && (name === 'Ref' || name?.startsWith('Fn::'))) return intrinsic(name, argument);
  return Object.fromEntries(entries.map(([key, entry]) => [key, symbolic(entry)]));
}

function intrinsic(name: string, argument: unknown): string {
  switch (name) {
    case 'Ref':
      return `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${Array.isArray(argument) ? argument.join('.') : argument}>`;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(symbolic(part))).join(separator);
    }
    case 'Fn::Sub':
      return substitute(argument);
    default:
      return `<${name} ${textsIn(symbolic(argument)).join(' ')}>`;
  }
}

function substitute(argument: unknown): string {
  const [text, values] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Properties];
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_, escaped: string, name: string) => {
    if (escaped) return `\${${name}}`;
    return name in values ? String(symbolic(values[name])) : `<${name}>`;
  });
}
