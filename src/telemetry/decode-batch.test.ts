import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeBatch, MAX_INFLATED_BYTES } from './decode-batch.ts';
import { MAX_BATCH_READINGS } from './decode-elements.ts';

const ARRIVAL = Date.UTC(2026, 10, 21, 12);
const TOPIC = 'weather/wa/seattle/st-1/batch';
const ELEMENT = {
  sensor: 'temperature',
  sensor_id: 's1',
  sensor_timestamp: ARRIVAL - 1000,
  sensor_value: 12.5,
};
const PLACE = { state: 'wa', city: 'seattle', station_id: 'st-1' };

function packed(...readings: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ readings }));
}
function reasonOf(bytes: Uint8Array, topic = TOPIC): string {
  const result = decodeBatch(bytes, topic, ARRIVAL);
  return result.ok ? 'accepted' : result.rejection.reason;
}

afterEach(() => expect(Object.keys(Object.prototype)).toEqual([]));

describe('a packed publish', () => {
  it('gives one reading per element, placed by the topic', () => {
    const expected = { ok: true, value: { readings: [{ ...ELEMENT, ...PLACE }], rejected: [] } };
    expect(decodeBatch(packed(ELEMENT), TOPIC, ARRIVAL)).toEqual(expected);
    expect(decodeBatch(gzipSync(packed(ELEMENT)), TOPIC, ARRIVAL)).toEqual(expected);
    expect(decodeBatch(packed(ELEMENT), `$aws/rules/telemetry/${TOPIC}`, ARRIVAL)).toEqual(expected);
  });

  it('cannot claim another station than its topic', () => {
    const result = decodeBatch(packed({ ...ELEMENT, station_id: 'other', state: 'or' }), TOPIC, ARRIVAL);
    expect(result).toEqual({ ok: true, value: { readings: [{ ...ELEMENT, ...PLACE }], rejected: [] } });
  });

  it('keeps the good elements beside bad ones, each with its own reason and text', () => {
    const result = decodeBatch(packed(5, ELEMENT, { ...ELEMENT, sensor_value: 'x' }), TOPIC, ARRIVAL);
    if (!result.ok) throw new Error('refused');
    expect(result.value.readings).toHaveLength(1);
    const rejected = result.value.rejected.map((e) => [
      e.index,
      e.rejection.reason,
      Buffer.from(e.bytes).toString(),
    ]);
    expect(rejected).toEqual([
      [0, 'wrong-type', '5'],
      [2, 'wrong-type', JSON.stringify({ ...ELEMENT, sensor_value: 'x' })],
    ]);
  });

  it('with a __proto__ element takes nothing from it', () => {
    const bytes = Buffer.from(`{"readings":[{"__proto__":${JSON.stringify(ELEMENT)}}]}`);
    const result = decodeBatch(bytes, TOPIC, ARRIVAL);
    expect(result.ok && result.value.rejected[0]?.rejection.reason).toBe('missing-field');
  });

  it('may be empty', () => {
    expect(decodeBatch(packed(), TOPIC, ARRIVAL)).toEqual({
      ok: true,
      value: { readings: [], rejected: [] },
    });
  });

  it('is refused as a whole with its reason', () => {
    expect(reasonOf(packed(ELEMENT), 'weather/wa/seattle/st-1/temperature/s1')).toBe('not-a-batch');
    expect(reasonOf(Buffer.from('{"reading":[]}'))).toBe('not-a-batch');
    expect(reasonOf(Buffer.from('{"__proto__":{"readings":[]}}'))).toBe('not-a-batch');
    expect(reasonOf(Buffer.from('{"readings":'))).toBe('not-json');
    expect(reasonOf(gzipSync(packed(ELEMENT)).subarray(0, 30))).toBe('bad-gzip');
    expect(reasonOf(Buffer.from([0x1f, 0x8b, 1, 2, 3]))).toBe('bad-gzip');
    expect(reasonOf(Buffer.alloc(128 * 1024 + 1, 0x20))).toBe('too-large');
    expect(reasonOf(gzipSync(packed(...Array(MAX_BATCH_READINGS + 1).fill(1))))).toBe('too-large');
  });

  it('that is a gzip bomb is refused without inflating it', () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(128 * 1024);
    const before = process.memoryUsage().rss;
    expect(reasonOf(bomb)).toBe('too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(8 * MAX_INFLATED_BYTES);
  });
});
