import { join } from 'node:path';
import { kinesisEvent } from '../../aws/kinesis-event.ts';
import { sqsEvent } from '../../aws/sqs-event.ts';
import { seededRandom } from '../../delivery/kill-plan.ts';
import { type EdgeFault, FaultyEdge } from '../faulty-edge.ts';
import { clearEnvironment, type Handler, isDoneBy, setEnvironment } from '../functions-here.ts';
import { type Reading, RuntimeClient, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

/** A fault, the operations that it comes at, and what carries them out. */
interface SinkFault {
  readonly sink: 'tables' | 'stream';
  readonly operation: string;
  readonly fault: EdgeFault;
}

const error = (name: string, status = 400): EdgeFault => ({ kind: 'error', name, status });
const SINK_FAULTS: readonly SinkFault[] = [
  { sink: 'tables', operation: 'UpdateItem', fault: error('ProvisionedThroughputExceededException') },
  { sink: 'tables', operation: 'UpdateItem', fault: error('ThrottlingException') },
  { sink: 'tables', operation: 'UpdateItem', fault: error('TransactionConflictException') },
  { sink: 'tables', operation: 'UpdateItem', fault: error('InternalServerError', 500) },
  { sink: 'tables', operation: 'UpdateItem', fault: { kind: 'lostAnswer' } },
  { sink: 'stream', operation: 'PutRecords', fault: error('ProvisionedThroughputExceededException') },
  { sink: 'stream', operation: 'PutRecords', fault: error('InternalFailure', 500) },
  { sink: 'stream', operation: 'PutRecords', fault: { kind: 'partial' } },
  { sink: 'stream', operation: 'PutRecords', fault: { kind: 'lostAnswer' } },
];
const BATCHES = 3;
const BATCH = 20;
/** As Lambda invokes again while items fail. */
const MAX_INVOCATIONS = 200;

export const scenario: FaultScenario = {
  name: 'failing-sinks',
  what: 'a proxy before the AWS endpoint: throttled, failing, conflicting, done without an answer, half of a batch done',
  passMark:
    'invoked again like by Lambda, functions bring every reading into the store, in the tables exactly once',
  async run({ folder, isLong }) {
    const client = await RuntimeClient.start(join(folder, 'data'));
    const edge = await FaultyEdge.start(client.ready.awsEndpoint);
    try {
      setEnvironment(edge.url);
      const [{ handler: store }, { handler: ingest }] = await Promise.all([
        import('../../../functions/store-readings.ts'),
        import('../../../functions/ingest-http.ts'),
      ]);
      let invocations = 0;
      for (const [at, each] of SINK_FAULTS.entries())
        for (const rate of isLong ? [0.05, 0.3, 0.7] : [0.4]) {
          const random = seededRandom(at + rate * 100);
          edge.choose = (operation) =>
            operation === each.operation && random() < rate ? each.fault : undefined;
          const handler = (each.sink === 'tables' ? store : ingest) as unknown as Handler;
          invocations += await bringIn(client, each, `sink-${at}-${rate * 100}`, handler);
        }
      const faults = [...edge.counts.values()].reduce((sum, count) => sum + count, 0);
      return `${SINK_FAULTS.length} faults, ${faults} requests failed, ${invocations} invocations, every reading there`;
    } finally {
      clearEnvironment();
      await edge.stop();
      await client.kill();
    }
  },
};

async function bringIn(
  client: RuntimeClient,
  { sink, operation, fault }: SinkFault,
  sensor: string,
  handler: Handler,
): Promise<number> {
  const readings = Array.from({ length: BATCHES * BATCH }, (_, i) => streamReadingOf(i + 1, sensor));
  let invocations = 0;
  for (let from = 0; from < readings.length; from += BATCH) {
    const event = eventOf(sink, readings.slice(from, from + BATCH), from + 1);
    for (let isDone = false; !isDone; invocations += 1) {
      must(
        invocations < MAX_INVOCATIONS,
        `${operation} ${fault.kind}: still failing after ${invocations} invocations`,
      );
      isDone = await isDoneBy(handler, event);
    }
  }
  const found = sink === 'tables' ? await client.samples(sensor) : await onStream(client, sensor);
  const kept = new Set(found);
  must(
    kept.size === readings.length,
    `${operation} ${fault.kind}: ${kept.size} of ${readings.length} readings are there`,
  );
  must(
    sink === 'stream' || found.length === kept.size,
    `${operation} ${fault.kind}: readings are stored twice`,
  );
  return invocations;
}

function eventOf(sink: SinkFault['sink'], readings: readonly Reading[], first: number): unknown {
  return sink === 'tables'
    ? kinesisEvent(readings, { first })
    : sqsEvent([JSON.stringify(readings)], { first });
}

async function onStream(client: RuntimeClient, sensor: string): Promise<number[]> {
  const readings = await client.stream('readings');
  return readings
    .filter(({ sensor_id }) => sensor_id === sensor)
    .map(({ sensor_value }) => Number(sensor_value));
}
