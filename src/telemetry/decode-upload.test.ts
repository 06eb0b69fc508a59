import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BATCH_READINGS } from './decode-elements.ts';
import { decodeUpload, MAX_UPLOAD_BYTES } from './decode-upload.ts';

const ARRIVAL = Date.UTC(2026, 10, 21, 12);

function reading(n: number, change: Record<string, unknown> = {}) {
  return {
    state: 'wa',
    city: 'seattle',
    station_id: 'st-1',
    sensor: 'temperature',
    sensor_id: `s${n}`,
    sensor_timestamp: ARRIVAL - n,
    sensor_value: n,
    ...change,
  };
}
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const lines = (...values: unknown[]): Buffer =>
  Buffer.from(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n'));

function read(bytes: Uint8Array) {
  const result = decodeUpload(bytes, ARRIVAL);
  if (!result.ok) throw new Error(`refused: ${result.rejection.reason}`);
  const { readings, rejected } = result.value;
  return { readings, rejected: rejected.map(({ index, rejection }) => [index, rejection.reason]) };
}
function reasonOf(bytes: Uint8Array): string {
  const result = decodeUpload(bytes, ARRIVAL);
  return result.ok ? 'accepted' : result.rejection.reason;
}

describe('an upload', () => {
  it.each([
    ['one reading', json(reading(1)), 1],
    ['one reading over several lines', Buffer.from(JSON.stringify(reading(1), null, 2)), 1],
    ['a list', json([reading(1), reading(2)]), 2],
    ['an empty list', json([]), 0],
    ['lines', lines(reading(1), reading(2), reading(3)), 3],
    [
      'lines with empty ones, carriage returns and an end',
      Buffer.from(`${lines(reading(1), '', reading(2))}\r\n\r\n`),
      2,
    ],
  ])('may be %s', (_, bytes, count) => {
    expect(read(bytes)).toEqual({
      readings: Array.from({ length: count }, (_, n) => reading(n + 1)),
      rejected: [],
    });
  });

  it('keeps the good elements of a list beside bad ones', () => {
    const bad = reading(2, { sensor_value: 'x' });
    expect(read(json([reading(1), bad, 5, null, reading(3)]))).toEqual({
      readings: [reading(1), reading(3)],
      rejected: [
        [1, 'wrong-type'],
        [2, 'wrong-type'],
        [3, 'wrong-type'],
      ],
    });
  });

  it('keeps the good lines beside bad ones, wherever they stand', () => {
    const result = decodeUpload(lines('{"broken', reading(1), '[]', '{"a":1}'), ARRIVAL);
    if (!result.ok) throw new Error('refused');
    expect(result.value.readings).toEqual([reading(1)]);
    expect(
      result.value.rejected.map((e) => [e.index, e.rejection.reason, Buffer.from(e.bytes).toString()]),
    ).toEqual([
      [0, 'not-json', '{"broken'],
      [2, 'wrong-type', '[]'],
      [3, 'missing-field', '{"a":1}'],
    ]);
  });

  it.each([
    ['nothing', '', 'not-json'],
    ['text', 'hello', 'not-json'],
    ['lines of text', 'a\nb\nc', 'not-json'],
    ['a broken document over several lines', '{\n"a": {\n"b": 1,\n}', 'not-json'],
    ['a number', '5', 'wrong-type'],
    ['null', 'null', 'wrong-type'],
    ['a reading without its station', JSON.stringify(reading(1, { station_id: undefined })), 'missing-field'],
    ['deep nesting', '['.repeat(100_000), 'too-large'],
    ['a byte order mark', `\uFEFF${JSON.stringify(reading(1))}`, 'not-json'],
    ['too many elements', `[${'0,'.repeat(MAX_BATCH_READINGS)}0]`, 'too-large'],
    ['too many lines', '{}\n'.repeat(MAX_BATCH_READINGS + 1), 'too-large'],
    ['more than a message holds', 'x'.repeat(MAX_UPLOAD_BYTES + 1), 'too-large'],
  ])('is refused whole when it is %s', (_, text, reason) => {
    expect(reasonOf(Buffer.from(text))).toBe(reason);
  });

  it('is refused when its bytes are not UTF-8', () => {
    expect(reasonOf(Buffer.from([0x7b, 0xff, 0x7d]))).toBe('bad-utf8');
  });

  it('of 1 MiB is read', () => {
    const many: unknown[] = [];
    for (let bytes = 2; bytes < MAX_UPLOAD_BYTES - 300; bytes += json(many.at(-1)).length + 1)
      many.push(reading(many.length + 1));
    const bytes = json(many);
    expect(bytes.length).toBeLessThanOrEqual(MAX_UPLOAD_BYTES);
    expect(read(bytes).readings).toHaveLength(many.length);
  });

  it('has the same readings as a list and as lines', () => {
    const any = fc.array(
      fc.oneof(
        fc.constant(null).map(() => reading(1)),
        fc.jsonValue(),
      ),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(any, (values) => {
        const asList = decodeUpload(json(values), ARRIVAL);
        const asLines = decodeUpload(lines(...values.map((value) => JSON.stringify(value))), ARRIVAL);
        if (!asList.ok || !asLines.ok) return;
        expect(asLines.value.readings).toEqual(asList.value.readings);
        expect(asLines.value.rejected.length).toBe(asList.value.rejected.length);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeUpload(bytes, ARRIVAL)));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
