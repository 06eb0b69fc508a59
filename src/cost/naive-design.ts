import { GIGABYTE, HOURS_PER_MONTH, SECONDS_PER_MONTH, type Usage } from './cost-line.ts';

const MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60;
const WINDOW_SECONDS = 60;
const KILOBYTE = 1024;

/** The reference design's own figures: it says what is connected, not how; the rest is the plainest way to build it. */
export const NAIVE_DESIGN = {
  /** Rules that take each message: to the stream, to the delivery stream, to a republish for the page. */
  rules: 3,
  /** Readers of the stream: the two functions and the streaming application. */
  readers: 3,
  /** Messages of one invocation. */
  batchSize: 25,
  /** Bytes of a message as published. */
  messageBytes: 200,
  /** Function 1 writes one item per message, and calls PutMetricData once per batch: 650 ms at 1 GB. */
  processGbSeconds: 0.65,
  /** Function 2 puts one object per batch: 100 ms at 1 GB. */
  archiveGbSeconds: 0.1,
  itemBytes: 300,
  logBytesPerMessage: 328,
  fleetMetrics: 20,
  /** One unit more for each so many messages a second, and one for orchestration. */
  messagesPerKpu: 5000,
  gigabytesPerKpu: 50,
} as const;

/**
 * What the reference design uses, built plainly: every publish through the broker, three rules with an action each, an
 * on-demand stream, a delivery stream for readings and one for windows, Managed Flink for the windows, two functions on
 * batches of 25, one item per message, one object per batch, one log line per message. Never packed.
 */
export function naiveUsage(rate: number, devices: number, storageMonths: number): Usage[] {
  const d = NAIVE_DESIGN;
  const messages = rate * SECONDS_PER_MONTH;
  const windows = Math.min(devices / WINDOW_SECONDS, rate) * SECONDS_PER_MONTH;
  const batches = messages / d.batchSize;
  const gigabytes = (bytes: number): number => (messages * bytes) / GIGABYTE;
  const kpus = Math.ceil(rate / d.messagesPerKpu);
  const perMessage: Usage[] = [
    {
      price: 'iot.connectivity',
      what: `devices connected: ${devices}`,
      perMonth: devices * MINUTES_PER_MONTH,
    },
    { price: 'iot.messages', what: 'publishes through the broker', perMonth: messages },
    { price: 'iot.rules', what: `${d.rules} rules`, perMonth: d.rules * messages },
    { price: 'iot.actions', what: 'one action each', perMonth: d.rules * messages },
    { price: 'kinesis.onDemandStreamHours', what: 'on-demand stream', perMonth: HOURS_PER_MONTH },
    { price: 'kinesis.onDemandIn', what: 'messages', perMonth: gigabytes(KILOBYTE) },
    {
      price: 'kinesis.onDemandOut',
      what: `${d.readers} readers`,
      perMonth: d.readers * gigabytes(d.messageBytes),
    },
    { price: 'firehose.ingest', what: 'messages', perMonth: gigabytes(5 * KILOBYTE) },
    { price: 'firehose.ingest', what: 'windows', perMonth: (windows * 5 * KILOBYTE) / GIGABYTE },
    { price: 'flink.kpuHours', what: 'windows', perMonth: (kpus + 1) * HOURS_PER_MONTH },
    { price: 'flink.runningStorage', what: 'windows', perMonth: kpus * d.gigabytesPerKpu },
  ];
  const processing: Usage[] = [
    { price: 'lambda.requests', what: 'process, and archive', perMonth: 2 * batches },
    { price: 'lambda.x86GbSeconds', what: 'process', perMonth: batches * d.processGbSeconds },
    { price: 'lambda.x86GbSeconds', what: 'archive', perMonth: batches * d.archiveGbSeconds },
    { price: 's3.puts', what: 'archive, one object per batch', perMonth: batches },
    { price: 's3.storage.STANDARD', what: 'archive', perMonth: gigabytes(d.messageBytes) * storageMonths },
    { price: 'dynamodb.writes', what: 'one item per message', perMonth: messages },
    { price: 'dynamodb.storage', what: 'items', perMonth: gigabytes(d.itemBytes) * storageMonths },
    { price: 'cloudwatch.putMetricData', what: 'one call per batch', perMonth: batches },
    { price: 'cloudwatch.metrics', what: 'fleet metrics', perMonth: d.fleetMetrics },
    { price: 'cloudwatch.logsIn', what: 'one line per message', perMonth: gigabytes(d.logBytesPerMessage) },
  ];
  return [...perMessage, ...processing];
}
