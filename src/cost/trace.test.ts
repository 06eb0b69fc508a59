import { describe, expect, it } from 'vitest';
import { readTrace } from './trace.ts';

const line = (entry: Record<string, unknown>) =>
  JSON.stringify({ timestampMillis: 0, topic: 'weather/a/b/st/t/s', bytes: 200, ...entry });
const two = (entry: Record<string, unknown>) =>
  [line(entry), line({ ...entry, timestampMillis: 1000 })].join('\n');

describe('a recorded load', () => {
  it('has the rate of the whole recording', () => {
    const { classes } = readTrace(two({}));
    // Two publishes 1 s apart are one a second.
    expect(classes).toEqual([
      {
        publishesPerSecond: 1,
        bytes: 200,
        units: 1,
        topic: 'weather/a/b/st/t/s',
        basicIngest: false,
        readings: 1,
        sensorsPerPublish: 1,
        sensors: 1,
      },
    ]);
  });

  it('counts client ids as devices, or stations where there are none', () => {
    expect(readTrace(`${two({})}\n${line({ topic: 'weather/a/b/other/t/s' })}`).devices).toBe(2);
    expect(
      readTrace(`${two({ clientId: 'c' })}\n${line({ clientId: 'c', topic: 'weather/x/y/z/t/s' })}`).devices,
    ).toBe(1);
  });

  it('takes sizes and metering on the mean, so that a sensor is one sensor whatever it sends', () => {
    const sizes = [100, 6000].map((bytes, i) => line({ bytes, timestampMillis: i * 1000 }));
    expect(readTrace(sizes.join('\n')).classes).toEqual([
      expect.objectContaining({ publishesPerSecond: 1, bytes: 3050, units: 1.5, sensors: 1 }),
    ]);
  });

  it('knows the rule of Basic Ingest', () => {
    const [publishes] = readTrace(two({ topic: '$aws/rules/telemetry/weather/a/b/st/t/s' })).classes;
    expect(publishes).toMatchObject({ topic: 'weather/a/b/st/t/s', basicIngest: 'telemetry' });
  });

  it('takes the readings of a packed publish for as many sensors, unless it says how many', () => {
    const packed = { topic: 'weather/a/b/st/batch', readings: 6 };
    expect(readTrace(two(packed)).classes[0]).toMatchObject({
      readings: 6,
      sensorsPerPublish: 6,
      sensors: 6,
    });
    expect(readTrace(two({ ...packed, sensors: 2 })).classes[0]).toMatchObject({ sensorsPerPublish: 2 });
  });

  it.each([
    ['nonsense', 'Cannot read line 2 of the trace: expected one JSON object'],
    ['null', 'Cannot read line 2 of the trace: expected one JSON object'],
    ['{"topic":"a","bytes":1}', 'line 2 of the trace: expected "timestampMillis"'],
    ['{"timestampMillis":1,"bytes":1}', 'line 2 of the trace: expected "topic"'],
    ['{"timestampMillis":1,"topic":"a","bytes":-1}', 'line 2 of the trace: expected "bytes"'],
    ['{"timestampMillis":1,"topic":"a","bytes":1,"readings":0}', 'line 2 of the trace: expected "readings"'],
    ['{"timestampMillis":1,"topic":"a","bytes":1,"sensors":2}', 'line 2 of the trace: expected "sensors"'],
  ])('is refused for %j', (text, sentence) => {
    expect(() => readTrace(`${line({})}\n${text}`)).toThrow(sentence);
  });

  it.each([
    ['', 'Cannot price the trace: it has 0 publishes at no time, and needs at least two at different times'],
    [line({}), 'Cannot price the trace: it has 1 publishes at one time'],
  ])('is refused without a length', (text, sentence) => {
    expect(() => readTrace(text)).toThrow(sentence);
  });
});
