import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { jsonFace } from '../aws-endpoint/aws-endpoint-json.ts';
import type { AwsFace, AwsRequest } from '../aws-endpoint/aws-endpoint-message.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { sqsOperations } from './sqs-operations.ts';
import type { SqsQueue } from './sqs-queue.ts';

export interface SqsFaceOptions {
  /** The queues on the log, by name. */
  readonly queues: ReadonlyMap<string, SqsQueue>;
  readonly accountId: string;
  readonly log: DurableLog;
  /** Answers for topics and all other queues. */
  readonly others: AwsFace;
}

/**
 * The door of SNS and SQS: queues that functions read, and their dead-letter queues, are kept on the log; topics and other
 * queues are somebody else's.
 */
export function createSqsFace(options: SqsFaceOptions): AwsFace {
  const { queues, accountId, log, others } = options;
  const urlOf = (name: string, { headers }: AwsRequest): string =>
    `http://${headers.host}/${accountId}/${name}`;
  return async (request) => {
    if (request.service !== 'sqs') {
      refuseSubscription(request, queues);
      return others(request);
    }
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1];
    const queue = queues.get(queueNameOf(request));
    if (queue && operation === undefined)
      throw new AwsError(
        'UnknownOperationException',
        `Queue '${queue.resource.name}' speaks JSON only: use a client that sends X-Amz-Target`,
      );
    if (queue) {
      const face = jsonFace(sqsOperations(queue, log, urlOf(queue.resource.name, request)));
      return face(request);
    }
    const answer = await others(request);
    if (operation !== 'ListQueues' || answer.status !== 200) return answer;
    const { QueueNamePrefix = '' } = parseObject(request.body) as { QueueNamePrefix?: string };
    const { QueueUrls = [] } = parseObject(answer.body as Buffer) as { QueueUrls?: string[] };
    const own = [...queues.keys()].filter((name) => name.startsWith(QueueNamePrefix));
    const all = [...QueueUrls, ...own.map((name) => urlOf(name, request))].sort();
    return { ...answer, body: JSON.stringify({ QueueUrls: all }) };
  };
}

/** The last part of the queue's address, or its name where the operation takes that. */
function queueNameOf({ body, headers }: AwsRequest): string {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const input: Readonly<Record<string, unknown>> = isForm
    ? Object.fromEntries(new URLSearchParams(body.toString()))
    : parseObject(body);
  if (typeof input.QueueName === 'string') return input.QueueName;
  return typeof input.QueueUrl === 'string' ? input.QueueUrl.slice(input.QueueUrl.lastIndexOf('/') + 1) : '';
}

/** A topic would deliver to a queue of that name in memory, where no function reads it. */
function refuseSubscription({ body }: AwsRequest, queues: ReadonlyMap<string, SqsQueue>): void {
  const form = new URLSearchParams(body.toString());
  const endpoint = form.get('Endpoint') ?? '';
  if (form.get('Action') === 'Subscribe' && queues.has(endpoint.slice(endpoint.lastIndexOf(':') + 1)))
    throw new AwsError(
      'InvalidParameter',
      `Invalid parameter: Endpoint: topics do not deliver to '${endpoint}' here, because a function reads that queue or it takes its dead letters`,
    );
}

function parseObject(bytes: Buffer | string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
