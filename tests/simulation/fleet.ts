import type { SeededRandom } from './seeded-random.ts';
import type { WorldOptions } from './world-options.ts';

/** What the generator meant an event to be. */
export type EventKind =
  | 'in-order'
  | 'out-of-order'
  | 'late'
  | 'ahead'
  | 'far-ahead'
  | 'closed-week'
  | 'negative-time'
  /** No rule takes it. */
  | 'garbage';

/** One message that a device wants to be rid of. */
export interface SentEvent {
  /** Unique; the value it carries is `number + 0.25`, which doubles add up exactly. */
  readonly number: number;
  readonly kind: EventKind;
  readonly device: number;
  readonly sensorId: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly timestampMillis: number;
  readonly hasIdentity: boolean;
  /** When it is published for the first time, virtual milliseconds. */
  readonly atMillis: number;
  /** The function that stores it dies of it each time. */
  readonly isPoison: boolean;
  /** Published once more after it was acknowledged. */
  readonly isRepeated: boolean;
}

const KINDS: readonly (readonly [EventKind, number])[] = [
  ['in-order', 70],
  ['out-of-order', 9],
  ['late', 5],
  ['ahead', 3],
  ['far-ahead', 1],
  ['closed-week', 1],
  ['negative-time', 1],
  ['garbage', 10],
];
const SENSORS_OF_DEVICE = 2;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Everything that the devices of a world send, in the order of time. */
export function createEvents(options: WorldOptions, random: SeededRandom): SentEvent[] {
  const events = Array.from({ length: options.events }, (_, number) => {
    const atMillis = random.fraction() * options.stormMillis;
    return createEvent(number, atMillis, options, random);
  });
  return events.sort((a, b) => a.atMillis - b.atMillis);
}

function createEvent(
  number: number,
  atMillis: number,
  { devices, startMillis, events, poisonEvents }: WorldOptions,
  random: SeededRandom,
): SentEvent {
  const device = random.between(0, devices - 1);
  const sensorId = `s${device}-${random.between(1, SENSORS_OF_DEVICE)}`;
  const kind = pickKind(random);
  const hasIdentity = device % 2 === 0;
  const timestampMillis = timestampOf(kind, Math.floor(startMillis + atMillis), random);
  const isPoison = kind === 'in-order' && random.chance((poisonEvents * 1.4) / events);
  const reading = {
    sensor_timestamp: timestampMillis,
    sensor_value: number + 0.25,
    ...(random.chance(0.5) && { sensor_value_smoothed: number + 0.5 }),
    ...(hasIdentity && { device_id: `d${device}`, boot_id: 'b', sequence: number }),
    ...(isPoison && { poison: true }),
  };
  const topic = `weather/WA/Seattle/st${device}/temperature/${sensorId}`;
  const message =
    kind === 'garbage' ? garbage(topic, reading, random) : { topic, text: JSON.stringify(reading) };
  return {
    number,
    kind,
    device,
    sensorId,
    topic: message.topic,
    payload: Buffer.from(message.text),
    timestampMillis,
    hasIdentity,
    atMillis,
    isPoison,
    isRepeated: random.chance(0.03),
  };
}

function pickKind(random: SeededRandom): EventKind {
  let at = random.between(1, 100);
  for (const [kind, share] of KINDS) {
    at -= share;
    if (at <= 0) return kind;
  }
  return 'in-order';
}

function timestampOf(kind: EventKind, nowMillis: number, random: SeededRandom): number {
  if (kind === 'out-of-order') return nowMillis - random.between(1, 20_000);
  if (kind === 'late') return nowMillis - random.between(2, 90) * MINUTE;
  if (kind === 'ahead') return nowMillis + random.between(2 * HOUR, 20 * HOUR);
  if (kind === 'far-ahead') return nowMillis + random.between(3, 30) * DAY;
  if (kind === 'closed-week') return nowMillis - random.between(50, 400) * DAY;
  if (kind === 'negative-time') return -random.between(1, 100_000);
  return nowMillis;
}

function garbage(topic: string, reading: object, random: SeededRandom): { topic: string; text: string } {
  const text = JSON.stringify(reading);
  return random.pick([
    { topic, text: text.slice(0, -3) },
    { topic, text: '' },
    { topic, text: '[]' },
    { topic, text: '\u0000\u0001' },
    { topic, text: JSON.stringify({ ...reading, sensor_value: 'wet' }) },
    { topic, text: JSON.stringify({ ...reading, sensor_timestamp: null }) },
    { topic, text: '{"sensor_timestamp":1}' },
    { topic: `${topic}/deeper`, text },
    { topic: 'elsewhere', text },
  ]);
}
