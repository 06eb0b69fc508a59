import { Topic } from './topic.ts';

/** Topics whose matches are remembered; one per device and sensor, so a fleet of this size is matched by one look-up. */
const MAX_CACHED_TOPICS = 50_000;

/** Something with a topic filter: a rule, or anything else that wants the messages of some topics. */
export interface TopicSubscription<Value> {
  /** Undefined for a rule that only Basic Ingest reaches. */
  readonly topicFilter: string | undefined;
  /** The name by which Basic Ingest addresses it. */
  readonly ruleName?: string | undefined;
  readonly value: Value;
}

/** The topic, split once, and what wants its messages. */
export interface TopicMatch<Value> {
  readonly topic: Topic;
  readonly values: readonly Value[];
}

/** One level of filters. */
interface TrieNode<Value> {
  readonly children: Map<string, TrieNode<Value>>;
  readonly exact: Entry<Value>[];
  /** Filters that end here in `#`. */
  readonly rest: Entry<Value>[];
}

interface Entry<Value> {
  readonly order: number;
  readonly value: Value;
}

/**
 * Finds which of many topic filters match a topic: a trie over the levels, and the answers for recent topics remembered.
 * Matches come in the order the subscriptions were given.
 */
export class TopicMatcher<Value> {
  readonly #root: TrieNode<Value> = createNode();
  readonly #byRuleName = new Map<string, Value>();
  readonly #cache = new Map<string, TopicMatch<Value>>();
  readonly #maxCachedTopics: number;

  constructor(subscriptions: Iterable<TopicSubscription<Value>>, maxCachedTopics = MAX_CACHED_TOPICS) {
    this.#maxCachedTopics = maxCachedTopics;
    let order = 0;
    for (const { topicFilter, ruleName, value } of subscriptions) {
      if (topicFilter !== undefined) this.#insert(topicFilter, { order: order++, value });
      if (ruleName !== undefined) this.#byRuleName.set(ruleName, value);
    }
  }

  /** The subscriptions that a topic reaches. A Basic Ingest topic reaches the rule it names and no other. */
  match(published: string): TopicMatch<Value> {
    const known = this.#cache.get(published);
    if (known !== undefined) return known;
    const topic = new Topic(published);
    const match = { topic, values: this.#find(topic) };
    this.#remember(published, match);
    return match;
  }

  #find(topic: Topic): readonly Value[] {
    if (topic.ruleName !== undefined) {
      const value = this.#byRuleName.get(topic.ruleName);
      return value === undefined ? [] : [value];
    }
    const found: Entry<Value>[] = [];
    collect(this.#root, topic.levels, 0, topic.name.startsWith('$'), found);
    return found.sort((a, b) => a.order - b.order).map(({ value }) => value);
  }

  /** When full, the older half of the answers is forgotten at once: cheaper per topic than keeping them sorted by use. */
  #remember(published: string, match: TopicMatch<Value>): void {
    if (this.#cache.size >= this.#maxCachedTopics) {
      let toForget = this.#cache.size / 2;
      for (const topic of this.#cache.keys()) {
        if (toForget-- <= 0) break;
        this.#cache.delete(topic);
      }
    }
    this.#cache.set(published, match);
  }

  #insert(filter: string, entry: Entry<Value>): void {
    const levels = filter.split('/');
    const isPrefix = levels.at(-1) === '#';
    let node = this.#root;
    for (const level of isPrefix ? levels.slice(0, -1) : levels) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = createNode();
        node.children.set(level, child);
      }
      node = child;
    }
    (isPrefix ? node.rest : node.exact).push(entry);
  }
}

function createNode<Value>(): TrieNode<Value> {
  return { children: new Map(), exact: [], rest: [] };
}

/** `a/#` does not match `a` (AWS IoT developer guide, topics), and wildcards do not match a first level with `$`. */
function collect<Value>(
  node: TrieNode<Value>,
  levels: readonly string[],
  depth: number,
  isReserved: boolean,
  found: Entry<Value>[],
): void {
  if (depth === levels.length) {
    found.push(...node.exact);
    return;
  }
  if (!isReserved || depth > 0) {
    found.push(...node.rest);
    const any = node.children.get('+');
    if (any !== undefined) collect(any, levels, depth + 1, isReserved, found);
  }
  const child = levels[depth] === '+' ? undefined : node.children.get(levels[depth]!);
  if (child !== undefined) collect(child, levels, depth + 1, isReserved, found);
}
