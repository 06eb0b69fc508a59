import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventId } from './event-id.ts';
import type { Reading } from './reading.ts';
import { parseWeatherTopic, printWeatherTopic } from './topic.ts';

const READING: Reading = {
  sensor_id: 's1',
  station_id: 'st-1',
  sensor: 'temperature',
  state: 'wa',
  city: 'seattle',
  sensor_timestamp: 1_472_611_226_005,
  sensor_value: 0.61,
};

describe('the identity of an event', () => {
  it('is device, boot and sequence when the device sends all three', () => {
    expect(eventId({ ...READING, device_id: 'd/1', boot_id: 'b', sequence: 0 })).toBe('d%2F1/b/0');
  });

  it('is a hash when one of them is missing, and the same hash each time', () => {
    const id = eventId({ ...READING, device_id: 'd', sequence: 3 });
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(eventId({ sequence: 3, device_id: 'd', ...READING })).toBe(id);
  });

  it('changes with every field', () => {
    const changes: Partial<Reading>[] = [
      { sensor_id: 's2' },
      { station_id: 'st-2' },
      { sensor: 'wind' },
      { state: 'or' },
      { city: 'x' },
      { sensor_timestamp: 1 },
      { sensor_value: 0.62 },
      { sensor_value_smoothed: 0.61 },
      { direction: 1 },
    ];
    const ids = changes.map((change) => eventId({ ...READING, ...change }));
    expect(new Set([eventId(READING), ...ids]).size).toBe(changes.length + 1);
  });
});

describe('a weather topic', () => {
  it('names the sensor, also behind the Basic Ingest prefix', () => {
    const expected = {
      kind: 'reading',
      state: 'wa',
      city: 'seattle',
      station_id: 'st',
      sensor: 'vib',
      sensor_id: 's',
    };
    expect(parseWeatherTopic('weather/wa/seattle/st/vib/s')).toEqual(expected);
    expect(parseWeatherTopic('$aws/rules/telemetry/weather/wa/seattle/st/vib/s')).toEqual(expected);
  });

  it.each([
    'weather/wa/seattle/st/vib',
    'weather/wa/seattle/st/vib/s/x',
    'weather/wa//st/vib/s',
    'weather/wa/+/st/vib/s',
    'weather/wa/se#/st/vib/s',
    'weather/wa/a\u0000/st/vib/s',
    'climate/wa/seattle/st/vib/s',
    '$aws/rules/weather/wa/seattle/st/batch',
    '',
  ])('is not %j', (topic) => {
    expect(parseWeatherTopic(topic)).toBeUndefined();
  });

  it('survives printing and parsing', () => {
    const level = fc
      .string({ minLength: 1 })
      .filter((text) => !['+', '#', '/', '\0'].some((mark) => text.includes(mark)));
    fc.assert(
      fc.property(level, level, level, level, level, (state, city, station_id, sensor, sensor_id) => {
        const reading = { kind: 'reading' as const, state, city, station_id, sensor, sensor_id };
        expect(parseWeatherTopic(printWeatherTopic(reading))).toEqual(reading);
        const batch = { kind: 'batch' as const, state, city, station_id };
        expect(parseWeatherTopic(printWeatherTopic(batch))).toEqual(batch);
      }),
    );
  });
});
