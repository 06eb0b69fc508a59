/** A part of a text of a policy: as it stands, a variable, or a variable without end. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  /** A character that is meant as it is, from `${*}`, `${?}` or `${$}`. */
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'unclosed' };

/** Splits at `${…}` (AWS IoT developer guide, iot-policy-variables; IAM user guide, policy variables, special characters). */
export function parseTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', from)) {
    if (open > from) parts.push({ kind: 'text', text: text.slice(from, open) });
    const close = text.indexOf('}', open);
    if (close < 0) return [...parts, { kind: 'unclosed' }];
    const name = text.slice(open + 2, close);
    parts.push(SPECIAL.includes(name) ? { kind: 'literal', text: name } : { kind: 'variable', name });
    from = close + 1;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

const SPECIAL = ['*', '?', '$'];

/** What policy variables and condition keys stand for. Names are compared without regard to case, as in IAM. */
export class PolicyValues {
  readonly #values = new Map<string, string | readonly string[]>();

  constructor(values: Readonly<Record<string, string | readonly string[] | undefined>>) {
    for (const [name, value] of Object.entries(values))
      if (value !== undefined) this.#values.set(name.toLowerCase(), value);
  }

  /** All values of a key; undefined when it has none. */
  all(name: string): readonly string[] | undefined {
    const value = this.#values.get(name.toLowerCase());
    return typeof value === 'string' ? [value] : value;
  }

  /** The value of a variable; undefined when it has none, has several, or has one that may not be put in a policy. */
  single(name: string): string | undefined {
    const value = this.#values.get(name.toLowerCase());
    if (typeof value !== 'string') return undefined;
    return /^iot:Certificate\./i.test(name) && !isSubstitutable(value) ? undefined : value;
  }
}

/** AWS IoT developer guide, cert-policy-variables: what is not replaced in a policy. */
function isSubstitutable(value: string): boolean {
  return value.length <= 1024 && !/[*$+?#]/.test(value);
}
