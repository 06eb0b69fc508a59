import type { Source } from '../sql/index.ts';
import { compileExpression, type Scope } from './compile-expression.ts';
import { nameOf } from './compile-select.ts';
import { type Condition, textOf } from './compile-where.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { Frame } from './frame.ts';
import { jsonText, toJsonValue } from './json-text.ts';
import type { ExpressionNode, SelectNode } from './nodes.ts';
import { isTrue, reasonFiltered, reasonNotMatched } from './reason-not-fired.ts';
import type { JsonValue, Value } from './value.ts';
import { childrenOf, someOfExpression } from './walk.ts';

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

/** A condition of WHERE and what it gave. */
export interface ExplainedCondition extends ExplainedPart {
  readonly isTrue: boolean;
  /** What it is made of, constants left out, a few levels deep; inside a nested SELECT there is one value per element. */
  readonly parts: readonly ExplainedOperand[];
}

/** An expression inside a condition and what it gave. */
export interface ExplainedOperand extends ExplainedPart {
  readonly parts: readonly ExplainedOperand[];
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
  /** The operands of the outermost ANDs. */
  readonly where: readonly ExplainedCondition[];
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
    where: explainConditions(explained),
    select,
  };
}

function explainConditions({ where, source, scope, frame }: ExplainedRule): ExplainedCondition[] {
  return where.conjuncts.map(({ node, source: text, evaluate }) => {
    const value = evaluate(frame);
    return {
      ...explainValue(text, value),
      isTrue: isTrue(value, where.conjuncts.length),
      parts: explainOperands(node, (each) =>
        explainValue(textOf(source, each), compileExpression(each, scope)(frame)),
      ),
    };
  });
}

/** An expression of nothing but these says nothing about the message. */
const CONSTANT_KINDS: ReadonlySet<string> = new Set(['literal', 'array', 'object']);

/** Deeper than this the parts of a condition are no help to anybody. */
const MAX_PARTS_DEPTH = 4;

function explainOperands(
  node: ExpressionNode,
  explain: (node: ExpressionNode) => ExplainedPart,
  depth = MAX_PARTS_DEPTH,
): ExplainedOperand[] {
  if (depth === 0) return [];
  return operandsOf(node)
    .filter((operand) => someOfExpression(operand, ({ kind }) => !CONSTANT_KINDS.has(kind)))
    .map((operand) => ({ ...explain(operand), parts: explainOperands(operand, explain, depth - 1) }));
}

/** What has one value for the message: of a nested SELECT only what it selects from. */
function operandsOf(node: ExpressionNode): readonly ExpressionNode[] {
  if (node.kind === 'exists') return [node.query.from];
  return node.kind === 'subquery' ? [node.from] : childrenOf(node);
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
