import { CostError } from './cost-error.ts';
import { type Load, meteredUnits, type PublishClass } from './load.ts';

/** One line of a recorded load: one publish. */
export interface TraceEntry {
  readonly timestampMillis: number;
  readonly topic: string;
  /** Bytes of the payload. */
  readonly bytes: number;
  /** Readings in it; 1 when absent. */
  readonly readings: number;
  /** Different sensors in it; as many as readings on a `…/batch` topic when absent, else 1. */
  readonly sensors: number;
  readonly clientId: string | undefined;
}

const BASIC_INGEST = /^\$aws\/rules\/([^/]+)\/(.+)$/;

/**
 * A recorded load, JSON lines `{"timestampMillis":…,"topic":"…","bytes":…}` with `readings`, `sensors` and `clientId` as options.
 * The rate is that of the whole recording; devices are its client ids, or its topics' stations where it has none.
 *
 * @throws CostError with the number of the line that is not one, or when the recording has no length
 */
export function readTrace(text: string): Load {
  const entries = text
    .split('\n')
    .flatMap((line, index) => (line.trim() ? [readEntry(line, index + 1)] : []));
  const seconds = durationSeconds(entries);
  const groups = Map.groupBy(entries, classKey);
  const classes = [...groups.values()].map((group) => classOf(group, seconds));
  const devices = new Set(entries.map(({ clientId, topic }) => clientId ?? stationOf(topic))).size;
  return { devices, classes };
}

function readEntry(line: string, lineNumber: number): TraceEntry {
  const problem = (wanted: string): CostError =>
    new CostError(`Cannot read line ${lineNumber} of the trace: expected ${wanted}`);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw problem('one JSON object');
  }
  if (value === null || typeof value !== 'object') throw problem('one JSON object');
  const { timestampMillis, topic, bytes, readings = 1, clientId } = value;
  const perTopic = typeof topic === 'string' && topic.endsWith('/batch') ? readings : 1;
  const { sensors = perTopic } = value;
  if (!isAtLeast(timestampMillis, 0)) throw problem('"timestampMillis", milliseconds since the epoch');
  if (typeof topic !== 'string' || topic === '') throw problem('"topic", a text');
  if (!isAtLeast(bytes, 0)) throw problem('"bytes", the size of the payload');
  if (!isAtLeast(readings, 1)) throw problem('"readings" of at least 1');
  if (!isAtLeast(sensors, 1) || sensors > readings)
    throw problem('"sensors" from 1 to the number of readings');
  return {
    timestampMillis,
    topic,
    bytes,
    readings,
    sensors,
    clientId: typeof clientId === 'string' ? clientId : undefined,
  };
}

function isAtLeast(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= least;
}

/** From the first publish to the last, and the mean pause after it. */
function durationSeconds(entries: readonly TraceEntry[]): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { timestampMillis } of entries) {
    first = Math.min(first, timestampMillis);
    last = Math.max(last, timestampMillis);
  }
  if (entries.length < 2 || first === last)
    throw new CostError(
      `Cannot price the trace: it has ${entries.length} publishes at ${entries.length ? 'one time' : 'no time'}, and needs at least two at different times`,
    );
  return ((last - first) / 1000) * (entries.length / (entries.length - 1));
}

/** One class for each rule named and each form of topic; sizes and readings are taken on the mean. */
function classKey({ topic }: TraceEntry): string {
  const [, rule = '', plainTopic = topic] = BASIC_INGEST.exec(topic) ?? [];
  return [rule, plainTopic.split('/').length, plainTopic.split('/')[0], plainTopic.endsWith('/batch')].join(
    ' ',
  );
}

function classOf(group: readonly TraceEntry[], seconds: number): PublishClass {
  const [, rule, plainTopic = group[0]!.topic] = BASIC_INGEST.exec(group[0]!.topic) ?? [];
  const mean = (value: (entry: TraceEntry) => number): number =>
    group.reduce((sum, entry) => sum + value(entry), 0) / group.length;
  const sensorsPerPublish = mean(({ sensors }) => sensors);
  return {
    publishesPerSecond: group.length / seconds,
    bytes: mean(({ bytes }) => bytes),
    units: mean(({ bytes, topic }) => meteredUnits(bytes, topic)),
    topic: plainTopic,
    basicIngest: rule ?? false,
    readings: mean(({ readings }) => readings),
    sensorsPerPublish,
    sensors: new Set(group.map(({ topic }) => topic)).size * sensorsPerPublish,
  };
}

function stationOf(topic: string): string {
  const [, , plainTopic] = BASIC_INGEST.exec(topic) ?? [];
  return (plainTopic ?? topic).split('/').slice(0, 4).join('/');
}
