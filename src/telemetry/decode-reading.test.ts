import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { jsonDepth } from './decode-json.ts';
import { decodeReading, MAX_AHEAD_MILLIS, MAX_READING_BYTES } from './decode-reading.ts';

const ARRIVAL = Date.UTC(2026, 10, 21, 12);
const PLACE = {
  sensor_id: 'bQ7KcaMEas',
  station_id: 'vzqHb8vgh0',
  sensor: 'vib',
  state: 'wa',
  city: 'seattle',
};
const GOOD = {
  ...PLACE,
  sensor_timestamp: ARRIVAL - 5,
  sensor_value: 0.61,
  sensor_value_smoothed: 0.98,
  direction: -1,
};

function decodeText(text: string) {
  return decodeReading(Buffer.from(text), ARRIVAL);
}
function decodeWith(change: Record<string, unknown>) {
  return decodeText(JSON.stringify({ ...GOOD, ...change }));
}
function reasonOf(result: ReturnType<typeof decodeText>): string {
  return result.ok ? 'accepted' : result.rejection.reason;
}

afterEach(() => expect(Object.keys(Object.prototype)).toEqual([]));

describe('a reading', () => {
  it('is decoded with every field it carries', () => {
    expect(decodeText(JSON.stringify(GOOD))).toEqual({ ok: true, value: GOOD });
  });

  it('keeps the identity its device gives and drops fields nobody knows', () => {
    const identity = { device_id: 'd1', boot_id: 'b1', sequence: 7 };
    expect(decodeWith({ ...identity, firmware: '1.2' })).toEqual({
      ok: true,
      value: { ...GOOD, ...identity },
    });
  });

  it('may lack the smoothed value and the direction, or carry null for them', () => {
    const { direction: _d, sensor_value_smoothed: _s, ...bare } = GOOD;
    expect(decodeText(JSON.stringify(bare))).toEqual({ ok: true, value: bare });
    expect(decodeWith({ direction: null, sensor_value_smoothed: null })).toEqual({ ok: true, value: bare });
  });

  it.each([
    ['text that is not JSON', '{"sensor_id":', 'not-json'],
    ['a NaN literal', '{"sensor_value":NaN}', 'not-json'],
    ['a byte order mark', '\ufeff{}', 'not-json'],
    ['an empty message', '', 'not-json'],
    ['a list', '[]', 'wrong-type'],
    ['a null', 'null', 'wrong-type'],
    ['an object without fields', '{}', 'missing-field'],
    [
      'only a __proto__ that holds the fields',
      JSON.stringify(GOOD).replace(/^(.*)$/, '{"__proto__":$1}'),
      'missing-field',
    ],
    ['120 KB of opening brackets', '['.repeat(120_000), 'too-large'],
    ['objects nested 65 deep', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'too-large'],
    ['one byte above 128 KB', ' '.repeat(MAX_READING_BYTES + 1), 'too-large'],
  ])('is refused when it is %s', (_name, text, reason) => {
    expect(reasonOf(decodeText(text))).toBe(reason);
  });

  it.each([
    ['sensor_value', '0.61', 'wrong-type'],
    ['sensor_value', null, 'missing-field'],
    ['sensor_value', [1], 'wrong-type'],
    ['sensor_value_smoothed', 'x', 'wrong-type'],
    ['sensor_id', '', 'missing-field'],
    ['sensor_id', 5, 'wrong-type'],
    ['sensor_id', 'é'.repeat(129), 'too-large'],
    ['station_id', { a: 1 }, 'wrong-type'],
    ['sensor_timestamp', '2026-11-21T12:00:00Z', 'wrong-type'],
    ['sensor_timestamp', 1.5, 'wrong-type'],
    ['sensor_timestamp', -1, 'timestamp-negative'],
    ['sensor_timestamp', ARRIVAL + MAX_AHEAD_MILLIS, 'accepted'],
    ['sensor_timestamp', ARRIVAL + MAX_AHEAD_MILLIS + 1, 'timestamp-ahead'],
    ['sensor_timestamp', ARRIVAL * 1000, 'timestamp-ahead'],
    ['sensor_timestamp', 1e300, 'timestamp-ahead'],
    ['device_id', 17, 'wrong-type'],
  ])('with %s = %j is %3$s', (field, value, reason) => {
    expect(reasonOf(decodeWith({ [field]: value }))).toBe(reason);
  });

  it('is refused when a number overflows to Infinity', () => {
    expect(reasonOf(decodeText(JSON.stringify(GOOD).replace('0.61', '1e400')))).toBe('wrong-type');
  });

  it('is refused when it is not UTF-8, or holds half of a surrogate pair', () => {
    const bytes = Buffer.from(JSON.stringify(GOOD).replace('seattle', 'XX'));
    bytes[bytes.indexOf('XX')] = 0xff;
    expect(reasonOf(decodeReading(bytes, ARRIVAL))).toBe('bad-utf8');
    expect(reasonOf(decodeText(JSON.stringify(GOOD).replace('seattle', '\\ud800')))).toBe('bad-utf8');
  });

  it('may have an identifier that is a name of Object.prototype', () => {
    const result = decodeWith({ sensor_id: '__proto__', station_id: 'constructor' });
    expect(result).toEqual({
      ok: true,
      value: { ...GOOD, sensor_id: '__proto__', station_id: 'constructor' },
    });
  });
});

describe('decoding', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof decodeReading(bytes, ARRIVAL).ok === 'boolean'));
    fc.assert(fc.property(fc.json(), (text) => typeof decodeText(text).ok === 'boolean'));
  });

  it('accepts exactly the finite values, unchanged', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (sensor_value) => {
        const result = decodeWith({ sensor_value });
        return result.ok && result.value.sensor_value === (Object.is(sensor_value, -0) ? 0 : sensor_value);
      }),
    );
  });

  it('measures the depth of any JSON as a recursive walk does', () => {
    const walk = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(walk)) : 0;
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        (value) => jsonDepth(Buffer.from(JSON.stringify(value))) === walk(value),
      ),
    );
    expect(jsonDepth(Buffer.from('{"a\\"[[[":"]{\\\\"}'))).toBe(1);
  });
});
