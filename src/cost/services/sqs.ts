import { assumed } from '../assumptions.ts';
import { SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import type { Deployment } from '../deployment.ts';

/** Lambda asks queues for messages, whether there are any or not. What the messages themselves cost depends on who posts. */
export function sqsUsage({ stack }: Deployment): Usage[] {
  return stack.queueMappings.map(({ functionName }) => ({
    price: 'sqs.requests',
    what: `polls for ${functionName}`,
    perMonth: assumed('queuePollsPerSecond') * SECONDS_PER_MONTH,
  }));
}
