import { expect, test } from 'vitest';
import { compileFilters, FilterPatternError } from './event-source-mapping-filter.ts';

const record = (data: unknown) => ({
  sequenceNumber: '1',
  partitionKey: 'sensor-7',
  arrivalMillis: 1500,
  data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
});
const reading = { sensor: 'temperature', value: 21.5, tags: ['a', 'b'], place: { state: 'NJ' }, empty: null };

test.each([
  ['a value', { data: { sensor: ['temperature'] } }, true],
  ['another value', { data: { sensor: ['humidity', 'wind'] } }, false],
  ['a number', { data: { value: [21.5] } }, true],
  ['null', { data: { empty: [null] } }, true],
  ['an element of a list', { data: { tags: ['b'] } }, true],
  ['a nested member', { data: { place: { state: ['NJ', 'NY'] } } }, true],
  ['all members at once', { data: { sensor: ['temperature'], place: { state: ['NY'] } } }, false],
  ['metadata', { partitionKey: [{ prefix: 'sensor-' }] }, true],
  ['prefix', { data: { sensor: [{ prefix: 'temp' }] } }, true],
  ['suffix', { data: { sensor: [{ suffix: 'temp' }] } }, false],
  ['equals-ignore-case', { data: { sensor: [{ 'equals-ignore-case': 'TEMPERATURE' }] } }, true],
  ['exists', { data: { sensor: [{ exists: true }], gone: [{ exists: false }] } }, true],
  ['exists on what is not there', { data: { gone: [{ exists: true }] } }, false],
  ['anything-but', { data: { sensor: [{ 'anything-but': ['wind'] }] } }, true],
  ['anything-but the value', { data: { sensor: [{ 'anything-but': 'temperature' }] } }, false],
  ['anything-but a prefix', { data: { sensor: [{ 'anything-but': { prefix: 'temp' } }] } }, false],
  ['a numeric range', { data: { value: [{ numeric: ['>', 20, '<=', 21.5] }] } }, true],
  ['numeric out of range', { data: { value: [{ numeric: ['<', 0] }] } }, false],
  ['numeric on a text', { data: { sensor: [{ numeric: ['>', 0] }] } }, false],
  ['a member of the prototype', { data: { constructor: [{ exists: true }] } }, false],
])('a pattern of %s decides', (_, pattern, passes) => {
  expect(compileFilters([JSON.stringify(pattern)])(record(reading))).toBe(passes);
});

test('one of several patterns is enough, and none lets everything pass', () => {
  const patterns = ['wind', 'temperature'].map((sensor) => JSON.stringify({ data: { sensor: [sensor] } }));
  expect(compileFilters(patterns)(record(reading))).toBe(true);
  expect(compileFilters([])(record('not json'))).toBe(true);
});

test('data that is not JSON fails a pattern on data', () => {
  expect(compileFilters(['{"data":{"sensor":[{"anything-but":"x"}]}}'])(record('not json'))).toBe(false);
});

test.each([
  ['broken JSON', '{', 'Cannot read filter pattern'],
  ['a list', '[]', 'it has to be an object'],
  ['an unknown operator', '{"data":{"a":[{"wildcard":"x*"}]}}', 'operator "wildcard" is not supported'],
  ['$or', '{"$or":[{}]}', 'operator "$or" is not supported'],
  ['an operator of the prototype', '{"data":{"a":[{"toString":1}]}}', 'operator "toString" is not supported'],
  ['a bare value', '{"data":{"a":"x"}}', 'each member is an object or a list of rules'],
  ['an empty list', '{"data":{"a":[]}}', 'each member is an object or a list of rules'],
  ['a wrong comparison', '{"data":{"a":[{"numeric":["!",1]}]}}', '"numeric" does not know ["!",1]'],
])('%s is refused', (_, pattern, message) => {
  expect(() => compileFilters([pattern])).toThrow(FilterPatternError);
  expect(() => compileFilters([pattern])).toThrow(message);
});
