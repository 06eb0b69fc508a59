import type { MatchTopic } from './topic-filter.ts';

const BASIC_INGEST = '$aws/rules/';

/** A topic name, split into levels at most once. Basic Ingest's `$aws/rules/<rule>/` is not part of what rules see. */
export class Topic {
  /** As published. */
  readonly published: string;
  /** As `topic()` gives it: without the Basic Ingest prefix. */
  readonly name: string;
  /** The rule that a Basic Ingest publish addresses. */
  readonly ruleName: string | undefined;
  #levels: readonly string[] | undefined;
  #memo: Map<object, string> | undefined;
  #lastFilter: MatchTopic | undefined;
  #lastAnswer = false;

  constructor(published: string) {
    this.published = published;
    const addressed = published.startsWith(BASIC_INGEST) ? splitBasicIngest(published) : undefined;
    this.name = addressed?.name ?? published;
    this.ruleName = addressed?.ruleName;
  }

  get levels(): readonly string[] {
    this.#levels ??= this.name.split('/');
    return this.#levels;
  }

  /** The level `n`, counted from 1 as `topic(n)` does; undefined when there is none. */
  level(n: number): string | undefined {
    return this.levels[n - 1];
  }

  /** Does it match a filter? Rules on one message mostly share theirs, so the last answer is kept. */
  isMatchedBy(matchTopic: MatchTopic): boolean {
    if (matchTopic !== this.#lastFilter) {
      this.#lastFilter = matchTopic;
      this.#lastAnswer = matchTopic(this.name);
    }
    return this.#lastAnswer;
  }

  /** A text that depends on nothing but this topic, computed once per key. */
  memoized(key: object, compute: () => string): string {
    this.#memo ??= new Map();
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const text = compute();
    this.#memo.set(key, text);
    return text;
  }
}

function splitBasicIngest(published: string): { name: string; ruleName: string } | undefined {
  const slash = published.indexOf('/', BASIC_INGEST.length);
  if (slash < 0) return { name: '', ruleName: published.slice(BASIC_INGEST.length) };
  return { name: published.slice(slash + 1), ruleName: published.slice(BASIC_INGEST.length, slash) };
}
