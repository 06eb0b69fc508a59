import { decodeSegment, encodeRecord } from '../../../devices/client/spool-record.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const TEXTS = ['{"sensor_value":1}', '', '{"a":"\u{1f600}"}', 'x y z'];
const pieces = [
  ...piecesOf('00000000 ffffffff 0 -1 999999999999999 {"a":1}'),
  Buffer.from('\n'),
  Buffer.from(' '),
];
const NEWLINE = 0x0a;

/** What a device finds on its disk after a power cut: every line is a record as it was written, or told to be damaged. */
export const spoolLines: FuzzClass = {
  name: 'spool-lines',
  counts: { ci: 15_000, long: 500_000 },
  open: () => ({
    generate: (random) => {
      const lines = Array.from({ length: random.between(1, 5) }, (_, index) =>
        encodeRecord({ index: random.between(0, 99) + index, text: random.pick(TEXTS) }),
      );
      return mutate(Buffer.concat(lines), random, pieces);
    },
    check: (input) => {
      const { records, damaged, tornBytes } = decodeSegment(input);
      const lines = input.filter((byte) => byte === NEWLINE).length;
      holds(
        records.length + damaged.length === lines,
        () => `${records.length} records and ${damaged.length} damaged of ${lines} lines`,
      );
      holds(tornBytes === input.length - 1 - input.lastIndexOf(NEWLINE), () => `${tornBytes} torn bytes`);
      for (const record of records)
        holds(
          input.includes(encodeRecord(record).subarray(0, 9)),
          () => `'${record.text}' was not written so`,
        );
    },
  }),
};
