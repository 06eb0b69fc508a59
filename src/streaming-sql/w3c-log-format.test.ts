import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { LogFormatError, planW3cFormat } from './w3c-log-format.ts';

function fields(format: string, line: string): (string | null)[] | null {
  const matcher = RE2JS.compile(planW3cFormat(format)).matcher(line);
  if (!matcher.matches()) return null;
  return Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1));
}

const common = '192.168.254.30 - John [24/May/2004:22:01:02 -0700] "GET /icons/apache_pb.gif HTTP/1.1" 304 0';

describe('a W3C log format', () => {
  it.each([
    ['common', common, 7],
    ['COMMON WITH VHOST', `example.org ${common}`, 8],
    ['NCSA  extended', `${common} "http://a/b" "Mozilla/5.0 (X11; \\"x\\")"`, 9],
    ['REFERER', 'http://a/b ---> /icons/a.gif', 2],
    ['AGENT', 'Mozilla/5.0 (X11; Linux)', 1],
  ])('%s is predefined', (format, line, count) => {
    expect(fields(format, line)?.length).toBe(count);
  });

  it('leaves the brackets of the time to the format where it writes them', () => {
    expect(fields('%t', '[24/May/2004:22:01:02 -0700]')).toEqual(['[24/May/2004:22:01:02 -0700]']);
    expect(fields('[%t]', '[24/May/2004:22:01:02 -0700]')).toEqual(['24/May/2004:22:01:02 -0700']);
  });

  it('takes conditions, redirections and names in either kind of brackets', () => {
    expect(fields('%!200,304[User-agent]i|%400{X-Id}o|%<s %>s %% %b', 'curl|7|200 304 % 5')).toEqual([
      'curl',
      '7',
      '200',
      '304',
      '5',
    ]);
  });

  it('does not fit a line with more or less than it says', () => {
    expect(fields('COMMON', `${common} extra`)).toBeNull();
    expect(fields('COMMON', common.slice(0, 50))).toBeNull();
  });

  it.each([
    ['IIS', 'gives no specifiers for IIS'],
    ['%y', 'specifier %y is not known'],
    ['plain', 'it has no specifier'],
    ['%h%l', 'nothing parts %h'],
    ['%h 100%', 'is no specifier'],
  ])('%s is refused', (format, reason) => {
    expect(() => planW3cFormat(format)).toThrow(LogFormatError);
    expect(() => planW3cFormat(format)).toThrow(reason);
  });
});
