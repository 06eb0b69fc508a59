/** A figure that neither the template nor the load gives, with why it is what it is. */
export interface Assumption {
  readonly value: number;
  readonly basis: string;
}

/*
 * "Measured" means: the handlers of functions/ on the AWS SDK, against an HTTP server on the same machine that answers at
 * once, Node 24, one core of a server CPU, process CPU time per invocation once warm, 2026-11-21.
 */
const table = {
  messageBytes: { value: 200, basis: 'payload of one reading, the size that the project quotes prices for' },
  addedByRuleBytes: {
    value: 104,
    basis: 'measured: sensor_id, station_id, sensor, state, city in JSON, beside the payload',
  },
  addedByPackingBytes: {
    value: 48,
    basis: 'measured: sensor and sensor_id of one element of a packed publish',
  },
  windowBytes: { value: 326, basis: 'measured: one record of the stream "windows", JSON' },
  gzipRatio: { value: 5, basis: 'readings as JSON lines; the simulated ones measured 10' },
  archiveLineBytes: { value: 57, basis: 'event_id, which archive-readings adds to each line' },
  invocationCpuMillis: { value: 1, basis: 'measured: an invocation with nothing in it' },
  recordCpuMillis: {
    value: 0.01,
    basis: 'measured: decode and regroup one record (archive-readings, 6,000)',
  },
  windowStateCpuMillis: { value: 5, basis: 'unpack and pack the state of 1,000 windows' },
  dynamoDbCallCpuMillis: {
    value: 0.43,
    basis: 'measured: one UpdateItem or Query through the SDK (store-readings, publish-windows, 1,000 calls)',
  },
  otherCallCpuMillis: { value: 0.7, basis: 'measured: one PutRecords, PutRecordBatch or PutObject' },
  callWaitMillis: {
    value: 5,
    basis: 'DynamoDB, single-digit milliseconds; also taken for the other services',
  },
  largeCallWaitMillis: { value: 30, basis: 'PutObject, PutRecords, PutRecordBatch: time to first byte' },
  parallelCalls: {
    value: 16,
    basis: 'PARALLEL_WRITES of store-readings, PARALLEL_SENSORS of publish-windows',
  },
  megabytesPerCpu: {
    value: 1769,
    basis: 'AWS Lambda developer guide: 1,769 MB are one vCPU, less is a share',
  },
  unknownFunctionMillis: { value: 100, basis: 'a function that the model does not know' },
  platformLogBytes: {
    value: 400,
    basis: 'START, END and REPORT lines of one invocation, with 26 bytes each on top',
  },
  countsLogBytes: {
    value: 264,
    basis: 'measured: the EMF line of printRecordCounts when nothing was refused, repeated or failed',
  },
  aggregateLogBytes: { value: 439, basis: 'measured: the EMF line of printAggregateMetrics' },
  fleetLogBytes: { value: 265, basis: 'measured: the EMF line of printFleetMetrics, one per sensor type' },
  windowsLogBytes: { value: 325, basis: 'measured: the EMF line of printWindowMetrics' },
  logCompression: { value: 0.15, basis: 'CloudWatch bills stored logs compressed, at about this share' },
  usedShare: {
    value: 0.7,
    basis: 'share of a shard, a lane or a unit that is planned with: the rest is for bursts',
  },
  embeddedReadings: {
    value: 17_000,
    basis: 'measured: readings/s that one embedded runtime acknowledges over 500 connections, slowest run',
  },
  flinkReadingsPerKpu: {
    value: 60_000,
    basis:
      'half of the least measured on one core, with RocksDB: reading Kinesis and checkpoints were not measured',
  },
  sensorTypes: { value: 5, basis: 'the simulator’s; metrics are by type' },
  sampleBytes: { value: 25, basis: 'one reading within a minute item: about 40 readings per KB' },
  minuteItemBytes: { value: 40, basis: 'keys of a minute item: attribute names and values' },
  windowItemBytes: { value: 330, basis: 'item of the windows table: names and values' },
  latestItemBytes: { value: 250, basis: 'item of the latest table: names and values' },
  itemOverheadBytes: { value: 100, basis: 'DynamoDB developer guide: what storage adds to each item' },
  windowRetentionDays: { value: 90, basis: 'WINDOW_RETENTION_DAYS of src/stores/windows-table.ts' },
  alertsPerWindow: { value: 0.0001, basis: 'thresholds are crossed rarely' },
  apiRequestsPerSecond: { value: 0.1, basis: 'one page open around the clock, a request each 10 s' },
  apiResponseBytes: { value: 10_000, basis: 'one page of sensors or windows' },
  apiReadUnits: { value: 5, basis: 'a page of 100 sensors read with eventual consistency' },
  queuePollsPerSecond: {
    value: 0.25,
    basis: 'five requests of Lambda at a time, each waiting 20 seconds for messages',
  },
  firehoseFormatRatio: { value: 8, basis: 'Parquet with Snappy of the same readings' },
} as const satisfies Record<string, Assumption>;

export type AssumptionName = keyof typeof table;

/** Every assumption of the model, by name. */
export const ASSUMPTIONS: Readonly<Record<AssumptionName, Assumption>> = table;

export function assumed(name: AssumptionName): number {
  return ASSUMPTIONS[name].value;
}
