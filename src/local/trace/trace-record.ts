import { basename } from 'node:path';
import type { EventSourceMappingResource, FunctionResource } from '../../stack/stack.ts';
import { decodeReading } from '../../telemetry/decode-reading.ts';
import { eventId } from '../../telemetry/event-id.ts';
import { compileFilters } from '../event-source-mapping/event-source-mapping-filter.ts';
import { checkpointKeyOf, isPassed } from '../event-source-mapping/event-source-mapping-shard.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { FoundRecord } from './find-records.ts';
import { findRejectedRecord, keptAs } from './find-rejection.ts';
import { printSpan } from './print-time.ts';
import { traceApplication } from './trace-application.ts';
import { traceDeliveries } from './trace-delivery.ts';
import { traceItems } from './trace-items.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

/** A record of a stream of the stack, and what its readers made of it. */
export async function traceRecord(
  stream: KinesisStream,
  record: FoundRecord,
  context: TraceContext,
): Promise<TraceStep> {
  const { shardId, sequenceNumber, arrivalMillis, partitionKey } = record;
  const reading = decodeReading(record.data, arrivalMillis);
  const steps: TraceStep[] = [];
  for (const mapping of context.stack.eventSourceMappings) {
    if (mapping.streamArn === stream.arn && !isReplaced(mapping, context))
      steps.push(await traceFunction(mapping, stream, record, context));
  }
  for (const application of context.applications) {
    if (application.resource.inputStream === stream.name)
      steps.push(await traceApplication(application, record, context));
  }
  steps.push(...(await traceDeliveries(stream.arn, record, context)));
  return {
    kind: 'record',
    state: 'passed',
    text: `stream ${stream.name}, ${shardId}, sequence number ${sequenceNumber}`,
    atMillis: arrivalMillis,
    data: {
      stream: stream.name,
      shardId,
      sequenceNumber,
      partitionKey,
      ...(reading.ok && { eventId: eventId(reading.value) }),
    },
    steps,
  };
}

/** An application that the runtime runs itself is traced as such, not as the function that runs it on AWS. */
function isReplaced({ functionName }: EventSourceMappingResource, { applications }: TraceContext): boolean {
  return applications.some(({ resource }) => resource.functionName === functionName);
}

async function traceFunction(
  mapping: EventSourceMappingResource,
  stream: KinesisStream,
  record: FoundRecord,
  context: TraceContext,
): Promise<TraceStep> {
  const lambda = context.stack.functions.find(({ name }) => name === mapping.functionName)!;
  const functionName = basename(lambda.file, '.ts');
  const step = { kind: 'function', data: { function: functionName, name: lambda.name } } as const;
  const lag = context.lag().find(({ stage }) => stage === `function ${functionName}`);
  if (!lag) return { ...step, state: 'skipped', text: `function ${functionName} does not run here` };
  if (!compileFilters(mapping.filterPatterns)(record))
    return { ...step, state: 'skipped', text: `function ${functionName}: its filter leaves the record out` };
  const checkpoint = context.log.readState(checkpointKeyOf(mapping.logicalId, record.shardId))?.toString();
  const rejection = await rejectionBy(lambda, functionName, stream, record, context);
  if (rejection) return { ...step, ...rejection };
  const items = await traceItems(lambda.environment, record, context);
  if (isPassed(checkpoint, record.sequenceNumber))
    return { ...step, state: 'passed', text: `function ${functionName}`, steps: items.map(missingForGood) };
  // It writes first and tells afterwards how far it is.
  if (items.length > 0 && items.every(({ state }) => state === 'passed'))
    return { ...step, state: 'passed', text: `function ${functionName}`, steps: items };
  const behind = `${lag.backlog} records wait, the oldest for ${printSpan(lag.lagMillis)}`;
  return {
    ...step,
    state: 'waiting',
    text: `function ${functionName} is not there yet: ${behind}`,
    steps: items,
  };
}

/** A function that is done with a record keeps nothing more of it. */
function missingForGood(item: TraceStep): TraceStep {
  return item.state === 'waiting' ? { ...item, state: 'stopped', text: `not in ${item.text}` } : item;
}

async function rejectionBy(
  { environment }: FunctionResource,
  functionName: string,
  { arn: streamArn }: KinesisStream,
  record: FoundRecord,
  { objects }: TraceContext,
): Promise<Pick<TraceStep, 'state' | 'text' | 'data' | 'steps'> | undefined> {
  const bucketName = environment.ARCHIVE_BUCKET;
  if (!bucketName) return undefined;
  const found = await findRejectedRecord(objects, bucketName, { ...record, functionName, streamArn });
  if (!found) return undefined;
  const { key, reason, detail } = found;
  return {
    state: 'stopped',
    text: `function ${functionName} rejected it, ${reason}: ${detail}`,
    data: { function: functionName, reason, detail },
    steps: [keptAs({ bucketName, key })],
  };
}
