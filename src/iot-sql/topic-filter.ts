/** Tests whether a topic matches one filter. */
export type MatchTopic = (topic: string) => boolean;

/**
 * Does a topic match a filter (AWS IoT developer guide, topics)? `+` is one level, `#` one or more levels at the end:
 * unlike MQTT, `a/#` does not match `a`. Wildcards at the start do not match topics that begin with `$`.
 */
export function matchesTopicFilter(filter: string, topic: string): boolean {
  return compile(filter)(topic);
}

/** Filters kept compiled, so that rules of one filter share one closure. */
const MAX_CACHED_FILTERS = 2000;

const cache = new Map<string, MatchTopic>();

/** The same for many topics; equal filters give the same closure, as long as they are not too many. */
export function compileTopicFilter(filter: string): MatchTopic {
  const known = cache.get(filter);
  if (known !== undefined) return known;
  const compiled = compile(filter);
  if (cache.size < MAX_CACHED_FILTERS) cache.set(filter, compiled);
  return compiled;
}

function compile(filter: string): MatchTopic {
  if (filter === '#') return (topic) => !topic.startsWith('$');
  if (!filter.includes('+')) {
    if (!filter.endsWith('/#')) return (topic) => topic === filter;
    const prefix = filter.slice(0, -1);
    return (topic) => topic.startsWith(prefix);
  }
  const levels = filter.split('/');
  return (topic) => matchesLevels(levels, topic);
}

function matchesLevels(filter: readonly string[], topic: string): boolean {
  if (filter[0] === '+' && topic.startsWith('$')) return false;
  const levels = topic.split('/');
  for (const [index, level] of filter.entries()) {
    if (level === '#') return levels.length > index;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return filter.length === levels.length;
}

/** Why a text is no topic filter, and at which character; undefined when it is one. */
export function topicFilterProblem(
  filter: string,
): { readonly offset: number; readonly reason: string } | undefined {
  if (filter === '') return { offset: 0, reason: 'A topic filter may not be empty' };
  if (filter.includes('\u0000')) {
    return { offset: filter.indexOf('\u0000'), reason: 'A topic filter may not hold a zero character' };
  }
  let offset = 0;
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index < levels.length - 1)) {
      return {
        offset,
        reason: `"#" must be the last level of topic filter "${filter}" and stand alone in it`,
      };
    }
    if (level.includes('+') && level !== '+') {
      return { offset, reason: `"+" must be a whole level of topic filter "${filter}"` };
    }
    offset += level.length + 1;
  }
  return undefined;
}
