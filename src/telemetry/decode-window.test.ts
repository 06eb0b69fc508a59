import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWindow, parseRecordTimestamp, printRecordTimestamp } from './decode-window.ts';

const WINDOW = {
  sensor_id: 'dc2b8383eb79fe49',
  sensor: 'vib',
  station_id: 'qwbKAMlbZW',
  sensor_avg_value: 1.072153418386984,
  sensor_smooth_avg_value: null,
  '60sec_sum_of_sensor_value': 64.32920510321904,
  '60sec_number_of_msg': 60,
  record_timestamp: '2016-11-09 06:29:00.0',
  sensor_min_value: 0.5,
  sensor_max_value: 2,
  revision: 0,
};

function decode(change: Record<string, unknown> = {}) {
  return decodeWindow(Buffer.from(JSON.stringify({ ...WINDOW, ...change })));
}

describe('a window record', () => {
  it('is decoded as the stream carries it; a missing revision is the first result', () => {
    expect(decode()).toEqual({ ok: true, value: WINDOW });
    expect(decode({ revision: undefined })).toEqual({ ok: true, value: WINDOW });
  });

  it.each([
    ['sensor_id', undefined, 'missing-field'],
    ['60sec_number_of_msg', 1.5, 'wrong-type'],
    ['60sec_number_of_msg', undefined, 'missing-field'],
    ['revision', -1, 'wrong-type'],
    ['sensor_avg_value', '1', 'wrong-type'],
    ['record_timestamp', '2016-11-09T06:29:00Z', 'wrong-type'],
    ['record_timestamp', '2016-02-30 00:00:00.0', 'wrong-type'],
  ])('with %s = %j is refused: %s', (field, value, reason) => {
    const result = decode({ [field]: value });
    expect(result.ok ? 'accepted' : result.rejection.reason).toBe(reason);
  });

  it('has a timestamp that survives printing and parsing', () => {
    expect(parseRecordTimestamp('2016-11-09 06:29:00.0')).toBe(Date.UTC(2016, 10, 9, 6, 29));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2200, 0) }), (millis) => {
        return parseRecordTimestamp(printRecordTimestamp(millis)) === millis;
      }),
    );
  });
});
