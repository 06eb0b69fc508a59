import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { compileRule } from '../../../src/iot-sql/index.ts';
import { decodeAlert } from '../../../src/telemetry/decode-alert.ts';
import { decodeBatch } from '../../../src/telemetry/decode-batch.ts';
import { decodeReading } from '../../../src/telemetry/decode-reading.ts';
import { decodeUpload } from '../../../src/telemetry/decode-upload.ts';
import { decodeWindow } from '../../../src/telemetry/decode-window.ts';
import { eventId } from '../../../src/telemetry/event-id.ts';
import { type Decoded, REJECTION_REASONS } from '../../../src/telemetry/rejection.ts';
import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { type FuzzClass, holds, type OpenFuzz } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const ARRIVAL_MILLIS = 1_472_611_230_000;
const TOPIC = 'weather/WA/Seattle/st-1/power/s-1';
const BATCH_TOPIC = 'weather/WA/Seattle/st-1/batch';
const rule = compileRule(readFileSync(new URL('../../../rules/telemetry.sql', import.meta.url), 'utf8'));

const PLACE = '"station_id":"st-1","sensor":"power","state":"WA","city":"Seattle"';
const payloadWith = (value: string, more = ''): string =>
  `{"sensor_id":"s-1",${PLACE},"sensor_timestamp":1472611226005,"sensor_value":${value},"direction":-1${more}}`;
const READING = payloadWith('0.61', ',"device_id":"d-1","boot_id":"b","sequence":7');
const WINDOW =
  '{"sensor_id":"s-1","sensor":"power","station_id":"st-1","sensor_avg_value":1.5,"sensor_smooth_avg_value":null,"60sec_sum_of_sensor_value":3,"60sec_number_of_msg":2,"sensor_min_value":1,"sensor_max_value":2,"record_timestamp":"2016-11-09 06:29:00.000"}';
