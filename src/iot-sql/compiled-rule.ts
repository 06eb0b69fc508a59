import { type Source, Source as SourceText } from '../sql/index.ts';
import type { RuleWarning } from './check-statement.ts';
import type { Scope } from './compile-expression.ts';
import { compileSelect } from './compile-select.ts';
import { type CompiledTemplate, compileTemplateWith } from './compile-template.ts';
import { type AssignVariables, compileVariables } from './compile-variables.ts';
import { type Condition, compileWhere } from './compile-where.ts';
import type { IotSqlVersion } from './dialect.ts';
import { explainRule, type RuleExplanation } from './explain.ts';
import { type Evaluate, Frame } from './frame.ts';
import { isExternalCall } from './functions/external.ts';
import { toJsonValue } from './json-text.ts';
import { type MessageInput, RuleMessage } from './message.ts';
import type { StatementNode } from './nodes.ts';
import { reasonFiltered, reasonNotMatched } from './reason-not-fired.ts';
import { type BranchTaken, compileBranches, type RuleBranch, type RuleBranches } from './rule-branches.ts';
import { compileTextOutput, type WriteText } from './text-output.ts';
import type { Topic } from './topic.ts';
import { compileTopicFilter, type MatchTopic } from './topic-filter.ts';
import { isArray, type JsonValue } from './value.ts';
import { someOfStatement } from './walk.ts';

/** Did the rule fire, and with what? Bytes when `SELECT *` passes on a payload that is not JSON. */
export interface RuleResult {
  readonly fired: boolean;
  /** Absent when the rule did not fire, and when `SELECT VALUE` gave Undefined. */
  readonly output?: JsonValue | Uint8Array;
}

/** How a template of an action is compiled. */
export interface TemplateOptions {
  /** The name errors print for the text. */
  readonly file?: string;
  readonly isErrorAction?: boolean;
}

/** What {@link CompiledRule} is made from. */
export interface CompiledRuleParts {
  readonly source: Source;
  readonly statement: StatementNode;
  readonly scope: Scope;
  readonly warnings: readonly RuleWarning[];
  readonly ruleName: string | undefined;
}

const NOT_FIRED: RuleResult = { fired: false };

/**
 * A rule compiled to closures. Evaluating never throws and has no effect but the calls of external functions; one
 * message made by `createMessage` can be given to many rules and is parsed once.
 */
export class CompiledRule {
  readonly sql: string;
  readonly version: IotSqlVersion;
  /** The topic filter of FROM; undefined for a rule that only Basic Ingest reaches. */
  readonly topicFilter: string | undefined;
  /** It calls functions that reach other services: messages need `resolveExternal` first. */
  readonly isExternal: boolean;
  /** What AWS accepts but hardly does what was meant. */
  readonly warnings: readonly RuleWarning[];
  readonly statement: StatementNode;
  readonly #source: Source;
  readonly #scope: Scope;
  readonly #ruleName: string | undefined;
  readonly #matchTopic: MatchTopic | undefined;
  readonly #assign: AssignVariables;
  readonly #where: Condition;
  readonly #condition: Evaluate;
  readonly #select: Evaluate;
  readonly #writeText: WriteText;
  readonly #isStar: boolean;
  readonly #sharesFrame: boolean;
  /** An array as the whole result needs version 2016-03-23 (AWS IoT developer guide, iot-rule-sql-version). */
  readonly #refusesArrays: boolean;
  #branches: RuleBranches | undefined;

  constructor({ source, statement, scope, warnings, ruleName }: CompiledRuleParts) {
    this.sql = source.text;
    this.version = scope.version;
    this.topicFilter = statement.from?.filter;
    this.isExternal = someOfStatement(statement, isExternalCall);
    this.warnings = warnings;
    this.statement = statement;
    this.#source = source;
    this.#scope = scope;
    this.#ruleName = ruleName;
    this.#matchTopic = this.topicFilter === undefined ? undefined : compileTopicFilter(this.topicFilter);
    this.#assign = compileVariables(statement.set, scope);
    this.#where = compileWhere(statement.where, scope, source);
    this.#condition = this.#where.evaluate;
    this.#select = compileSelect(statement.select, scope);
    this.#writeText = compileTextOutput(statement.select, scope, this.#select);
    this.#isStar = isStarOnly(statement);
    this.#refusesArrays = scope.version === '2015-10-08';
    this.#sharesFrame = scope.version === '2016-03-23' && statement.set.length === 0;
  }

