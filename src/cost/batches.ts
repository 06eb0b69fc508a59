import type { EventSourceMappingResource } from '../stack/stack.ts';

/** Like records on their way through the pipeline, at a steady rate. */
export interface RecordFlow {
  readonly recordsPerSecond: number;
  readonly bytes: number;
  readonly sensors: number;
  /** Records of one sensor that arrive at once, as out of a packed publish. */
  readonly together: number;
  /** All of an interval's records arrive at its end, as windows do. */
  readonly burstSeconds?: number;
}

/** How a function sees a stream: batches per second, and the readings of one sensor that one batch holds. */
export interface Batches {
  readonly invocationsPerSecond: number;
  readonly recordsPerSecond: number;
  readonly groups: readonly SensorGroup[];
}

export interface SensorGroup {
  /** Sensors in a batch, times batches per second. */
  readonly perSecond: number;
  /** Records of one sensor in one batch. */
  readonly records: number;
  /** Seconds between two readings of one sensor. */
  readonly spacingSeconds: number;
  readonly bytes: number;
}

/** One batch is at most 6 MB of JSON, its records in base64 (AWS Lambda developer guide, "Lambda quotas"). */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** What an event adds to the base64 of one record: ARN, ids, times. */
const RECORD_ENVELOPE_BYTES = 400;
/** Without a batching window each shard is polled once a second. */
const POLL_SECONDS = 1;

export function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

/** Seconds between two readings of one sensor. */
export function spacingSeconds({ sensors, recordsPerSecond }: RecordFlow): number {
  return sensors / recordsPerSecond;
}

type BatchingSetting = 'batchSize' | 'batchWindowSeconds' | 'parallelizationFactor' | 'tumblingWindowSeconds';

/**
 * The batches that an event source mapping makes of a stream: a batch ends with its window, when it is full, or at the
 * payload limit, per shard and parallel lane (AWS Lambda developer guide, "Batching behavior").
 */
export function batchesOf(
  mapping: Pick<EventSourceMappingResource, BatchingSetting>,
  shards: number,
  flows: readonly RecordFlow[],
): Batches {
  const recordsPerSecond = sumOf(flows, (flow) => flow.recordsPerSecond);
  if (recordsPerSecond === 0) return { invocationsPerSecond: 0, recordsPerSecond, groups: [] };
  const lanes = shards * mapping.parallelizationFactor;
  const meanBytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes) / recordsPerSecond;
  const maxRecords = Math.min(
    mapping.batchSize,
    Math.floor(MAX_PAYLOAD_BYTES / ((meanBytes * 4) / 3 + RECORD_ENVELOPE_BYTES)),
  );
  const invocationsPerSecond = flows.every(({ burstSeconds }) => burstSeconds)
    ? burstInvocations(flows, lanes, maxRecords)
    : steadyInvocations(recordsPerSecond, lanes, maxRecords, mapping.batchWindowSeconds);
  const batchSeconds = lanes / invocationsPerSecond;
  // A tumbling window ends with an invocation of its own (AWS Lambda developer guide, "Tumbling windows").
  const finals = mapping.tumblingWindowSeconds > 0 ? lanes / mapping.tumblingWindowSeconds : 0;
  return {
    invocationsPerSecond: invocationsPerSecond + finals,
    recordsPerSecond,
    groups: flows.map((flow) => groupOf(flow, batchSeconds)),
  };
}

function steadyInvocations(
  recordsPerSecond: number,
  lanes: number,
  maxRecords: number,
  windowSeconds: number,
): number {
  const fillSeconds = (maxRecords * lanes) / recordsPerSecond;
  const batchSeconds = Math.min(Math.max(windowSeconds, POLL_SECONDS), fillSeconds);
  return Math.min(recordsPerSecond, lanes / batchSeconds);
}

/** Between two bursts the stream is empty, and the function is not called. */
function burstInvocations(flows: readonly RecordFlow[], lanes: number, maxRecords: number): number {
  return sumOf(flows, ({ recordsPerSecond, burstSeconds = 1 }) => {
    const recordsOfLane = (recordsPerSecond * burstSeconds) / lanes;
    const busyLanes = Math.min(lanes, recordsPerSecond * burstSeconds);
    return (busyLanes * wholeBatches(recordsOfLane, maxRecords)) / burstSeconds;
  });
}

/** Rates carry rounding errors: 1,000.0000000001 records are two batches of 500, not three. */
function wholeBatches(records: number, maxRecords: number): number {
  return Math.max(1, Math.ceil(records / maxRecords - 1e-9));
}

/** Sensors publish regularly, so in a batch there is each one, or a share of them as large as the batch is short. */
function groupOf(flow: RecordFlow, batchSeconds: number): SensorGroup {
  const spacing = spacingSeconds(flow);
  const perSecond = flow.sensors * Math.min(1 / batchSeconds, 1 / (flow.together * spacing));
  return {
    perSecond,
    records: flow.recordsPerSecond / perSecond,
    spacingSeconds: spacing,
    bytes: flow.bytes,
  };
}