const CORPUS = [
  READING,
  WINDOW,
  `{"readings":[${READING},${payloadWith('1')},${payloadWith('"x"')}]}`,
  `[${READING},${READING}]`,
  ...`{} [] null true 0 -0 1e400 -1e-400 "" "\\ud800" "\\u0000" {"a":1,"a":2} [1,] {"a"} {,} nul NaN Infinity 01 1. .5 +1 0x10 'a' {"":0}`.split(
    ' ',
  ),
  `${'['.repeat(70)}${']'.repeat(70)}`,
  '{"a":'.repeat(70),
  `\ufeff${READING}`,
].map((text) => Buffer.from(text));
const PIECES = [
  ...piecesOf(
    '{ } [ ] , : " \\ \\u0000 \\ud800 null true 1e999 -0 0.1 9007199254740993 "sensor_value" "__proto__" "readings" 1472611226005 /**/ \u2028',
  ),
  Buffer.from([0xff]),
  Buffer.from([0]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from('\t\n '),
];

/** All that reads a body says yes or why not, with one of the reasons there are. */
function checkBody(input: Buffer): void {
  const reading = decodeReading(input, ARRIVAL_MILLIS);
  const decoded: Decoded<unknown>[] = [
    reading,
    decodeUpload(input, ARRIVAL_MILLIS),
    decodeBatch(input, BATCH_TOPIC, ARRIVAL_MILLIS),
    decodeWindow(input),
    decodeAlert(input),
  ];
  for (const each of decoded)
    holds(
      each.ok || (REJECTION_REASONS.includes(each.rejection.reason) && each.rejection.detail !== ''),
      () => `refused for ${JSON.stringify(each)}`,
    );
  if (!isUtf8(input))
    holds(
      decoded.slice(0, 1).every(({ ok }) => !ok),
      () => 'bytes that are no UTF-8 were read',
    );
  if (reading.ok) {
    const { sensor_value, sensor_timestamp } = reading.value;
    holds(
      Number.isFinite(sensor_value) && Number.isFinite(sensor_timestamp),
      () => `read ${sensor_value} at ${sensor_timestamp}`,
    );
    holds(eventId(reading.value) !== '', () => 'it has no identity');
  }
  checkRule(input);
}

/** The rule never throws, explains what it did, and what it lets through is what a store can read. */
function checkRule(payload: Buffer): void {
  const message = { topic: TOPIC, payload };
  const text = rule.evaluateText(message);
  const { fired } = rule.evaluate(message);
  holds(
    (rule.reasonNotFired(message) === '') === fired,
    () => `fired: ${fired}, because ${rule.reasonNotFired(message)}`,
  );
  if (!fired || typeof text !== 'string') return;
  const output = JSON.parse(text) as Record<string, unknown>;
  holds(Number.isFinite(output.sensor_value), () => `the rule gave ${text}`);
  holds(output.station_id === 'st-1', () => `the topic says st-1, the rule ${String(output.station_id)}`);
}

export const jsonBodies: FuzzClass = {
  name: 'json-bodies',
  counts: { ci: 40_000, long: 2_000_000 },
  open: () => ({
    generate: (random) => {
      const body = mutate(random.pick(CORPUS), random, PIECES);
      if (!random.chance(0.1)) return body;
      const packed = gzipSync(body, { level: 1 });
      return random.chance(0.5) ? packed : mutate(packed, random, PIECES);
    },
    check: checkBody,
  }),
};

const NUMBERS =
  '0 -0 1 -1 0.1 1.0 1e308 1e309 -1e400 5e-324 1e-400 9007199254740991 9007199254740993 0.1234567890123456789012345678901234567890 12345678901234567890123456789012345678901 1E5 -1.5e+3 NaN Infinity 0x10 1_000 "1" "1e5" "" null true [] {} 00 1. .1 +1 - 1e e1'.split(
    ' ',
  );
const DIGITS = piecesOf('0 1 9 . e E - + 00000000 99999999 e3 e-3 "');

/** A number that is accepted is the double that its text means, and never becomes null. */
export const jsonNumbers: FuzzClass = {
  name: 'json-numbers',
  counts: { ci: 20_000, long: 500_000 },
  open: () => ({
    generate: (random) => {
      const number = Buffer.from(random.pick(NUMBERS));
      return random.chance(0.2) ? number : mutate(number, random, DIGITS);
    },
    check: (input) => {
      const payload = Buffer.from(payloadWith(input.toString('latin1')));
      checkRule(payload);
      const reading = decodeReading(payload, ARRIVAL_MILLIS);
      if (!reading.ok) return;
      const { sensor_value: value } = JSON.parse(payload.toString()) as { sensor_value: unknown };
      holds(
        Number.isFinite(reading.value.sensor_value),
        () => `${input.toString()} became ${reading.value.sensor_value}`,
      );
      holds(
        reading.value.sensor_value === Number(value),
        () => `${input.toString()} became ${reading.value.sensor_value}`,
      );
      const identity = eventId(reading.value);
      holds(identity !== '' && !identity.includes('null'), () => `its identity is ${identity}`);
    },
  }),
};

const TEXTS = [
  's-1',
  '\u0000',
  '\u202e123',
  '\u{1f600}',
  'é',
  '',
  ' ',
  '\ufffd',
  '../..',
  '<script>',
  '=1+1',
  '\u001b[2J',
];
const BYTES = [
  ...TEXTS.map((text) => Buffer.from(text)),
  ...[
    [0xc0, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xff],
    [0xe2, 0x82],
    [0xf4, 0x90, 0x80, 0x80],
  ].map((bytes) => Buffer.from(bytes)),
  Buffer.from('x'.repeat(257)),
];

/** Names of whatever bytes: what is no UTF-8 is refused for that, and what is accepted is as it was sent. */
export const jsonText: FuzzClass = {
  name: 'json-text',
  counts: { ci: 10_000, long: 500_000 },
  open: () => ({
    generate: (random) => mutate(random.pick(BYTES), random, BYTES),
    check: (input) => {
      const payload = Buffer.concat([
        Buffer.from('{"sensor_id":"'),
        input,
        Buffer.from(`",${PLACE},"sensor_timestamp":1472611226005,"sensor_value":1}`),
      ]);
      checkBody(payload);
      const reading = decodeReading(payload, ARRIVAL_MILLIS);
      if (!isUtf8(input)) {
        const isTold = !reading.ok && reading.rejection.reason === 'bad-utf8';
        holds(isTold, () => `bytes that are no UTF-8: ${JSON.stringify(reading)}`);
      } else if (reading.ok && !input.includes('\\') && !input.includes('"'))
        holds(
          reading.value.sensor_id === input.toString(),
          () => `${input.toString()} became ${reading.value.sensor_id}`,
        );
    },
  }),
};

const NAMES = [
  '__proto__',
  '\\u005f_proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'valueOf',
  'a',
];
const proto = compileRule(
  "SELECT *, a AS __proto__.polluted, a AS constructor.prototype.polluted, get(*, '__proto__') AS b FROM 'weather/#'",
);

function nested(random: SeededRandom, depth: number): string {
  if (depth === 0) return random.pick(['1', '"polluted"', 'null', '{}', '[]']);
  const entries = Array.from(
    { length: random.between(1, 3) },
    () => `"${random.pick(NAMES)}":${nested(random, depth - 1)}`,
  );
  return random.chance(0.2) ? `[${nested(random, depth - 1)}]` : `{${entries.join(',')}}`;
}

/** Names that every object has: nothing is set on any object but the message's own. */
export const prototypeKeys: FuzzClass = {
  name: 'prototype-keys',
  counts: { ci: 10_000, long: 300_000 },
  open: (): OpenFuzz => ({
    generate: (random) => {
      const more = Array.from(
        { length: random.between(1, 4) },
        () => `,"${random.pick(NAMES)}":${nested(random, random.between(0, 4))}`,
      );
      return Buffer.from(payloadWith('0.5', more.join('')));
    },
    check: (input) => {
      checkBody(input);
      const message = { topic: TOPIC, payload: input };
      proto.evaluate(message);
      const text = proto.evaluateText(message);
      if (typeof text === 'string' && text !== '') JSON.parse(text);
      proto.explain(message);
      const reading = decodeReading(input, ARRIVAL_MILLIS);
      holds(!reading.ok || reading.value.sensor_value === 0.5, () => 'the value is another');
      holds(({} as Record<string, unknown>).polluted === undefined, () => 'every object has "polluted" now');
    },
  }),
};
