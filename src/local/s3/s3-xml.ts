import type { AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';
import { escapeXml } from '../aws-endpoint/aws-endpoint-xml.ts';

/** A tree to print as XML: text, elements by name, or several elements of one name. */
export type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlValue[];

export interface XmlElements {
  readonly [name: string]: XmlValue;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function xmlResponse(root: string, elements: XmlElements, status = 200): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${children(elements)}</${root}>`,
  };
}

/** The texts of all elements of one name inside an XML request, in order, with entities resolved. */
export function textsOf(xml: string, name: string): string[] {
  const pattern = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</(?:\\w+:)?${name}>`, 'g');
  return Array.from(xml.matchAll(pattern), ([, text]) => unescapeXml(text!));
}

function children(elements: XmlElements): string {
  return Object.entries(elements)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((each: XmlValue) => element(name, each)).join('');
  const inner = typeof value === 'object' ? children(value as XmlElements) : escapeXml(String(value));
  return `<${name}>${inner}</${name}>`;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (entity, hex?: string, decimal?: string, name?: string) => {
      if (name) return NAMED[name] ?? entity;
      return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
    },
  );
}
