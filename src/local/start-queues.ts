import { basename } from 'node:path';
import type { QueueResource, Stack } from '../stack/stack.ts';
import type { Ledger } from './ledger.ts';
import { LocalError } from './local-error.ts';
import type { DurableLog } from './log/durable-log.ts';
import { SqsQueue } from './sqs/sqs-queue.ts';

export interface StartQueuesOptions {
  readonly stack: Stack;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly nowMillis: () => number;
}

/**
 * Opens the queues that functions read, those that routes send to, and the dead-letter queues of both, by name: they are kept on
 * the log, as nothing that was accepted may be lost.
 * @throws LocalError when dead letters would go round in a circle
 */
export function startQueues(options: StartQueuesOptions): ReadonlyMap<string, SqsQueue> {
  const { stack } = options;
  const queues = new Map<string, SqsQueue>();
  const open = (resource: QueueResource, givers: readonly QueueResource[] = []): SqsQueue => {
    const opened = queues.get(resource.name);
    if (opened) return opened;
    if (givers.includes(resource))
      throw new LocalError(
        `Cannot open queue '${resource.name}': its dead letters come back to it through '${givers.at(-1)!.name}'`,
      );
    const target = stack.queues.find(({ arn }) => arn === resource.redrive?.queueArn);
    const deadLetters = target && open(target, [...givers, resource]);
    const stageName = stageNameOf(resource, stack);
    const queue = new SqsQueue({
      ...options,
      resource,
      stageName,
      stage: options.ledger.stage(stageName),
      ...(deadLetters && { deadLetters }),
    });
    queues.set(resource.name, queue);
    return queue;
  };
  for (const queue of stack.queues)
    if (
      stack.queueMappings.some(({ queueArn }) => queueArn === queue.arn) ||
      stack.queueRoutes.some(({ queueName }) => queueName === queue.name)
    )
      open(queue);
  return queues;
}

/** The messages of a queue that a function reads are in flight to that function. */
function stageNameOf({ arn, name }: QueueResource, { queueMappings, functions }: Stack): string {
  const reader = queueMappings.find(({ queueArn }) => queueArn === arn)?.functionName;
  const lambda = functions.find((each) => each.name === reader);
  return lambda ? `function ${basename(lambda.file, '.ts')}` : `queue ${name}`;
}
