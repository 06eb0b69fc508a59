import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesTopicFilter } from './topic-filter.ts';
import { TopicMatcher } from './topic-matcher.ts';

describe('TopicMatcher', () => {
  const filters = ['#', 'a/#', 'a/+', '+/b', 'a/b', '+/+/c', '$aws/#'];
  const matcher = new TopicMatcher(
    filters.map((topicFilter) => ({ topicFilter, ruleName: `rule-${topicFilter}`, value: topicFilter })),
    4,
  );

  it.each([
    ['a/b', ['#', 'a/#', 'a/+', '+/b', 'a/b']],
    ['a', ['#']],
    ['a/x/c', ['#', 'a/#', '+/+/c']],
    ['$aws/things', ['$aws/#']],
    ['$aws/rules/rule-a/b/x', []],
    ['$aws/rules/rule-#/x', ['#']],
  ])('finds the filters of %s', (topic, expected) => {
    expect(matcher.match(topic).values).toEqual(expected);
    expect(matcher.match(topic).values).toEqual(expected);
  });

  it('agrees with matching every filter on its own', () => {
    const level = fc.constantFrom('a', 'b', 'c', '');
    const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    fc.assert(
      fc.property(topics, (topic) => {
        const expected = filters.filter((filter) => matchesTopicFilter(filter, topic));
        expect(matcher.match(topic).values).toEqual(expected);
      }),
    );
  });
});
