/*
 * Rules SQL: the speed of compiled rules against a closure written by hand, all in one run.
 * node bench/rules.bench.ts [--json]
 */
import { type CompiledRule, compileRule, createMessage, TopicMatcher } from '../src/iot-sql/index.ts';

const READINGS_RULE = `SELECT *, topic(6) AS sensor_id, topic(4) AS station_id, topic(5) AS sensor, topic(2) AS state,
  topic(3) AS city, sensor_timestamp, cast(sensor_value AS float) AS sensor_value,
  cast(sensor_value_smoothed AS float) AS sensor_value_smoothed, cast(direction AS int) AS direction
FROM 'weather/#'
WHERE NOT isUndefined(topic(6)) AND NOT isUndefined(cast(sensor_value AS float))
  AND NOT isUndefined(cast(sensor_timestamp AS int))`;

const SENSORS = 10_000;
const PAYLOAD_BYTES = 199;
const ROUNDS = 20;
const MESSAGES_PER_ROUND = 50_000;

/** One published message. */
interface Publish {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Handles one message; the number returned keeps the work from being optimised away. */
type Handle = (publish: Publish) => number;

interface Measurement {
  readonly name: string;
  readonly nanosPerMessage: number;
}

/** A fixed sequence, so that every run measures the same messages. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function createPublishes(): Publish[] {
  const random = createRandom(7);
  return Array.from({ length: SENSORS }, (_, index) => {
    const value = Math.round(random() * 4000) / 100 + 0.01;
    const reading = {
      sensor_timestamp: 1_472_611_226_005 + index,
      sensor_value: value,
      sensor_value_smoothed: Math.round(value * 97) / 100,
      direction: index % 2 === 0 ? -1 : 1,
    };
    const text = JSON.stringify(reading);
    const note = 'x'.repeat(PAYLOAD_BYTES - text.length - ',"note":""'.length);
    return {
      topic: `weather/WA/seattle/s${index % 50}/temperature/t-${index}`,
      payload: Buffer.from(JSON.stringify({ ...reading, note })),
    };
  });
}

/** What a programmer would write for the readings rule without a rules language. */
function handWritten({ topic, payload }: Publish): number {
  const reading = JSON.parse(payload.toString('utf8')) as Record<string, unknown>;
  const levels = topic.split('/');
  const value = toNumber(reading.sensor_value);
  const timestamp = toNumber(reading.sensor_timestamp);
  if (
    !topic.startsWith('weather/') ||
    levels[5] === undefined ||
    value === undefined ||
    timestamp === undefined
  )
    return 0;
  return JSON.stringify({
    ...reading,
    sensor_id: levels[5],
    station_id: levels[3],
    sensor: levels[4],
    state: levels[1],
    city: levels[2],
    sensor_value: value,
    sensor_value_smoothed: toNumber(reading.sensor_value_smoothed),
    direction: Math.floor(toNumber(reading.direction) ?? 0),
  }).length;
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
    ? Number(value)
    : undefined;
}

/** Matches, evaluates and serialises, as the local runtime does for every publish. */
function throughRules(rules: readonly CompiledRule[]): Handle {
  const matcher = new TopicMatcher(rules.map((rule) => ({ topicFilter: rule.topicFilter, value: rule })));
  return ({ topic, payload }) => {
    const match = matcher.match(topic);
    const message = createMessage({ topic: match.topic, payload });
    let length = 0;
    for (const rule of match.values) length += rule.evaluateText(message)?.length ?? 0;
    return length;
  };
}

/** The readings rule and 99 alarms that look at the same message and do not fire. */
function alarmsBeside(rule: CompiledRule): CompiledRule[] {
  const alarms = Array.from({ length: 99 }, (_, index) =>
    compileRule(
      `SELECT topic(6) AS sensor_id FROM 'weather/#' WHERE cast(sensor_value AS float) > ${100 + index}`,
    ),
  );
  return [rule, ...alarms];
}

function measureAll(handles: Readonly<Record<string, Handle>>): Measurement[] {
  const publishes = createPublishes();
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, handle] of Object.entries(handles)) {
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, measure(handle, publishes)));
    }
  }
  return [...best].map(([name, nanosPerMessage]) => ({ name, nanosPerMessage }));
}

function measure(handle: Handle, publishes: readonly Publish[]): number {
  const start = process.hrtime.bigint();
  let total = 0;
  for (let index = 0; index < MESSAGES_PER_ROUND; index++) total += handle(publishes[index % SENSORS]!);
  const nanos = Number(process.hrtime.bigint() - start);
  if (total === 0) throw new Error('Cannot measure a rule that never fires');
  return nanos / MESSAGES_PER_ROUND;
}

const rule = compileRule(READINGS_RULE);
const disjoint = Array.from({ length: 999 }, (_, index) =>
  compileRule(`SELECT * FROM 'other${index}/+/data'`),
);
const measurements = measureAll({
  'written by hand': handWritten,
  'readings rule': throughRules([rule]),
  'among 1000 rules on other topics': throughRules([...disjoint, rule]),
  'with 99 more rules on the same message': throughRules(alarmsBeside(rule)),
});
const nanosOf = (name: string) => measurements.find((one) => one.name === name)!.nanosPerMessage;
const one = nanosOf('readings rule');
const goals = [
  {
    name: 'speed of the hand-written closure',
    ratio: nanosOf('written by hand') / one,
    goal: '>= 0.8',
    met: nanosOf('written by hand') / one >= 0.8,
  },
  { name: 'M messages/s per core', ratio: 1000 / one, goal: '>= 0.6', met: 1000 / one >= 0.6 },
  {
    name: 'cost with 1000 rules on other topics',
    ratio: nanosOf('among 1000 rules on other topics') / one,
    goal: '<= 1.2',
    met: nanosOf('among 1000 rules on other topics') / one <= 1.2,
  },
  {
    name: 'cost with 100 rules on the message',
    ratio: nanosOf('with 99 more rules on the same message') / one,
    goal: '<= 3',
    met: nanosOf('with 99 more rules on the same message') / one <= 3,
  },
];

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, payloadBytes: PAYLOAD_BYTES, measurements, goals }));
} else {
  console.log(
    `Node ${process.version}, ${PAYLOAD_BYTES}-byte messages, bytes in, JSON text out, best of ${ROUNDS} rounds`,
  );
  console.table(
    measurements.map(({ name, nanosPerMessage }) => ({
      name,
      'ns/message': Math.round(nanosPerMessage),
      'M/s': (1000 / nanosPerMessage).toFixed(2),
    })),
  );
  console.table(goals.map(({ ratio, ...goal }) => ({ ...goal, ratio: ratio.toFixed(2) })));
}
