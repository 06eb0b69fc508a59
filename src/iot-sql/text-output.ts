import { compileExpression, type Scope } from './compile-expression.ts';
import { nameOf } from './compile-select.ts';
import type { Evaluate, Frame } from './frame.ts';
import { findFunction } from './functions/function-table.ts';
import { jsonText } from './json-text.ts';
import type { ExpressionNode, SelectNode, ValueItemNode } from './nodes.ts';
import type { Value } from './value.ts';
import { walkExpression } from './walk.ts';

/** Builds the serialised output of one message. */
export type WriteText = (frame: Frame) => string;

/** A run of columns that is written together: `,"name":value,…`. */
interface ColumnRun {
  readonly columns: readonly Column[];
  /** Columns that depend on nothing but the topic have their text kept per topic. */
  readonly write: WriteColumns;
}

interface Column {
  readonly name: string;
  readonly prefix: string;
  readonly evaluate: Evaluate;
}

/**
 * Compiles a SELECT to its JSON text; `build` is the same SELECT compiled to its value. Where the items are plain columns the text is joined from their parts, and after
 * `*` they are appended to the payload's own text, provided that serialising the payload again would give the same text
 * and that no column changes an attribute. In every other case the object is built and serialised.
 */
export function compileTextOutput(select: SelectNode, scope: Scope, build: Evaluate): WriteText {
  const serialise = (frame: Frame) => jsonText(build(frame));
  if (select.kind === 'value') return serialise;
  const [first, ...rest] = select.items;
  const isStar = first?.kind === 'star';
  const items = (isStar ? rest : select.items).filter((item) => item.kind === 'value');
  if (items.length !== select.items.length - (isStar ? 1 : 0) || !haveDistinctNames(items)) return serialise;
  const runs = compileRuns(items, scope);
  return isStar ? appendToPayload(runs, serialise) : joinColumns(runs);
}

function haveDistinctNames(items: readonly ValueItemNode[]): boolean {
  const names = new Set(items.map(columnName));
  return names.size === items.length && items.every((item) => (item.alias?.length ?? 1) === 1);
}

function columnName(item: ValueItemNode): string {
  return item.alias?.[0] ?? nameOf(item.expression);
}

/** Neighbours that depend on the topic alone make one run, every other column one of its own. */
function compileRuns(items: readonly ValueItemNode[], scope: Scope): ColumnRun[] {
  const runs: { columns: Column[]; isOfTopic: boolean }[] = [];
  for (const item of items) {
    const name = columnName(item);
    const evaluate = compileExpression(item.expression, scope);
    const column = { name, prefix: `,${JSON.stringify(name)}:`, evaluate };
    const isOfTopic = dependsOnTopicOnly(item.expression);
    const last = runs.at(-1);
    if (isOfTopic && last?.isOfTopic) last.columns.push(column);
    else runs.push({ columns: [column], isOfTopic });
  }
  return runs.map(({ columns, isOfTopic }) => ({ columns, write: compileWriter(columns, isOfTopic) }));
}

/** Writes columns that the payload has no attribute for. */
type WriteColumns = (frame: Frame) => string;

function compileWriter(columns: readonly Column[], isOfTopic: boolean): WriteColumns {
  const [first, ...rest] = columns;
  if (rest.length === 0 && !isOfTopic) return (frame) => writeColumn(first!, frame);
  const write: WriteColumns = (frame) => columns.map((column) => writeColumn(column, frame)).join('');
  if (!isOfTopic) return write;
  const key = {};
  return (frame) => frame.message.topic.memoized(key, () => write(frame));
}

function writeColumn({ prefix, evaluate }: Column, frame: Frame): string {
  const value = evaluate(frame);
  return value === undefined ? '' : prefix + jsonText(value);
}

function joinColumns(runs: readonly ColumnRun[]): WriteText {
  return (frame) => {
    let text = '';
    for (const { write } of runs) text += write(frame);
    return `{${text.slice(1)}}`;
  };
}

/** What appending to payloads with certain attributes takes; most messages have the attributes of the one before. */
interface AppendPlan {
  readonly keys: readonly string[];
  /** Columns of the same name as an attribute: they must leave it as it is. */
  readonly shared: readonly Column[];
  readonly writers: readonly WriteColumns[];
}

function appendToPayload(runs: readonly ColumnRun[], serialise: WriteText): WriteText {
  const planFor = rememberPlans(runs);
  return (frame) => {
    const { message } = frame;
    const text = message.canonicalText;
    if (text === undefined) return serialise(frame);
    const plan = planFor(message.keys);
    if (!keepsShared(plan.shared, frame)) return serialise(frame);
    let columns = '';
    for (const write of plan.writers) columns += write(frame);
    if (columns === '') return text;
    return text.length === 2 ? `{${columns.slice(1)}}` : `${text.slice(0, -1)}${columns}}`;
  };
}

/** Shapes of payload whose plans are kept; a fleet sends few, and an attacker may send any number. */
const MAX_PLANS = 8;

function rememberPlans(runs: readonly ColumnRun[]): (keys: readonly string[]) => AppendPlan {
  const plans = [planAppending(runs, [])];
  let oldest = 0;
  return (keys) => {
    for (const plan of plans) {
      if (haveSameItems(keys, plan.keys)) return plan;
    }
    const plan = planAppending(runs, keys);
    plans[plans.length < MAX_PLANS ? plans.length : oldest++ % MAX_PLANS] = plan;
    return plan;
  };
}

function planAppending(runs: readonly ColumnRun[], keys: readonly string[]): AppendPlan {
  const attributes = new Set(keys);
  const shared = runs.flatMap((run) => run.columns.filter((column) => attributes.has(column.name)));
  const writers = runs.flatMap((run) => {
    const added = run.columns.filter((column) => !attributes.has(column.name));
    if (added.length === run.columns.length) return [run.write];
    return added.map((column) => (frame: Frame) => writeColumn(column, frame));
  });
  return { keys, shared, writers };
}

function haveSameItems(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

function keepsShared(columns: readonly Column[], frame: Frame): boolean {
  const attributes = frame.current as Readonly<Record<string, Value>>;
  for (const { name, evaluate } of columns) {
    if (evaluate(frame) !== attributes[name]) return false;
  }
  return true;
}

/** Only constants, the topic, and functions whose result follows from their arguments. */
function dependsOnTopicOnly(expression: ExpressionNode): boolean {
  let isTopicOnly = true;
  walkExpression(expression, (node) => {
    isTopicOnly &&= isTopicOnlyNode(node);
  });
  return isTopicOnly;
}

function isTopicOnlyNode(node: ExpressionNode): boolean {
  switch (node.kind) {
    case 'literal':
    case 'unary':
    case 'binary':
    case 'case':
      return true;
    case 'call':
      return node.name === 'topic' || node.name === 'cast' || findFunction(node.name)?.evaluate !== undefined;
    default:
      return false;
  }
}
