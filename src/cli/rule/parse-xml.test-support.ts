/** An XML element. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>\n|<\/(?<closed>[\w:]+)>|<(?<opened>[\w:]+)(?<attributes>(?: [\w:]+="[^"<]*")*)(?<isEmpty>\/?)>|(?<text>[^<>]+)/gy;
const ATTRIBUTE = / (?<name>[\w:]+)="(?<value>[^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#10': '\n' };

/** Reads the part of XML that reports are written in, strictly: what is not well-formed throws. */
export function parseXml(xml: string): XmlElement {
  if (/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(xml))
    throw new Error('a character that XML 1.0 does not have');
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let end = 0;
  for (const { 0: token, index, groups = {} } of xml.matchAll(TOKEN)) {
    if (index !== end) break;
    end = index + token.length;
    if (groups.closed !== undefined) {
      if (open.pop()?.name !== groups.closed) throw new Error(`</${groups.closed}> closes nothing`);
    } else if (groups.opened !== undefined) {
      const element = {
        name: groups.opened,
        attributes: attributesOf(groups.attributes!),
        children: [],
        text: '',
      };
      open.at(-1)!.children.push(element);
      if (groups.isEmpty === '') open.push(element);
    } else if (groups.text !== undefined) open.at(-1)!.text += decode(groups.text);
  }
  if (end !== xml.length) throw new Error(`not well-formed at ${JSON.stringify(xml.slice(end, end + 40))}`);
  if (open.length !== 1 || root.children.length !== 1) throw new Error('not one element');
  return root.children[0]!;
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(({ groups }) => [groups!.name!, decode(groups!.value!)]),
  );
}

function decode(text: string): string {
  return text.replace(/&(?<name>[^;]*)(?<end>;?)/g, (_, name: string, end: string) => {
    const character = ENTITIES[name];
    if (character === undefined || end === '') throw new Error(`not an entity: &${name}`);
    return character;
  });
}
