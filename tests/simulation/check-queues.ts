import { keptReadings } from './check-delivery.ts';
import {
  ACTIONS_BUCKET,
  DEAD_LETTERS,
  ERRORS_STREAM,
  EVENT_FUNCTION,
  FAN_OUT_STATION,
  QUEUE,
  QUEUE_FAILURES_BUCKET,
  QUEUE_FUNCTION,
} from './queues.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

interface ErrorReport {
  readonly base64OriginalPayload: string;
  readonly failures: readonly { readonly failedAction: string }[];
}

/** Which events came to a place, by their numbers. */
type Arrived = ReadonlySet<number>;

/**
 * From the rule to the targets of its queued actions: each message that it took arrives at each of them, or its failure on
 * the stream of its error action; each message of the queue, and each event of the function, is handled or kept as failed.
 */
export function checkQueues(world: World): void {
  const events = new Map(keptReadings(world).map(({ history: { event } }) => [event.number, event]));
  const wanted = [...events.values()].filter(({ topic }) => topic.split('/')[3] === FAN_OUT_STATION);
  const bodies = messagesOf(world, QUEUE);
  const queued = new Set([...bodies.values()].map(numberOf));
  const places: Readonly<Record<string, Arrived>> = {
    S3: numbersOf(
      [...world.aws.objects].flatMap(([key, text]) => (key.startsWith(`${ACTIONS_BUCKET}/`) ? text : [])),
    ),
    Sqs: queued,
    Sns: numbersOf(world.aws.notifications),
    Lambda: numbersOf((world.kept.get(`$lambda/${EVENT_FUNCTION}/0`) ?? []).map(({ text }) => text)),
  };
  for (const [kind, arrived] of Object.entries(places)) {
    const failed = failuresOf(world, `${kind}Action`);
    for (const { number } of wanted)
      demand(
        arrived.has(number) || failed.has(number),
        'I1 no loss',
        () => `event ${number} is not at ${kind}, and not given up`,
      );
    for (const number of arrived)
      demand(events.has(number), 'I3 no phantom', () => `event ${number} came to ${kind}`);
  }
  checkQueue(world, bodies);
  checkEvents(world, places.Lambda!);
}

function checkQueue(world: World, bodies: ReadonlyMap<string, string>): void {
  const dead = messagesOf(world, DEAD_LETTERS);
  const read = world.handled.get(QUEUE_FUNCTION) ?? [];
  const handled = new Set(
    read.flatMap((text) =>
      (JSON.parse(text) as { Records: { messageId: string }[] }).Records.map(({ messageId }) => messageId),
    ),
  );
  for (const [id, body] of bodies)
    demand(
      handled.has(id) || dead.has(id),
      'I1 no loss',
      () => `message ${numberOf(body)} is neither handled nor a dead letter`,
    );
  for (const id of [...handled, ...dead.keys()])
    demand(bodies.has(id), 'I3 no phantom', () => `message ${id} was not sent`);
}

function checkEvents(world: World, queued: Arrived): void {
  const handled = numbersOf(world.handled.get(EVENT_FUNCTION) ?? []);
  const failures = [...world.aws.objects].filter(([key]) => key.startsWith(`${QUEUE_FAILURES_BUCKET}/`));
  const failed = new Set(
    failures.map(
      ([, text]) =>
        (JSON.parse(text) as { requestPayload: { sensor_value: number } }).requestPayload.sensor_value - 0.25,
    ),
  );
  for (const number of queued)
    demand(
      handled.has(number) || failed.has(number),
      'I1 no loss',
      () => `event ${number} was neither handled nor kept as failed`,
    );
}

/** The bodies of all messages that were ever kept in a queue, by their ids. */
function messagesOf({ kept }: World, queue: string): Map<string, string> {
  const messages = (kept.get(`$sqs/${queue}/0`) ?? []).map(
    ({ text }) => JSON.parse(text) as { readonly messageId: string; readonly body: string },
  );
  return new Map(messages.map(({ messageId, body }) => [messageId, body]));
}

function failuresOf({ kept }: World, failedAction: string): Arrived {
  const reports = (kept.get(`${ERRORS_STREAM}/0`) ?? []).map(({ text }) => JSON.parse(text) as ErrorReport);
  const own = reports.filter(({ failures }) => failures.some((each) => each.failedAction === failedAction));
  return numbersOf(
    own.map(({ base64OriginalPayload }) => Buffer.from(base64OriginalPayload, 'base64').toString()),
  );
}

function numbersOf(texts: readonly string[]): Arrived {
  return new Set(texts.map(numberOf));
}

function numberOf(json: string): number {
  return (JSON.parse(json) as { sensor_value: number }).sensor_value - 0.25;
}
