/** The syntax tree of a Fast Regex pattern. */
export type FastRegex =
  /** A pattern in RE2 syntax; `length` in characters, null where it varies. */
  | { readonly kind: 'pattern'; readonly pattern: string; readonly length: number | null }
  | { readonly kind: 'sequence'; readonly items: readonly FastRegex[] }
  | { readonly kind: 'union'; readonly items: readonly FastRegex[] }
  | {
      readonly kind: 'repeat';
      readonly item: FastRegex;
      readonly least: number;
      readonly most: number | null;
    }
  | { readonly kind: 'group'; readonly item: FastRegex };

/** How many characters every match has, null where that varies. */
export function fixedLength(node: FastRegex): number | null {
  switch (node.kind) {
    case 'pattern':
      return node.length;
    case 'group':
      return fixedLength(node.item);
    case 'sequence':
      return node.items.reduce<number | null>((sum, item) => add(sum, fixedLength(item)), 0);
    case 'union': {
      const lengths = new Set(node.items.map(fixedLength));
      return lengths.size === 1 ? ([...lengths][0] ?? null) : null;
    }
    case 'repeat': {
      const length = fixedLength(node.item);
      return length !== null && node.most === node.least ? length * node.least : null;
    }
  }
}

function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

export function containsGroup(node: FastRegex): boolean {
  switch (node.kind) {
    case 'pattern':
      return false;
    case 'group':
      return true;
    case 'repeat':
      return containsGroup(node.item);
    default:
      return node.items.some(containsGroup);
  }
}

/** The node in RE2 syntax; `lazy` repetitions take as little as they can, others as much. */
export function printRegex(node: FastRegex, lazy: boolean): string {
  switch (node.kind) {
    case 'pattern':
      return node.pattern;
    case 'group':
      return `(?:${printRegex(node.item, lazy)})`;
    case 'sequence':
      return node.items.map((item) => printRegex(item, lazy)).join('');
    case 'union':
      return `(?:${node.items.map((item) => printRegex(item, lazy)).join('|')})`;
    case 'repeat':
      return `(?:${printRegex(node.item, lazy)})${quantifier(node.least, node.most, lazy)}`;
  }
}

function quantifier(least: number, most: number | null, lazy: boolean): string {
  if (least === most) return least === 1 ? '' : `{${least}}`;
  const bounds = most === null ? `{${least},}` : `{${least},${most}}`;
  const short: Readonly<Record<string, string>> = { '{0,}': '*', '{1,}': '+', '{0,1}': '?' };
  return `${short[bounds] ?? bounds}${lazy ? '?' : ''}`;
}

/** Text as a pattern that matches it literally. */
export function quoteText(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&');
}
