import { ProvisioningError, ProvisioningTemplateError } from './provisioning-error.ts';

/** A value of a template that is known once the parameters are. */
export type Expression =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ref'; readonly parameter: string }
  | { readonly kind: 'join'; readonly separator: string; readonly list: ListExpression }
  | {
      readonly kind: 'select';
      readonly index: Expression;
      readonly list: ListExpression;
      readonly place: string;
    }
  | { readonly kind: 'find'; readonly keys: readonly Expression[]; readonly place: string }
  | { readonly kind: 'sub'; readonly pieces: readonly Expression[] };

export type ListExpression =
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'split'; readonly separator: string; readonly text: Expression };

export type Mappings = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

/** What an expression may refer to. */
export interface TemplateNames {
  readonly parameters: ReadonlySet<string>;
  readonly hasMappings: boolean;
}

/** What it refers to, when it is evaluated. */
export interface TemplateValues {
  readonly parameters: ReadonlyMap<string, string>;
  readonly mappings: Mappings;
}

export type JsonMap = Readonly<Record<string, unknown>>;

type Parse = (argument: unknown, place: string, names: TemplateNames) => Expression;

/** AWS IoT developer guide, provision-template, fleet provisioning: the functions that a template may call. */
const FUNCTIONS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['Ref', parseRef],
  ['Fn::Join', parseJoin],
  ['Fn::Select', parseSelect],
  ['Fn::FindInMap', parseFindInMap],
  ['Fn::Sub', parseSub],
]);

/** @throws ProvisioningTemplateError that names the place of what is not a text or a known function */
export function parseExpression(value: unknown, place: string, names: TemplateNames): Expression {
  if (typeof value === 'string') return { kind: 'text', text: value };
  const [name, argument] = callOf(value, place);
  const parse = FUNCTIONS.get(name);
  if (parse) return parse(argument, `${place}.${name}`, names);
  if (name === 'Fn::Split')
    throw problem(place, 'Fn::Split gives a list, which only Fn::Join and Fn::Select take');
  const known = [...FUNCTIONS.keys(), 'Fn::Split'].join(', ');
  throw problem(place, `'${name}' is not a function of provisioning templates; those are ${known}`);
}

/** @throws ProvisioningError for what the values do not have */
export function evaluateExpression(expression: Expression, values: TemplateValues): string {
  switch (expression.kind) {
    case 'text':
      return expression.text;
    case 'ref':
      return parameterOf(expression.parameter, values);
    case 'join':
      return evaluateList(expression.list, values).join(expression.separator);
    case 'sub':
      return expression.pieces.map((piece) => evaluateExpression(piece, values)).join('');
    case 'select': {
      const list = evaluateList(expression.list, values);
      const index = evaluateExpression(expression.index, values);
      const found = /^\d+$/.test(index) ? list[Number(index)] : undefined;
      return found ?? missing(expression.place, `a list of ${list.length} has no element '${index}'`);
    }
    case 'find': {
      const keys = expression.keys.map((key) => evaluateExpression(key, values));
      const found = keys.reduce<unknown>(memberOf, values.mappings);
      return typeof found === 'string' ? found : missing(expression.place, `no mapping '${keys.join('.')}'`);
    }
  }
}

function parameterOf(name: string, { parameters }: TemplateValues): string {
  return parameters.get(name) ?? missing('Parameters', `parameter '${name}' has no value and no default`);
}

function evaluateList(list: ListExpression, values: TemplateValues): string[] {
  return list.kind === 'list'
    ? list.items.map((item) => evaluateExpression(item, values))
    : evaluateExpression(list.text, values).split(list.separator);
}

function parseRef(argument: unknown, place: string, names: TemplateNames): Expression {
  return { kind: 'ref', parameter: declared(argument, place, names) };
}

function declared(name: unknown, place: string, { parameters }: TemplateNames): string {
  if (typeof name !== 'string' || !parameters.has(name))
    throw problem(place, `${JSON.stringify(name)} is not a parameter of the template`);
  return name;
}

function parseJoin(argument: unknown, place: string, names: TemplateNames): Expression {
  const [separator, list] = tuple(argument, place, 2);
  if (typeof separator !== 'string') throw problem(`${place}[0]`, 'the separator is not a text');
  return { kind: 'join', separator, list: parseList(list, `${place}[1]`, names) };
}

function parseSelect(argument: unknown, place: string, names: TemplateNames): Expression {
  const [given, list] = tuple(argument, place, 2);
  const index = parseExpression(typeof given === 'number' ? String(given) : given, `${place}[0]`, names);
  return { kind: 'select', index, list: parseList(list, `${place}[1]`, names), place };
}

function parseFindInMap(argument: unknown, place: string, names: TemplateNames): Expression {
  if (!names.hasMappings) throw problem(place, 'the template has no Mappings');
  const keys = tuple(argument, place, 3);
  return { kind: 'find', keys: keys.map((key, i) => parseExpression(key, `${place}[${i}]`, names)), place };
}

function parseSub(argument: unknown, place: string, names: TemplateNames): Expression {
  const [text, given] = typeof argument === 'string' ? [argument, {}] : tuple(argument, place, 2);
  if (typeof text !== 'string') throw problem(place, 'what is to be substituted is not a text');
  const own = jsonMap(given, `${place}[1]`);
  // The odd pieces are what stood between the braces.
  const pieces = text.split(/\$\{([^}]*)\}/).map((piece, i): Expression => {
    if (i % 2 === 0) return { kind: 'text', text: piece };
    if (piece.startsWith('!')) return { kind: 'text', text: `\${${piece.slice(1)}}` };
    return Object.hasOwn(own, piece)
      ? parseExpression(own[piece], `${place}[1].${piece}`, names)
      : { kind: 'ref', parameter: declared(piece, place, names) };
  });
  return { kind: 'sub', pieces };
}

function parseList(value: unknown, place: string, names: TemplateNames): ListExpression {
  if (Array.isArray(value))
    return { kind: 'list', items: value.map((item, i) => parseExpression(item, `${place}[${i}]`, names)) };
  const [name, argument] = callOf(value, place);
  if (name !== 'Fn::Split') throw problem(place, `a list or Fn::Split is expected, not '${name}'`);
  const [separator, text] = tuple(argument, `${place}.Fn::Split`, 2);
  if (typeof separator !== 'string' || separator === '')
    throw problem(`${place}.Fn::Split[0]`, 'the separator is not a text with characters');
  return { kind: 'split', separator, text: parseExpression(text, `${place}.Fn::Split[1]`, names) };
}

function callOf(value: unknown, place: string): [string, unknown] {
  const entries = isJsonMap(value) ? Object.entries(value) : [];
  if (entries.length !== 1)
    throw problem(place, `a text or one function is expected, not ${JSON.stringify(value)?.slice(0, 60)}`);
  return entries[0]!;
}

function tuple(value: unknown, place: string, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length)
    throw problem(place, `a list of ${length} is expected`);
  return value;
}

function memberOf(value: unknown, key: string): unknown {
  return isJsonMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function isJsonMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ProvisioningTemplateError */
export function jsonMap(value: unknown, place: string): JsonMap {
  if (!isJsonMap(value)) throw problem(place, 'an object is expected');
  return value;
}

export function problem(place: string, text: string): ProvisioningTemplateError {
  return new ProvisioningTemplateError(`The provisioning template is not valid at ${place}: ${text}`);
}

function missing(place: string, text: string): never {
  throw new ProvisioningError('InvalidParameters', `Cannot evaluate the template at ${place}: ${text}`);
}
