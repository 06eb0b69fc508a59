import type { Durability } from '../../src/local/log/durable-log.ts';
import type { TimeOptions } from '../../src/streaming-sql/index.ts';
import { SeededRandom } from './seeded-random.ts';

/** How one event source mapping is set. */
export interface MappingOptions {
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly parallelizationFactor: number;
  readonly bisect: boolean;
  readonly maximumRetryAttempts: number;
}

/** A mistake built in on purpose, for the test that the simulation finds it. */
export type Sabotage =
  | 'ack-before-commit'
  | 'checkpoint-before-output'
  | 'checkpoint-before-handler'
  | 'skip-state'
  | 'checkpoint-before-object'
  | 'archive-not-awaited'
  | 'skip-window-state'
  | 'settle-before-delivery';

/** What a world may have besides the core that every world has. */
export type Part =
  /** A delivery stream, of the readings or put on directly. */
  | 'firehose'
  /** The function that archives readings. */
  | 'archive'
  /** The windows are made by a function with tumbling windows, not by the application. */
  | 'function-windows'
  /** A rule whose actions go through queues. */
  | 'queues';

/** Drawn for each world by itself, with the share of worlds that have it. */
const PARTS: readonly (readonly [Part, number])[] = [
  ['firehose', 0.5],
  ['archive', 0.4],
  ['function-windows', 0.35],
  ['queues', 0.5],
];

export const ALL_PARTS: readonly Part[] = PARTS.map(([part]) => part);

/** How a delivery stream is set. */
export interface FirehoseOptions {
  /** Whether rules put on it, or it reads the stream of readings. */
  readonly isDirect: boolean;
  readonly bufferSeconds: number;
  readonly bufferMegabytes: number;
}

/** How the queues of a world are set. */
export interface QueueSettings {
  readonly batchSize: number;
  readonly visibilityTimeoutSeconds: number;
  readonly maximumReceives: number;
  /** Asynchronous invocations at once, and what a failed one waits first. */
  readonly concurrency: number;
  readonly retryBaseMillis: number;
}

/** Everything that follows from a seed, but for the course of events. */
export interface WorldOptions {
  readonly seed: number;
  readonly durability: Durability;
  readonly readingShards: number;
  readonly windowShards: number;
  readonly retentionHours: number;
  readonly time: TimeOptions;
  readonly store: MappingOptions;
  readonly publish: MappingOptions;
  readonly devices: number;
  readonly events: number;
  readonly poisonEvents: number;
  readonly faults: number;
  /** How long devices publish and faults happen. */
  readonly stormMillis: number;
  readonly startMillis: number;
  readonly sabotage: Sabotage | undefined;
  readonly parts: readonly Part[];
  readonly firehose: FirehoseOptions;
  readonly archive: MappingOptions;
  readonly aggregate: MappingOptions;
  readonly queues: QueueSettings;
}

/** What is given, not drawn. */
export interface GivenOptions {
  readonly sabotage?: Sabotage | undefined;
  readonly parts?: readonly Part[] | undefined;
}

/** Few, so that each plan is compiled once for many worlds. */
const TIMES: readonly TimeOptions[] = [
  { source: 'arrival' },
  { source: 'column', column: 'sensor_timestamp' },
  { source: 'column', column: 'sensor_timestamp', outOfOrderMillis: 5000 },
  { source: 'column', column: 'sensor_timestamp', outOfOrderMillis: 5000, allowedLatenessMillis: 120_000 },
];

export function optionsOfSeed(seed: number, { sabotage, parts }: GivenOptions = {}): WorldOptions {
  const random = new SeededRandom(seed);
  // Draws of their own, so that a seed's core stays what it was when parts come and go.
  const ofParts = new SeededRandom(seed, 8);
  const drawn = PARTS.filter(([, share]) => ofParts.chance(share)).map(([part]) => part);
  const durability = random.pick<Durability>([
    'power',
    'power',
    'power',
    'power',
    'power',
    'process',
    'memory',
  ]);
  return {
    seed,
    durability: sabotage ? 'power' : durability,
    readingShards: random.between(1, 4),
    windowShards: random.between(1, 2),
    retentionHours: random.chance(0.7) ? 24 : random.pick([0.03, 0.05, 0.1]),
    time: random.chance(0.5) ? TIMES[0]! : random.pick(TIMES),
    store: mapping(random, 200),
    publish: mapping(random, 50),
    devices: random.between(2, 5),
    events: 500 + Math.floor(1500 * random.fraction() ** 14),
    poisonEvents: random.chance(0.5) ? 0 : random.between(1, 5),
    faults: random.between(10, 20),
    stormMillis: random.between(150, 400) * 1000,
    startMillis: 1_795_000_000_000 + random.between(0, 14 * 86_400) * 1000,
    sabotage,
    parts: parts ?? drawn,
    firehose: {
      isDirect: ofParts.chance(0.5),
      bufferSeconds: ofParts.pick([5, 20, 60]),
      bufferMegabytes: ofParts.pick([0.005, 0.02, 5]),
    },
    archive: mapping(ofParts, 200),
    aggregate: { ...mapping(ofParts, 300), parallelizationFactor: 1 },
    queues: {
      batchSize: ofParts.between(1, 20),
      visibilityTimeoutSeconds: ofParts.between(3, 30),
      maximumReceives: ofParts.between(1, 5),
      concurrency: ofParts.pick([1, 2, 10]),
      retryBaseMillis: ofParts.pick([500, 5000, 60_000]),
    },
  };
}

function mapping(random: SeededRandom, mostRecords: number): MappingOptions {
  return {
    batchSize: random.between(10, mostRecords),
    batchWindowSeconds: random.pick([0, 1, 2, 3, 4, 5]),
    parallelizationFactor: random.pick([1, 1, 2, 4]),
    bisect: random.chance(0.6),
    maximumRetryAttempts: random.between(0, 6),
  };
}
