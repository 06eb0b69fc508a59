import type { StageLag } from '../../http/statistics.ts';
import type { Ledger } from '../../ledger.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { DELIVERIES } from './deliveries.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Delivery } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';

/** Which action of which rule a queue belongs to. */
export interface ActionName {
  readonly ruleName: string;
  readonly kind: string;
  /** `S3`, or `S3#2` for the rule's second one. */
  readonly label: string;
  readonly isErrorAction: boolean;
}

export interface ActionQueuesOptions {
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly targets: RuleActionTargets;
  readonly onGivenUp: (name: ActionName, delivery: Delivery, problem: string) => void;
  readonly report: (text: string) => void;
}

const STATE_KEY = 'action-queues';

/** The stage of the ledger that counts what became of an action. */
export function stageNameOf({ ruleName, label, isErrorAction }: ActionName): string {
  return `${isErrorAction ? 'error action' : 'action'} ${ruleName}.${label}`;
}

/** The delivery queues of all actions, those included that rules had before a restart and that still hold something. */
export class ActionQueues {
  readonly #options: ActionQueuesOptions;
  readonly #queues = new Map<string, DeliveryQueue>();
  readonly #names: ActionName[] = [];

  constructor(options: ActionQueuesOptions) {
    this.#options = options;
  }

  open(name: ActionName): DeliveryQueue {
    const { log, ledger, targets, onGivenUp } = this.#options;
    const { create, concurrency } = DELIVERIES[name.kind]!;
    const stageName = stageNameOf(name);
    const queue = new DeliveryQueue({
      name: keyOf(name),
      log,
      stageName,
      stage: ledger.stage(stageName),
      deliver: create(targets),
      concurrency,
      nowMillis: targets.nowMillis,
      onGivenUp: (delivery, problem) => onGivenUp(name, delivery, problem),
    });
    this.#queues.set(keyOf(name), queue);
    this.#names.push(name);
    return queue;
  }

  /** Goes on with what actions that are no longer in the stack have left; to be called when all others are open. */
  async resumeLeft(): Promise<void> {
    const { log, report } = this.#options;
    const kept = log.readState(STATE_KEY);
    const left = (kept ? (JSON.parse(kept.toString()) as ActionName[]) : []).filter(
      (name) => !this.#queues.has(keyOf(name)),
    );
    for (const name of left) {
      const queue = this.open(name);
      const { backlog } = queue.lag();
      if (backlog > 0) {
        report(
          `Rule '${name.ruleName}' had ${backlog} deliveries of its former ${name.kind} action waiting; they go on`,
        );
        continue;
      }
      await queue.stop();
      this.#queues.delete(keyOf(name));
      this.#names.pop();
    }
    const text = JSON.stringify(this.#names);
    if (text !== (kept?.toString() ?? '[]')) log.writeState(STATE_KEY, Buffer.from(text));
  }

  lag(): StageLag[] {
    return [...this.#queues.values()].map((queue) => queue.lag());
  }

  trim(): void {
    for (const queue of this.#queues.values()) queue.trim();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  }
}

function keyOf({ ruleName, label, isErrorAction }: ActionName): string {
  return `${ruleName}/${isErrorAction ? 'error.' : ''}${label}`;
}
