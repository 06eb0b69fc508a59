/** A value as DynamoDB's API writes it (DynamoDB API reference, AttributeValue), as far as JSON can hold one. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Readonly<Record<string, AttributeValue>> };

/** Typed attributes from JSON text; numbers keep the digits they are written with. @throws SyntaxError when it is not JSON */
export function attributeValueOf(json: string): AttributeValue {
  return encode(parseWithNumberTexts(json));
}

class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

function parseWithNumberTexts(json: string): unknown {
  return (JSON.parse as ParseWithSource)(json, (_, value, { source }) =>
    typeof value === 'number' ? new NumberText(source ?? String(value)) : value,
  );
}

function encode(value: unknown): AttributeValue {
  if (value instanceof NumberText) return { N: value.text };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null || value === undefined) return { NULL: true };
  if (Array.isArray(value)) return { L: value.map(encode) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, encode(each)])) };
}

/** Plain JSON from an attribute; sets become arrays, and bytes stay the base64 text they are. */
export function jsonOfAttribute(attribute: object): unknown {
  const [type = '', value] = Object.entries(attribute)[0] ?? [];
  return (DECODERS[type] ?? ((other: never) => other))(value as never);
}

const DECODERS: Readonly<Record<string, (value: never) => unknown>> = {
  N: (text: string) => Number(text),
  NULL: () => null,
  L: (list: readonly object[]) => list.map(jsonOfAttribute),
  NS: (texts: readonly string[]) => texts.map(Number),
  M: (map: Readonly<Record<string, object>>) =>
    Object.fromEntries(Object.entries(map).map(([name, each]) => [name, jsonOfAttribute(each)])),
};
