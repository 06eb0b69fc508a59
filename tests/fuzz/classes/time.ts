import { parseTimestampText, printTimestamp } from '../../../src/streaming-sql/index.ts';
import { parseRecordTimestamp, printRecordTimestamp } from '../../../src/telemetry/decode-window.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const CORPUS = [
  '2016-11-09 06:29:00.0',
  '2016-02-29 23:59:59.999',
  '2015-02-29 00:00:00',
  '2016-11-09T06:29:00.123456789Z',
  '1970-1-1',
  '9999-12-31 23:59:59.999',
  '0000-01-01 00:00:00',
  '2016-06-30 23:59:60',
  '2016-04-31 12:00:00',
].map((text) => Buffer.from(text));
const pieces = piecesOf('00 13 24 31 60 99 - : . T Z 0001 2100-02-29 +01:00 ٢ 000000000').concat(
  Buffer.from(' '),
);
const YEAR = /^(\d{4})-(\d{1,2})-(\d{1,2})/;

/** Times as text: a day that does not exist is no time, and what is one prints as the same instant. */
export const timeFields: FuzzClass = {
  name: 'time-fields',
  counts: { ci: 20_000, long: 500_000 },
  open: () => ({
    generate: (random) => mutate(random.pick(CORPUS), random, pieces),
    check: (input) => {
      const text = input.toString();
      const millis = parseTimestampText(text);
      if (!Number.isNaN(millis)) {
        holds(
          parseTimestampText(printTimestamp(millis)) === millis,
          () => `${millis} prints as ${printTimestamp(millis)}`,
        );
        const [, year, month, day] = YEAR.exec(text.trim())!.map(Number);
        const date = new Date(millis);
        const found = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
        holds(found.join() === [year, month, day].join(), () => `'${text}' is taken for ${found.join('-')}`);
      }
      const recorded = parseRecordTimestamp(text);
      if (recorded !== undefined)
        holds(
          parseRecordTimestamp(printRecordTimestamp(recorded)) === recorded,
          () => `${recorded} prints as ${printRecordTimestamp(recorded)}`,
        );
    },
  }),
};
