import { matchesTopicFilter, TopicMatcher, topicFilterProblem } from '../../../src/iot-sql/index.ts';
import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';

const LEVELS = ['a', 'b', 'weather', '', '', '$SYS', '$aws', '__proto__', 'constructor', '\u{1f600}', 'ab'];
const FILTER_LEVELS = [...LEVELS, '+', '+', '+', '#', 'a+', '#b', '\u0000'];

function draw(random: SeededRandom, levels: readonly string[]): string {
  const count = random.chance(0.05) ? random.between(8, 40) : random.between(1, 5);
  return Array.from({ length: count }, () => random.pick(levels)).join('/');
}

/** The topic that a filter comes from matches often, others hardly ever. */
function drawPair(random: SeededRandom): Buffer {
  const topic = draw(random, LEVELS);
  if (random.chance(0.4)) return Buffer.from(`${draw(random, FILTER_LEVELS)}\n${topic}`);
  const levels = topic.split('/').map((level) => (random.chance(0.3) ? '+' : level));
  const cut = random.chance(0.3) ? [...levels.slice(0, random.between(0, levels.length)), '#'] : levels;
  return Buffer.from(`${cut.join('/')}\n${topic}`);
}

/** A filter as a regular expression. AWS IoT: `a/#` does not match `a`; wildcards at the start match no `$` topic. */
function naiveMatch(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const levels = filter.split('/').map((level) => {
    if (level === '+') return '[^/]*';
    return level === '#' ? '.*' : level.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${levels.join('/')}$`, 's').test(topic);
}

/** Written apart from ours: `#` alone and last, `+` alone, not empty, no zero character. */
function isFilter(filter: string): boolean {
  return /^(?!$)(?:(?:\+|[^+#/\0]*)\/)*(?:\+|#|[^+#/\0]*)$/.test(filter);
}

/** Pairs of a filter and a topic, against a naive oracle. */
export const topics: FuzzClass = {
  name: 'topics',
  counts: { ci: 60_000, long: 1_000_000 },
  open: () => ({
    generate: drawPair,
    check: (input) => {
      const [filter = '', topic = ''] = input.toString().split('\n');
      const problem = topicFilterProblem(filter);
      holds(
        (problem === undefined) === isFilter(filter),
        () => `'${filter}': ${problem?.reason ?? 'no problem'}`,
      );
      if (problem !== undefined || topic === '') return;
      const expected = naiveMatch(filter, topic);
      holds(
        matchesTopicFilter(filter, topic) === expected,
        () => `'${filter}' has to match '${topic}': ${expected}`,
      );
      const found = new TopicMatcher([{ topicFilter: filter, value: 1 }]).match(topic).values.length > 0;
      const isBasicIngest = topic.startsWith('$aws/rules/');
      holds(
        isBasicIngest || found === expected,
        () => `of many, '${filter}' has to match '${topic}': ${expected}`,
      );
    },
  }),
};
