interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  readonly exact: Map<string, Value>;
  /** Filters that end here in `#`. */
  readonly rest: Map<string, Value>;
}

/**
 * Subscriptions by topic filter, with wildcards as IoT Core reads them: `a/#` does not match `a`, and wildcards at the start do
 * not match topics that begin with `$` (AWS IoT developer guide, topics).
 */
export class FilterTree<Value> {
  readonly #root: Node<Value> = createNode();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param owner who subscribes; one owner has one value for each filter */
  add(filter: string, owner: string, value: Value): void {
    let node = this.#root;
    const levels = filter.split('/');
    const isRest = levels.at(-1) === '#';
    for (const level of isRest ? levels.slice(0, -1) : levels) {
      let child = node.children.get(level);
      if (!child) {
        child = createNode();
        node.children.set(level, child);
      }
      node = child;
    }
    const values = isRest ? node.rest : node.exact;
    if (!values.has(owner)) this.#size += 1;
    values.set(owner, value);
  }

  remove(filter: string, owner: string): void {
    const levels = filter.split('/');
    const isRest = levels.at(-1) === '#';
    this.#remove(this.#root, isRest ? levels.slice(0, -1) : levels, isRest, owner, 0);
  }

  /** One value for each owner, whose filters may overlap. */
  match(topic: string): Map<string, Value> {
    const found = new Map<string, Value>();
    if (this.#size > 0) collect(this.#root, topic.split('/'), 0, found);
    return found;
  }

  /** @returns whether nothing is left at the node */
  #remove(
    node: Node<Value>,
    levels: readonly string[],
    isRest: boolean,
    owner: string,
    depth: number,
  ): boolean {
    if (depth === levels.length) {
      if ((isRest ? node.rest : node.exact).delete(owner)) this.#size -= 1;
    } else {
      const child = node.children.get(levels[depth]!);
      if (child && this.#remove(child, levels, isRest, owner, depth + 1))
        node.children.delete(levels[depth]!);
    }
    return node.children.size === 0 && node.exact.size === 0 && node.rest.size === 0;
  }
}

function createNode<Value>(): Node<Value> {
  return { children: new Map(), exact: new Map(), rest: new Map() };
}

function collect<Value>(
  node: Node<Value>,
  levels: readonly string[],
  depth: number,
  found: Map<string, Value>,
): void {
  if (depth === levels.length) {
    for (const [owner, value] of node.exact) found.set(owner, value);
    return;
  }
  const level = levels[depth]!;
  const isReserved = depth === 0 && level.startsWith('$');
  if (!isReserved) for (const [owner, value] of node.rest) found.set(owner, value);
  const child = node.children.get(level);
  if (child) collect(child, levels, depth + 1, found);
  const any = isReserved ? undefined : node.children.get('+');
  if (any) collect(any, levels, depth + 1, found);
}