  /** Evaluates the rule on a message to plain JSON data. */
  evaluate(input: MessageInput | RuleMessage): RuleResult {
    const frame = this.#frameIfFired(toMessage(input));
    if (frame === undefined) return NOT_FIRED;
    if (this.#isStar && frame.current === undefined) return { fired: true, output: frame.message.payload };
    const output = toJsonValue(this.#select(frame));
    if (output === undefined) return { fired: true };
    return this.#refusesArrays && isArray(output) ? NOT_FIRED : { fired: true, output };
  }

  /**
   * The same, serialised: the output's JSON text, the payload's bytes when it is not JSON, an empty text when the output
   * is Undefined. Undefined when the rule did not fire. Ints beyond 2^53 keep all their digits.
   */
  evaluateText(input: MessageInput | RuleMessage): string | Uint8Array | undefined {
    const frame = this.#frameIfFired(toMessage(input));
    if (frame === undefined) return undefined;
    if (this.#isStar && frame.current === undefined) return frame.message.payload;
    const text = this.#writeText(frame);
    return this.#refusesArrays && text.startsWith('[') ? undefined : text;
  }

  /** Makes the calls of external functions that this message needs and waits for them; evaluate the message after it. */
  async resolveExternal(message: RuleMessage): Promise<void> {
    do this.evaluate(message);
    while (await message.externalCalls.settle());
  }

  /** Does the message reach the rule at all: by its topic, or addressed to it by Basic Ingest? */
  matches(topic: Topic): boolean {
    if (topic.ruleName !== undefined)
      return this.#ruleName === undefined || topic.ruleName === this.#ruleName;
    return this.#matchTopic !== undefined && topic.isMatchedBy(this.#matchTopic);
  }

  /**
   * One sentence that names the first thing that kept the rule from firing; an empty text when it fires. Cheap, and with
   * nothing of the message in it, so that a ledger may count by it.
   */
  reasonNotFired(input: MessageInput | RuleMessage): string {
    const message = toMessage(input);
    if (!this.matches(message.topic)) return reasonNotMatched(message, this.topicFilter);
    const reason = reasonFiltered(this.#where, this.#frame(message));
    return reason ?? (this.#refusesArrays ? (this.explain(message).reason ?? '') : '');
  }

  /** What every part of the rule gives for one message. */
  explain(input: MessageInput | RuleMessage): RuleExplanation {
    const message = toMessage(input);
    const frame = this.#frame(message);
    return explainRule({ rule: this, source: this.#source, scope: this.#scope, where: this.#where, frame });
  }

  /** The places where messages part, for telling which of them tests have reached. */
  get branches(): readonly RuleBranch[] {
    return this.#compiledBranches.branches;
  }

  /** The ways that a message takes through `branches`; none when it does not reach the rule. */
  branchesTaken(input: MessageInput | RuleMessage): readonly BranchTaken[] {
    const message = toMessage(input);
    if (!this.matches(message.topic)) return [];
    const frame = this.#frame(message);
    return this.#compiledBranches.taken(frame, this.#condition(frame) === true);
  }

  get #compiledBranches(): RuleBranches {
    this.#branches ??= compileBranches(this.statement, this.#scope, this.#source);
    return this.#branches;
  }

  /**
   * Compiles a `${…}` template of one of the rule's actions; it sees the rule's SET variables. An error action may not use
   * external functions (AWS IoT developer guide, rule-error-handling).
   * @throws IotSqlError
   */
  compileTemplate(
    text: string,
    { file = 'template', isErrorAction = false }: TemplateOptions = {},
  ): CompiledTemplate {
    const scope = isErrorAction ? { ...this.#scope, external: undefined } : this.#scope;
    return compileTemplateWith(new SourceText(text, file), scope, this.#assign);
  }

  #frameIfFired(message: RuleMessage): Frame | undefined {
    if (!this.matches(message.topic)) return undefined;
    const frame = this.#frame(message);
    return this.#condition(frame) === true ? frame : undefined;
  }

  #frame(message: RuleMessage): Frame {
    if (this.#sharesFrame) return message.frame;
    const current = this.version === '2016-03-23' ? message.json : message.jsonWithDecimals;
    return this.#assign(new Frame(message, current, undefined, []));
  }
}

function toMessage(input: MessageInput | RuleMessage): RuleMessage {
  return input instanceof RuleMessage ? input : new RuleMessage(input);
}

function isStarOnly({ select }: StatementNode): boolean {
  if (select.kind === 'value') return select.expression.kind === 'payload';
  return select.items.length === 1 && select.items[0]?.kind === 'star';
}
