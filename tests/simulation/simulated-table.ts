export type Item = Record<string, unknown>;

interface Change {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
}

/** A request that DynamoDB refuses. */
export class RefusedRequest extends Error {
  constructor(name: string, message: string) {
    const { stackTraceLimit } = Error;
    // They come by the thousand, and nobody reads where from.
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = name;
  }
}

/**
 * A DynamoDB table in memory: single items, conditions and SET/REMOVE updates with the documented semantics (Amazon
 * DynamoDB developer guide, "Condition expressions", "Update expressions"); it refuses what it does not know.
 */
export class SimulatedTable {
  readonly #keys: readonly string[];
  readonly items = new Map<string, Item>();

  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  put(item: Item, change: Change): void {
    const key = this.#keyOf(item);
    this.#check(this.items.get(key), change);
    this.items.set(key, withoutUndefined(item));
  }

  /** Returns what the updated attributes were before. */
  update(key: Item, change: Change): Item {
    const name = this.#keyOf(key);
    const before = this.items.get(name);
    this.#check(before, change);
    const item = { ...(before ?? key) };
    const old: Item = {};
    for (const [attribute, value] of assignments(change)) {
      if (before && attribute in before) old[attribute] = before[attribute];
      if (value === undefined) delete item[attribute];
      else item[attribute] = value;
    }
    this.items.set(name, item);
    return old;
  }

  /** The items of a partition, newest sort key first. */
  newestOf(partition: unknown, limit: number): Item[] {
    const [hash, range] = this.#keys as [string, string];
    return [...this.items.values()]
      .filter((item) => item[hash] === partition)
      .sort((a, b) => Number(b[range]) - Number(a[range]))
      .slice(0, limit)
      .map((item) => ({ ...item }));
  }

  #keyOf(item: Item): string {
    return JSON.stringify(this.#keys.map((key) => item[key]));
  }

  #check(item: Item | undefined, change: Change): void {
    const { ConditionExpression: condition } = change;
    if (condition === undefined) return;
    const holds = condition.split(' OR ').some((part) => isTrue(part.trim(), item, change));
    if (!holds) throw new RefusedRequest('ConditionalCheckFailedException', 'The conditional request failed');
  }
}

function isTrue(part: string, item: Item | undefined, change: Change): boolean {
  const call = /^attribute_(not_)?exists\(([^)]+)\)$/.exec(part);
  if (call) {
    const exists = item !== undefined && nameOf(call[2]!, change) in item;
    return call[1] === undefined ? exists : !exists;
  }
  const comparison = /^(\S+) < (:\S+)$/.exec(part);
  if (!comparison) throw new RefusedRequest('ValidationException', `Not simulated: ${part}`);
  const left = item?.[nameOf(comparison[1]!, change)];
  const right = change.ExpressionAttributeValues![comparison[2]!];
  if (typeof left !== typeof right) return false;
  return (left as number) < (right as number);
}

/** The attributes that an update sets, or with undefined removes. */
function assignments(change: Change): [string, unknown][] {
  const { UpdateExpression: text = '', ExpressionAttributeValues: values } = change;
  if (text.startsWith('REMOVE '))
    return text
      .slice(7)
      .split(',')
      .map((name) => [nameOf(name, change), undefined]);
  if (!text.startsWith('SET ')) throw new RefusedRequest('ValidationException', `Not simulated: ${text}`);
  return text
    .slice(4)
    .split(',')
    .map((part) => {
      const [name, value] = part.split('=') as [string, string];
      return [nameOf(name, change), values![value]];
    });
}

function nameOf(name: string, { ExpressionAttributeNames: names }: Change): string {
  const text = name.trim();
  return text.startsWith('#') ? names![text]! : text;
}

function withoutUndefined(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
