import { createMessage, type RuleMessage } from '../../../iot-sql/index.ts';
import type { CompiledAction } from '../../../topic-rules/compile-action.ts';
import type { CompiledTopicRule } from '../../../topic-rules/compile-topic-rule.ts';
import type { StageLag } from '../../http/statistics.ts';
import type { Ledger, LedgerStage } from '../../ledger.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { type ActionName, ActionQueues, stageNameOf } from './action-queues.ts';
import { checkTarget } from './check-target.ts';
import { errorReport } from './error-report.ts';
import { ignoredMember, notEmulatedReason } from './not-emulated.ts';
import {
  type ActionFailure,
  type Delivery,
  failureOf,
  type RuleOutput,
  type RunAction,
} from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';
import { APPEND_ACTIONS, type AppendOutput } from './stream-actions.ts';

export interface RuleActionsOptions {
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly targets: RuleActionTargets;
  /** Told in one sentence what is not emulated, and what fails. */
  readonly report: (text: string) => void;
}

interface ActionsOfRule {
  readonly actions: readonly RunAction[];
  readonly errorAction: RunAction | undefined;
}

type StartAction = () => RunAction;

interface PreparedActions {
  readonly actions: readonly StartAction[];
  readonly errorAction: StartAction | undefined;
}

/** Failures of one action are reported once in this time; the ledger counts each. */
const REPORT_MILLIS = 60_000;

/** Runs the actions of rules: on the log at once where the target is on it, else through a durable queue. */
export class RuleActions {
  readonly #options: RuleActionsOptions;
  readonly #queues: ActionQueues;
  readonly #rules = new Map<string, ActionsOfRule>();
  readonly #reportedMillis = new Map<string, number>();

  constructor(options: RuleActionsOptions) {
    this.#options = options;
    this.#queues = new ActionQueues({
      ...options,
      onGivenUp: (name, delivery, problem) => this.#giveUp(name, delivery, problem),
    });
  }

  /** Nothing is carried out before every action of every rule was found right. @throws LocalError when a target is not in the stack */
  start(rules: readonly CompiledTopicRule[]): void {
    const prepared = rules.map((rule) => [rule.name, this.#prepare(rule)] as const);
    for (const [name, { actions, errorAction }] of prepared)
      this.#rules.set(name, { actions: actions.map((start) => start()), errorAction: errorAction?.() });
  }

  /** Goes on with what was left at the last stop; to be called when all rules are started. */
  resume(): Promise<void> {
    return this.#queues.resumeLeft();
  }

  /** Runs every action of a rule that fired. What fails at once is in one message for the rule's error action. */
  run(ruleName: string, result: RuleOutput): void {
    const failures: ActionFailure[] = [];
    for (const run of this.#rules.get(ruleName)!.actions) {
      const failure = run(result);
      if (failure) failures.push(failure);
    }
    if (failures.length > 0) this.#runErrorAction(ruleName, result, failures);
  }

  lag(): StageLag[] {
    return this.#queues.lag();
  }

  trim(): void {
    this.#queues.trim();
  }

  stop(): Promise<void> {
    return this.#queues.stop();
  }

  #prepare({ name: ruleName, actions, errorAction }: CompiledTopicRule): PreparedActions {
    const used = new Map<string, number>();
    const prepareOne = (action: CompiledAction, isErrorAction: boolean): StartAction => {
      const { kind } = action;
      const count = (used.get(kind) ?? 0) + 1;
      if (!isErrorAction) used.set(kind, count);
      const label = isErrorAction || count === 1 ? kind : `${kind}#${count}`;
      return this.#prepareAction(action, { ruleName, kind, label, isErrorAction });
    };
    return {
      actions: actions.map((action) => prepareOne(action, false)),
      errorAction: errorAction && prepareOne(errorAction, true),
    };
  }

  #prepareAction(action: CompiledAction, name: ActionName): StartAction {
    const { targets, ledger, report } = this.#options;
    const owner = `rule '${name.ruleName}'`;
    const stage = ledger.stage(stageNameOf(name));
    const reason = notEmulatedReason(action, targets);
    if (reason !== undefined) {
      report(`Rule '${name.ruleName}': action ${action.kind} is not emulated: ${reason}`);
      return () => countNotEmulated(stage);
    }
    const ignored = ignoredMember(action);
    if (ignored) report(`Rule '${name.ruleName}': ${ignored} of action ${action.kind} is not emulated`);
    const compileAppend = APPEND_ACTIONS[action.kind];
    if (compileAppend) {
      const run = counted(action, compileAppend(action, owner, targets), stage);
      return () => run;
    }
    checkTarget(action, owner, targets);
    return () => this.#enqueue(action, name);
  }

  #enqueue(action: CompiledAction, name: ActionName): RunAction {
    const queue = this.#queues.open(name);
    const { ruleName, kind } = name;
    return ({ output, message, arrived }) => {
      const { members } = action.resolve(message);
      const bytes = typeof output === 'string' ? output : Buffer.from(output);
      queue.put({ ruleName, kind, members, output: bytes, source: arrived });
      return undefined;
    };
  }

  /** Each delivery that is given up is a message of its own for the error action: the others may still be on their way. */
  #giveUp(name: ActionName, delivery: Delivery, problem: string): void {
    this.#report(name, problem);
    if (name.isErrorAction) return;
    const { source, kind, members } = delivery;
    const result = { output: '', message: createMessage(source), arrived: source };
    this.#runErrorAction(delivery.ruleName, result, [failureOf(kind, members, problem)]);
  }

  #runErrorAction(
    ruleName: string,
    { message, arrived }: { readonly message: RuleMessage; readonly arrived: RuleOutput['arrived'] },
    failures: readonly ActionFailure[],
  ): void {
    const output = errorReport(ruleName, arrived, failures);
    const failure = this.#rules.get(ruleName)?.errorAction?.({ output, message, arrived });
    if (failure)
      this.#options.report(`The error action of rule '${ruleName}' failed: ${failure.errorMessage}`);
  }

  #report(name: ActionName, problem: string): void {
    const { targets, report } = this.#options;
    const stageName = stageNameOf(name);
    const now = targets.nowMillis();
    if (now - (this.#reportedMillis.get(stageName) ?? -Infinity) < REPORT_MILLIS) return;
    this.#reportedMillis.set(stageName, now);
    report(`Gave up a delivery of ${stageName}: ${problem}`);
  }
}

function counted(action: CompiledAction, append: AppendOutput, stage: LedgerStage): RunAction {
  return (result) => {
    stage.in(1);
    const problem = append(result);
    if (problem === undefined) {
      stage.out(1);
      return undefined;
    }
    stage.drop(problem, 1);
    return failureOf(action.kind, action.resolve(result.message).members, problem);
  };
}

function countNotEmulated(stage: LedgerStage): RunAction {
  return () => {
    stage.in(1);
    stage.drop('not emulated', 1);
    return undefined;
  };
}
