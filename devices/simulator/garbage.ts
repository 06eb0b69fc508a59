import { gzipSync } from 'node:zlib';
import { hashNumbers } from './random.ts';

/** Ways in which a payload can hold no reading, as defective firmware and broken links make them. */
const KINDS: readonly ((payload: Uint8Array, draw: number) => Uint8Array)[] = [
  () => new Uint8Array(0),
  (payload) => payload.subarray(0, payload.length >> 1),
  (payload, draw) => payload.map((byte, at) => byte ^ (hashNumbers(draw, at) & 0xff)),
  () => Buffer.from('{"sensor_timestamp":"yesterday","sensor_value":"warm"}'),
  () => Buffer.from('{"sensor_timestamp":-1,"sensor_value":1}'),
  () => Buffer.from('[1,2,3]'),
  () => Buffer.from([0x22, 0xff, 0xfe, 0x22]),
  (payload) => gzipSync(payload).subarray(0, 12),
];

/** A payload that no rule can make a reading of. @param draw decides which; the same number gives the same bytes */
export function garbageOf(payload: string | Uint8Array, draw: number): Uint8Array {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return KINDS[draw % KINDS.length]!(bytes, draw);
}
