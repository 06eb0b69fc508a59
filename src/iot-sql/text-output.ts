import { compileExpression, type Scope } from './compile-expression.ts';
import { compileSelect, nameOf } from './compile-select.ts';
import type { Evaluate, Frame } from './frame.ts';
import { findFunction } from './functions/function-table.ts';
import { jsonText } from './json-text.ts';
import type { ExpressionNode, SelectNode, ValueItemNode } from './nodes.ts';
import { attributeOf, isInheritedName, type Value } from './value.ts';
import { walkExpression } from './walk.ts';

/** Builds the serialised output of one message. */
export type WriteText = (frame: Frame) => string;

/** Writes `,"name":value`; undefined when the item may not be appended to the payload's own text. */
type WriteMember = (frame: Frame, payload: Value) => string | undefined;

/**
 * Compiles a SELECT to its JSON text. Where the items are plain columns the text is joined from their parts, and after
 * `*` they are appended to the payload's own text, provided that serialising the payload again would give the same text
 * and that no column changes an attribute. In every other case the object is built and serialised.
 */
export function compileTextOutput(select: SelectNode, scope: Scope): WriteText {
  const build = compileSelect(select, scope);
  const serialise = (frame: Frame) => jsonText(build(frame));
  if (select.kind === 'value') return serialise;
  const [first, ...rest] = select.items;
  const isStar = first?.kind === 'star';
  const items = (isStar ? rest : select.items).filter((item) => item.kind === 'value');
  if (items.length !== select.items.length - (isStar ? 1 : 0) || !haveDistinctNames(items)) return serialise;
  const members = compileMembers(items, scope, isStar);
  return isStar ? appendToPayload(members, serialise) : joinMembers(members);
}

function haveDistinctNames(items: readonly ValueItemNode[]): boolean {
  const names = new Set(items.map(columnName));
  return names.size === items.length && items.every((item) => (item.alias?.length ?? 1) === 1);
}

function columnName(item: ValueItemNode): string {
  return item.alias?.[0] ?? nameOf(item.expression);
}

function appendToPayload(members: readonly WriteMember[], serialise: WriteText): WriteText {
  return (frame) => {
    const text = frame.message.canonicalText;
    if (text === undefined) return serialise(frame);
    let columns = '';
    for (const writeMember of members) {
      const column = writeMember(frame, frame.current);
      if (column === undefined) return serialise(frame);
      columns += column;
    }
    if (columns === '') return text;
    return text.length === 2 ? `{${columns.slice(1)}}` : `${text.slice(0, -1)}${columns}}`;
  };
}

function joinMembers(members: readonly WriteMember[]): WriteText {
  return (frame) => {
    let columns = '';
    for (const writeMember of members) columns += writeMember(frame, undefined)!;
    return `{${columns.slice(1)}}`;
  };
}

/** One writer per column; neighbours that depend on the topic alone share one, whose text is kept per topic. */
function compileMembers(items: readonly ValueItemNode[], scope: Scope, isStar: boolean): WriteMember[] {
  const members: WriteMember[] = [];
  let ofTopic: ValueItemNode[] = [];
  const flush = () => {
    if (ofTopic.length > 0) members.push(compileTopicColumns(ofTopic, scope, isStar));
    ofTopic = [];
  };
  for (const item of items) {
    if (dependsOnTopicOnly(item.expression)) {
      ofTopic.push(item);
    } else {
      flush();
      members.push(compileColumn(item, scope, isStar));
    }
  }
  flush();
  return members;
}

function compileColumn(item: ValueItemNode, scope: Scope, isStar: boolean): WriteMember {
  const name = columnName(item);
  const evaluate = compileExpression(item.expression, scope);
  const prefix = memberPrefix(name);
  const existing = attributeReader(name);
  return (frame, payload) => {
    const value = evaluate(frame);
    if (isStar) {
      const replaced = existing(payload);
      if (replaced !== undefined) return replaced === value ? '' : undefined;
    }
    return value === undefined ? '' : prefix + jsonText(value);
  };
}

function compileTopicColumns(items: readonly ValueItemNode[], scope: Scope, isStar: boolean): WriteMember {
  const columns = items.map((item) => ({
    prefix: memberPrefix(columnName(item)),
    evaluate: compileExpression(item.expression, scope),
  }));
  const readers = items.map((item) => attributeReader(columnName(item)));
  const key = {};
  return (frame, payload) => {
    if (isStar && readers.some((existing) => existing(payload) !== undefined)) return undefined;
    return frame.message.topic.memoized(key, () =>
      columns.map((column) => writeColumn(column, frame)).join(''),
    );
  };
}

function writeColumn({ prefix, evaluate }: { prefix: string; evaluate: Evaluate }, frame: Frame): string {
  const value = evaluate(frame);
  return value === undefined ? '' : prefix + jsonText(value);
}

function memberPrefix(name: string): string {
  return `,${JSON.stringify(name)}:`;
}

/** Reads an attribute of the payload, which is an object here. */
function attributeReader(name: string): (payload: Value) => Value {
  if (isInheritedName(name)) return (payload) => attributeOf(payload, name);
  return (payload) => (payload as Readonly<Record<string, Value>>)[name];
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
