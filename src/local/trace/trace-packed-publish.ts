import { Topic } from '../../iot-sql/index.ts';
import type { FunctionResource } from '../../stack/stack.ts';
import { publishName } from '../../stores/keys.ts';
import { decodeBatch } from '../../telemetry/decode-batch.ts';
import { eventId } from '../../telemetry/event-id.ts';
import type { Reading } from '../../telemetry/reading.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { claimRecord } from './claim-record.ts';
import { findRejectedPublish, keptAs, type Rejection } from './find-rejection.ts';
import type { KeptMessage } from './kept-messages.ts';
import { printTime } from './print-time.ts';
import { traceRecord } from './trace-record.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

/** The function that unpacks, and where it puts the readings. */
export interface UnpackingFunction {
  readonly lambda: FunctionResource;
  readonly functionName: string;
  readonly stream: KinesisStream;
  /** Events wait for it: what is not there yet may come. */
  readonly isWaiting: boolean;
}

type Batch = Extract<ReturnType<typeof decodeBatch>, { ok: true }>['value'];
type RejectedElement = Batch['rejected'][number];

/** So many readings of one publish are followed. */
const MAX_READINGS = 10;
/** A failed invocation is tried again after one minute, then after two. */
const UNPACKED_WITHIN_MILLIS = 600_000;
const INVOKED_WITHIN_MILLIS = 5000;

/** What became of the readings of a packed publish. */
export async function tracePackedPublish(
  kept: KeptMessage,
  unpacking: UnpackingFunction,
  context: TraceContext,
): Promise<Pick<TraceStep, 'state' | 'text' | 'steps'>> {
  const { functionName, lambda } = unpacking;
  const topic = new Topic(kept.topic).name;
  const batch = decodeBatch(kept.payload, topic, kept.receivedMillis);
  const rejections = await findRejectedPublish(context.objects, lambda.environment.ARCHIVE_BUCKET ?? '', {
    functionName,
    name: publishName(topic, kept.payload),
    receivedMillis: kept.receivedMillis,
  });
  if (!batch.ok) {
    const { reason, detail } = batch.rejection;
    const text = `action Lambda, function ${functionName} rejected it, ${reason}: ${detail}`;
    return { state: 'stopped', text, ...objectOf(rejections.get(topic)) };
  }
  const { only } = context;
  const readings = batch.value.readings.filter(
    (reading) =>
      (only?.sensorId === undefined || reading.sensor_id === only.sensorId) &&
      (only?.eventId === undefined || eventId(reading) === only.eventId),
  );
  const rejected = batch.value.rejected.filter((element) => isOf(element, only));
  const steps: TraceStep[] = rejected
    .slice(0, MAX_READINGS)
    .map((element) => rejectedStep(element, rejections.get(`${topic} readings[${element.index}]`)));
  for (const reading of readings.slice(0, MAX_READINGS))
    steps.push(await traceReading(reading, kept, unpacking, context));
  const left = readings.length + rejected.length - steps.length;
  if (left > 0) steps.push({ kind: 'reading', state: 'skipped', text: `${left} more, not followed` });
  const total = batch.value.readings.length + batch.value.rejected.length;
  const text = `action Lambda, function ${functionName} unpacks ${total} readings${total > steps.length && left === 0 ? `, ${steps.length} of them asked for` : ''}`;
  return { state: 'passed', text, steps };
}

async function traceReading(
  reading: Reading,
  { receivedMillis }: KeptMessage,
  { stream, isWaiting }: UnpackingFunction,
  context: TraceContext,
): Promise<TraceStep> {
  const bytes = Buffer.from(JSON.stringify(reading));
  const record = await claimRecord(
    stream,
    {
      partitionKey: reading.sensor_id,
      fromMillis: receivedMillis,
      toMillis: receivedMillis + UNPACKED_WITHIN_MILLIS,
      isWanted: (data) => data.equals(bytes),
    },
    context,
  );
  const text = `reading of ${reading.sensor_id} at ${printTime(reading.sensor_timestamp)}`;
  const step = {
    kind: 'reading',
    data: { sensor_id: reading.sensor_id, eventId: eventId(reading) },
  } as const;
  if (record) return { ...step, state: 'passed', text, steps: [await traceRecord(stream, record, context)] };
  return isWaiting || context.nowMillis() - receivedMillis < INVOKED_WITHIN_MILLIS
    ? { ...step, state: 'waiting', text: `${text}: waits to be unpacked` }
    : { ...step, state: 'stopped', text: `${text}: stream ${stream.name} has no record of it` };
}

function rejectedStep({ index, rejection }: RejectedElement, kept: Rejection | undefined): TraceStep {
  const { reason, detail } = rejection;
  return {
    kind: 'reading',
    state: 'stopped',
    text: `readings[${index}] rejected, ${reason}: ${detail}`,
    data: { index, reason, detail },
    ...objectOf(kept),
  };
}

function objectOf(kept: Rejection | undefined): Pick<TraceStep, 'steps'> {
  return kept ? { steps: [keptAs(kept)] } : {};
}

/** A rejected element has no identity; which sensor it is of, it may still say. */
function isOf({ bytes }: RejectedElement, only: TraceContext['only']): boolean {
  if (only?.eventId !== undefined) return false;
  if (only?.sensorId === undefined) return true;
  const element = JSON.parse(Buffer.from(bytes).toString()) as unknown;
  return (
    typeof element === 'object' &&
    element !== null &&
    Object.hasOwn(element, 'sensor_id') &&
    (element as { sensor_id: unknown }).sensor_id === only.sensorId
  );
}
