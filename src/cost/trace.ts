import { CostError } from './cost-error.ts';
import type { Load, PublishClass } from './load.ts';

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
/** Sizes are put together in steps of this many bytes; each step is counted at its upper end. */
const SIZE_STEP_BYTES = 64;

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

function classKey({ topic, bytes, readings, sensors }: TraceEntry): string {
  const [, rule = ''] = BASIC_INGEST.exec(topic) ?? [];
  const levels = topic.split('/').length;
  return [rule, levels, topic.endsWith('/batch'), stepOf(bytes), readings, sensors].join(' ');
}

function stepOf(bytes: number): number {
  return Math.ceil(bytes / SIZE_STEP_BYTES) * SIZE_STEP_BYTES;
}

function classOf(group: readonly TraceEntry[], seconds: number): PublishClass {
  const { topic, readings, sensors } = group[0]!;
  const [, rule, plainTopic] = BASIC_INGEST.exec(topic) ?? [];
  return {
    publishesPerSecond: group.length / seconds,
    bytes: group.reduce((sum, { bytes }) => sum + stepOf(bytes), 0) / group.length,
    topic: plainTopic ?? topic,
    basicIngest: rule ?? false,
    readings,
    sensorsPerPublish: sensors,
    sensors: new Set(group.map((entry) => entry.topic)).size * sensors,
  };
}

function stationOf(topic: string): string {
  const [, , plainTopic] = BASIC_INGEST.exec(topic) ?? [];
  return (plainTopic ?? topic).split('/').slice(0, 4).join('/');
}
