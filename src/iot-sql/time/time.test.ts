import { describe, expect, it } from 'vitest';
import { formatJoda } from './format-joda.ts';
import { parseJavaTime } from './parse-java-time.ts';
import { findTimeZone } from './time-zone.ts';

const MOMENT = Date.UTC(2017, 5, 9, 17, 19, 46, 78);

describe('formatJoda()', () => {
  it.each([
    ["yyyy.MM.dd G 'at' HH:mm:ss z", 'UTC', '2017.06.09 AD at 17:19:46 UTC'],
    ["EEE, MMM d, ''yy", 'UTC', "Fri, Jun 9, '17"],
    ['EEEE MMMM dd h:mm a', 'America/Los_Angeles', 'Friday June 09 10:19 AM'],
    ['yyyy-MM-dd HH:mm:ss.SSS Z', 'America/Los_Angeles', '2017-06-09 10:19:46.078 -0700'],
    ['ZZ ZZZ z zzzz', 'America/Los_Angeles', '-07:00 America/Los_Angeles PDT Pacific Daylight Time'],
    ["xxxx-'W'ww-e DDD kk KK S", '+05:30', '2017-W23-5 160 22 10 0'],
  ])('%s in %s is %s', (pattern, zone, expected) => {
    expect(formatJoda(pattern, MOMENT, findTimeZone(zone)!)).toBe(expected);
  });

  it('has no text for malformed patterns and impossible moments', () => {
    expect(formatJoda("yyyy 'at", MOMENT, findTimeZone('UTC')!)).toBeUndefined();
    expect(formatJoda('yyyy b', MOMENT, findTimeZone('UTC')!)).toBeUndefined();
    expect(formatJoda('yyyy', 9e15, findTimeZone('UTC')!)).toBeUndefined();
  });
});

describe('parseJavaTime()', () => {
  it.each([
    ['18 December 2015', 'dd MMMM yyyy', Date.UTC(2015, 11, 18)],
    ['2020-04-03 09:45:18 UTC+01:00', 'yyyy-MM-dd HH:mm:ss VV', Date.UTC(2020, 3, 3, 8, 45, 18)],
    ['2020-04-03T09:45:18.25Z', "yyyy-MM-dd'T'HH:mm:ss.SSX", Date.UTC(2020, 3, 3, 9, 45, 18, 250)],
    ['20200403 094518', 'yyyyMMdd HHmmss', Date.UTC(2020, 3, 3, 9, 45, 18)],
    ['3 Apr 20 9:05 PM -0800', 'd MMM yy h:mm a Z', Date.UTC(2020, 3, 4, 5, 5)],
    ['2020-07-01 00:00 America/New_York', 'yyyy-MM-dd HH:mm VV', Date.UTC(2020, 6, 1, 4)],
    ['2020-060', 'yyyy-DDD', Date.UTC(2020, 1, 29)],
  ])('reads %s by %s', (text, pattern, expected) => {
    expect(parseJavaTime(text, pattern)).toBe(expected);
  });

  it.each([
    ['2020-13-01', 'yyyy-MM-dd'],
    ['2020-04-03x', 'yyyy-MM-dd'],
    ['12:00', 'HH:mm'],
    ['2020-04-03 25:00', 'yyyy-MM-dd HH:mm'],
    ['Monday 2020-04-03', 'EEEE yyyy-MM-dd'],
    ['2020-04-03 Mars/Olympus', 'yyyy-MM-dd VV'],
  ])('does not read %s by %s', (text, pattern) => {
    expect(parseJavaTime(text, pattern)).toBeUndefined();
  });

  it('knows the hour that a change of clocks skips or repeats', () => {
    const read = (text: string) => parseJavaTime(text, 'yyyy-MM-dd HH:mm VV');
    expect(read('2020-11-01 01:30 America/New_York')).toBe(Date.UTC(2020, 10, 1, 5, 30));
    expect(read('2020-03-08 02:30 America/New_York')).toBe(Date.UTC(2020, 2, 8, 7, 30));
  });
});
