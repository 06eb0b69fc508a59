type Attributes = Readonly<Record<string, string>>;

/** Creates an element. Text always becomes a text node: nothing the page shows is ever parsed as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** Creates an SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[Tag] {
  const created = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** Writes text only when it differs, so that an unchanged page costs no layout. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Writes an attribute only when it differs; undefined removes it. */
export function setAttribute(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** One line of a list: its element, and how to show an item in it. */
export interface Row<Item> {
  readonly element: Element;
  update(item: Item): void;
  /** Frees what the row holds besides its element. */
  remove?(): void;
}

/**
 * Keeps the children of `parent` equal to `items`: rows are created, moved and removed by key and updated in place, so
 * that focus, selection and scroll position survive.
 */
export function createList<Item>(
  parent: Element,
  keyOf: (item: Item) => string,
  createRow: (item: Item) => Row<Item>,
): (items: readonly Item[]) => void {
  const rows = new Map<string, Row<Item>>();
  return (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      row.remove?.();
      row.element.remove();
      rows.delete(key);
    }
    items.forEach((item, index) => {
      const key = keyOf(item);
      const row = rows.get(key) ?? createRow(item);
      rows.set(key, row);
      row.update(item);
      if (parent.children[index] !== row.element)
        parent.insertBefore(row.element, parent.children[index] ?? null);
    });
  };
}

/** A titled part of the page: a landmark with its heading and an optional side note. */
export function section(id: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const heading = element('h2', { id: `${id}-title` }, title);
  return element('section', { id, class: 'panel', 'aria-labelledby': `${id}-title` }, heading, ...children);
}

/** A box that scrolls sideways by itself, by keyboard too, so that the page never does. */
export function scrollBox(label: string, ...children: readonly Node[]): HTMLElement {
  return element('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, ...children);
}
