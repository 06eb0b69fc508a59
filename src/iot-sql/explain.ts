import type { Source } from '../sql/index.ts';
import { compileExpression, type Scope } from './compile-expression.ts';
import { nameOf } from './compile-select.ts';
import { type Condition, textOf } from './compile-where.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { Frame } from './frame.ts';
import { jsonText, toJsonValue } from './json-text.ts';
import type { SelectNode } from './nodes.ts';
import { isTrue, reasonFiltered, reasonNotMatched } from './reason-not-fired.ts';
import type { JsonValue, Value } from './value.ts';

/** A part of a rule, as written, and what it gave. */
export interface ExplainedPart {
  readonly source: string;
  /** Absent when it is Undefined. */
  readonly value?: JsonValue;
  /** The value for people to read: `Undefined`, or its JSON text. */
  readonly text: string;
}

/** A select item or variable and what it gave. */
export interface ExplainedItem extends ExplainedPart {
  /** The column, `*` for all attributes, `VALUE` for SELECT VALUE, `@name` for a variable. */
  readonly name: string;
}

/** What every part of a rule gives for one message. */
export interface RuleExplanation {
  readonly fired: boolean;
  /** Why it did not fire. */
  readonly reason?: string;
  readonly topic: { readonly name: string; readonly filter?: string; readonly matches: boolean };
  /** Why the payload is not JSON that the rule can look into. */
  readonly payloadProblem?: string;
  readonly set: readonly ExplainedItem[];
  readonly where: readonly (ExplainedPart & { readonly isTrue: boolean })[];
  readonly select: readonly ExplainedItem[];
}

export interface ExplainedRule {
  readonly rule: CompiledRule;
  readonly source: Source;
  readonly scope: Scope;
  readonly where: Condition;
  readonly frame: Frame;
}

/** Evaluates every part of a rule on its own. */
export function explainRule(explained: ExplainedRule): RuleExplanation {
  const { rule, where, frame } = explained;
  const { message } = frame;
  const matches = rule.matches(message.topic);
  const conjuncts = where.conjuncts.map(({ source: text, evaluate }) => {
    const value = evaluate(frame);
    return { ...explainValue(text, value), isTrue: isTrue(value, where.conjuncts.length) };
  });
  const select = explainSelect(explained);
  const reason = matches
    ? (reasonFiltered(where, frame) ?? reasonRefused(rule, select))
    : reasonNotMatched(message, rule.topicFilter);
  const problem = message.payloadProblemDetail;
  return {
    fired: reason === undefined,
    ...(reason !== undefined && { reason }),
    topic: {
      name: message.topic.name,
      ...(rule.topicFilter !== undefined && { filter: rule.topicFilter }),
      matches,
    },
    ...(problem !== undefined && { payloadProblem: problem }),
    set: explainVariables(explained),
    where: conjuncts,
    select,
  };
}

function reasonRefused(rule: CompiledRule, [first]: readonly ExplainedItem[]): string | undefined {
  const isWhole = rule.statement.select.kind === 'value' || rule.statement.select.items.length === 1;
  if (rule.version !== '2015-10-08' || !isWhole || (first?.name !== 'VALUE' && first?.name !== '*'))
    return undefined;
  return Array.isArray(first.value) ? 'result is an array, which needs version 2016-03-23' : undefined;
}

function explainVariables({ rule, source, frame }: ExplainedRule): ExplainedItem[] {
  return rule.statement.set.map(({ name, expression }, index) => ({
    name: `@${name}`,
    ...explainValue(textOf(source, expression), frame.variables[index]),
  }));
}

function explainSelect({ rule, source, scope, frame }: ExplainedRule): ExplainedItem[] {
  const { select } = rule.statement;
  if (select.kind === 'value') {
    const value = compileExpression(select.expression, scope)(frame);
    return [{ name: 'VALUE', ...explainValue(textOf(source, select.expression), value) }];
  }
  return select.items.map((item) => explainItem(item, source, scope, frame));
}

type SelectItem = Extract<SelectNode, { kind: 'items' }>['items'][number];

function explainItem(item: SelectItem, source: Source, scope: Scope, frame: Frame): ExplainedItem {
  if (item.kind === 'star') return { name: '*', ...explainValue('*', frame.current) };
  const value = compileExpression(item.expression, scope)(frame);
  const name = item.kind === 'spread' ? '*' : (item.alias?.join('.') ?? nameOf(item.expression));
  return { name, ...explainValue(textOf(source, item.expression), value) };
}

function explainValue(source: string, value: Value): ExplainedPart {
  const json = toJsonValue(value);
  const text = value === undefined ? 'Undefined' : jsonText(value);
  return json === undefined ? { source, text } : { source, value: json, text };
}
