import { describe, expect, it } from 'vitest';
import { decodeAlert } from './decode-alert.ts';

const row = {
  sensor_id: 't1',
  sensor: 'temperature',
  station_id: 'st-1',
  kind: 'above',
  value: 32.6,
  threshold: 32,
  record_timestamp: '2026-07-09 00:04:00.000',
};
const decode = (change: Record<string, unknown>) =>
  decodeAlert(Buffer.from(JSON.stringify({ ...row, ...change })));

describe('decodeAlert()', () => {
  it('reads a row of the application', () => {
    const { record_timestamp, ...rest } = row;
    expect(decode({})).toEqual({ ok: true, value: { ...rest, endMillis: Date.UTC(2026, 6, 9, 0, 4) } });
  });

  it.each([
    [{ kind: 'odd' }, 'wrong-type', '"kind" is "odd", not above, below or normal'],
    [{ value: null }, 'missing-field', 'value'],
    [{ threshold: 'high' }, 'wrong-type', 'threshold'],
    [{ record_timestamp: 'noon' }, 'wrong-type', 'record_timestamp'],
    [{ sensor_id: undefined }, 'missing-field', 'sensor_id'],
  ])('refuses %j with a reason', (change, reason, detail) => {
    expect(decode(change)).toEqual({
      ok: false,
      rejection: { reason, detail: expect.stringContaining(detail) },
    });
  });

  it('refuses what is not JSON', () => {
    expect(decodeAlert(Buffer.from('no'))).toMatchObject({ ok: false, rejection: { reason: 'not-json' } });
  });
});
