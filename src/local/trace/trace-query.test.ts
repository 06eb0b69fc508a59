import { describe, expect, it } from 'vitest';
import { parseTraceQuery, TraceQueryError } from './trace-query.ts';

describe('the question of a trace', () => {
  it.each([
    ['sensor=t1', { by: 'sensor', value: 't1', limit: 5 }],
    ['topic=weather%2F%23&limit=50', { by: 'topic', value: 'weather/#', limit: 50 }],
    ['event=d%2Fb%2F1', { by: 'event', value: 'd/b/1', limit: 5 }],
    ['sensor=__proto__', { by: 'sensor', value: '__proto__', limit: 5 }],
  ])('%s is read', (text, query) => {
    expect(parseTraceQuery(new URLSearchParams(text))).toEqual(query);
  });

  it.each([
    ['', 'exactly one of sensor, topic and event'],
    ['sensor=a&topic=b', 'exactly one'],
    ['sensor=a&sensor=b', 'exactly one'],
    ['sensor=', 'sensor has 0 characters, expected 1 to 1000'],
    ['sensor=a&limit=0', "limit '0': expected 1 to 50"],
    ['sensor=a&limit=1e3', "limit '1e3'"],
    ['sensors=a', "Cannot trace by 'sensors'"],
  ])('%s is refused', (text, message) => {
    const parse = (): unknown => parseTraceQuery(new URLSearchParams(text));
    expect(parse).toThrow(TraceQueryError);
    expect(parse).toThrow(message);
  });
});
