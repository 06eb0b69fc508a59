/** A compiled CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Properties;
}

/** Properties before or after their intrinsic functions were resolved. */
export type Properties = Readonly<Record<string, unknown>>;

export function textOf(properties: Properties, name: string): string | undefined {
  const value = properties[name];
  return value === undefined || value === null ? undefined : String(value);
}

export function numberOf(properties: Properties, name: string, otherwise: number): number {
  const value = properties[name];
  return value === undefined || value === null ? otherwise : Number(value);
}

export function objectOf(properties: Properties, name: string): Properties {
  const value = properties[name];
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Properties) : {};
}

export function listOf(properties: Properties, name: string): readonly Properties[] {
  const value = properties[name];
  return Array.isArray(value) ? (value as Properties[]) : [];
}
